// The operations on the CPU.
#include "operations.hpp"

#include <cblas.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "random.hpp"
#include "softmax.hpp"
#include "text.hpp"

namespace language_model {
namespace {

/// Calls `work` with a value of the element type.
template <class Work>
void with_element(std::optional<takt::DataType> type, const Work& work) {
  if (type == takt::DataType::f64)
    work(double{});
  else
    work(float{});
}

CBLAS_TRANSPOSE order(const ConstMatrix& matrix) {
  return matrix.transposed ? CblasTrans : CblasNoTrans;
}

template <class Real>
void multiply_matrices(const ConstMatrix& a, const ConstMatrix& b, const Matrix& c) {
  const auto M = static_cast<blasint>(c.rows), N = static_cast<blasint>(c.columns);
  const auto K = static_cast<blasint>(a.transposed ? a.rows : a.columns);
  const auto lda = static_cast<blasint>(a.columns), ldb = static_cast<blasint>(b.columns);
  if constexpr (std::is_same_v<Real, float>)
    cblas_sgemm(CblasRowMajor, order(a), order(b), M, N, K, 1, a.data.as<float>(), lda,
                b.data.as<float>(), ldb, 0, c.data.as<float>(), N);
  else
    cblas_dgemm(CblasRowMajor, order(a), order(b), M, N, K, 1, a.data.as<double>(), lda,
                b.data.as<double>(), ldb, 0, c.data.as<double>(), N);
}

template <class Real>
double row_loss(const Real* logits, std::uint8_t target, Real scale, Real* gradient) {
  Real weights[byte_values];
  const Real logit = logits[target];
  const auto [most, sum] = softmax(logits, weights);
  if (gradient != nullptr) {
    for (std::int64_t n = 0; n < byte_values; ++n) gradient[n] = weights[n] * (scale / sum);
    gradient[target] -= scale;
  }
  return std::log(static_cast<double>(sum)) + static_cast<double>(most - logit);
}

template <class Real>
void adam_steps(const Trained& parameter, const AdamFactors<Real>& by) {
  Real* __restrict value = parameter.value.as<Real>();
  const Real* __restrict gradient = parameter.gradient.as<Real>();
  Real* __restrict mean = parameter.mean.as<Real>();
  Real* __restrict square = parameter.square.as<Real>();
  Real* __restrict average = parameter.average.as<Real>();
  for (std::int64_t n = 0; n < parameter.value.size(); ++n) {
    const AdamNumber<Real> at =
        adam_step<Real>({value[n], mean[n], square[n], average[n]}, gradient[n], by);
    value[n] = at.value;
    mean[n] = at.mean;
    square[n] = at.square;
    average[n] = at.average;
  }
}

class RepeatedCalls final : public Repeated {
 public:
  explicit RepeatedCalls(std::function<void()> operations) : operations_(std::move(operations)) {}
  void run() override { operations_(); }

 private:
  std::function<void()> operations_;
};

class CpuOperations final : public Operations {
 public:
  using Operations::Operations;

  DeviceBytes make_bytes(std::int64_t size) override {
    return {std::shared_ptr<std::uint8_t>(new std::uint8_t[static_cast<std::size_t>(size)](),
                                          std::default_delete<std::uint8_t[]>()),
            size};
  }
  void copy_to_device(std::span<const std::uint8_t> from, const DeviceBytes& to) override {
    std::copy(from.begin(), from.end(), to.memory.get());
  }
  void copy_to_host(const DeviceBytes& from, std::span<std::uint8_t> to) override {
    std::copy_n(from.memory.get(), to.size(), to.begin());
  }
  void copy_to_device(std::span<const double> from, takt::Pointer to) override {
    with_element(to.type(), [&]<class Real>(Real) {
      std::transform(from.begin(), from.end(), to.as<Real>(),
                     [](double value) { return static_cast<Real>(value); });
    });
  }

  std::unique_ptr<Repeated> repeat(std::function<void()> operations) override {
    return std::make_unique<RepeatedCalls>(std::move(operations));
  }
  double seconds(const std::function<void()>& work) override {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point start = Clock::now();
    work();
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

  void begin_step(const StepNumbers& numbers) override { now_ = numbers; }

  void read_streams(const DeviceBytes& text, const Batch& batch) override {
    const std::uint8_t* from = text.memory.get();
    for (std::int64_t b = 0; b < batch.B; ++b) {
      const std::int64_t first = now_.start + b * (text.size / batch.B);
      for (std::int64_t t = 0; t < batch.T; ++t) {
        const std::int64_t at = t * batch.B + b;
        batch.inputs.memory.get()[at] = from[(first + t) % text.size];
        batch.targets.memory.get()[at] = from[(first + t + 1) % text.size];
      }
      batch.resets.memory.get()[b] = now_.fresh ? 1 : 0;
    }
  }

  void embed(const DeviceBytes& indices, takt::ConstPointer table, const Matrix& rows) override {
    with_element(table.type(), [&]<class Real>(Real) {
      for (std::int64_t r = 0; r < rows.rows; ++r)
        std::copy_n(table.as<Real>() + indices.memory.get()[r] * rows.columns, rows.columns,
                    rows.data.as<Real>() + r * rows.columns);
    });
  }

  void embed_gradient(const DeviceBytes& indices, const ConstMatrix& rows,
                      takt::Pointer table) override {
    with_element(table.type(), [&]<class Real>(Real) {
      std::fill_n(table.as<Real>(), byte_values * rows.columns, Real{0});
      for (std::int64_t r = 0; r < rows.rows; ++r) {
        Real* to = table.as<Real>() + indices.memory.get()[r] * rows.columns;
        const Real* from = rows.data.as<Real>() + r * rows.columns;
        for (std::int64_t k = 0; k < rows.columns; ++k) to[k] += from[k];
      }
    });
  }

  void product(const ConstMatrix& a, const ConstMatrix& b, const Matrix& c) override {
    with_element(c.data.type(), [&]<class Real>(Real) { multiply_matrices<Real>(a, b, c); });
  }

  void add_bias(takt::ConstPointer bias, const Matrix& rows) override {
    with_element(bias.type(), [&]<class Real>(Real) {
      for (std::int64_t r = 0; r < rows.rows; ++r)
        for (std::int64_t k = 0; k < rows.columns; ++k)
          rows.data.as<Real>()[r * rows.columns + k] += bias.as<Real>()[k];
    });
  }

  void bias_gradient(const ConstMatrix& rows, takt::Pointer bias) override {
    with_element(bias.type(), [&]<class Real>(Real) {
      std::fill_n(bias.as<Real>(), rows.columns, Real{0});
      for (std::int64_t r = 0; r < rows.rows; ++r)
        for (std::int64_t k = 0; k < rows.columns; ++k)
          bias.as<Real>()[k] += rows.data.as<Real>()[r * rows.columns + k];
    });
  }

  void dropout_mask(std::uint64_t name, double rate, takt::Pointer mask) override {
    const std::uint64_t draws = mixed(name + static_cast<std::uint64_t>(now_.step));
    with_element(mask.type(), [&]<class Real>(Real) {
      for (std::int64_t n = 0; n < mask.size(); ++n) {
        const double number = unit_interval(random_bits(draws, static_cast<std::uint64_t>(n)));
        mask.as<Real>()[n] = number < rate ? Real{0} : static_cast<Real>(1 / (1 - rate));
      }
    });
  }

  void multiply(takt::ConstPointer from, takt::ConstPointer mask, takt::Pointer to) override {
    with_element(from.type(), [&]<class Real>(Real) {
      for (std::int64_t start = 0; start < from.size(); start += mask.size())
        for (std::int64_t n = 0; n < mask.size(); ++n)
          to.as<Real>()[start + n] = from.as<Real>()[start + n] * mask.as<Real>()[n];
    });
  }

  void cross_entropy(const ConstMatrix& logits, const DeviceBytes& targets, takt::Pointer sum,
                     takt::Pointer gradient) override {
    with_element(logits.data.type(), [&]<class Real>(Real) {
      const Real scale = 1 / static_cast<Real>(logits.rows);
      double loss = 0;
      for (std::int64_t r = 0; r < logits.rows; ++r)
        loss += row_loss(logits.data.as<Real>() + r * byte_values, targets.memory.get()[r], scale,
                         gradient ? gradient.as<Real>() + r * byte_values : nullptr);
      *sum.as<double>() += loss;
    });
  }

  void norm(takt::ConstPointer values, takt::Pointer norm) override {
    with_element(values.type(), [&]<class Real>(Real) {
      double sum = 0;
      for (std::int64_t n = 0; n < values.size(); ++n) {
        const auto value = static_cast<double>(values.as<Real>()[n]);
        sum += value * value;
      }
      *norm.as<double>() = std::sqrt(sum);
    });
  }

  void adam(const Trained& parameter, takt::ConstPointer norm,
            const AdamOptions& options) override {
    with_element(parameter.value.type(), [&]<class Real>(Real) {
      adam_steps(parameter, adam_factors<Real>(now_, *norm.as<double>(), parameter.decay, options));
    });
  }

  void sample(takt::ConstPointer logits, double temperature, double number,
              const DeviceBytes& byte) override {
    with_element(logits.type(), [&]<class Real>(Real) {
      const Real* from = logits.as<Real>();
      std::int64_t drawn = std::max_element(from, from + byte_values) - from;
      if (temperature > 0) {
        const auto most = static_cast<double>(from[drawn]);
        double weights[byte_values], scaled[byte_values];
        for (std::int64_t n = 0; n < byte_values; ++n)
          scaled[n] = (static_cast<double>(from[n]) - most) / temperature;  // may be -infinity
        double left = number * softmax(scaled, weights).sum;
        for (drawn = 0; drawn < byte_values - 1 && left >= weights[drawn]; ++drawn)
          left -= weights[drawn];
      }
      *byte.memory = static_cast<std::uint8_t>(drawn);
    });
  }

 private:
  StepNumbers now_;
};

}  // namespace

std::unique_ptr<Operations> cpu_operations(const takt::Device& device) {
  openblas_set_num_threads(1);
  return std::make_unique<CpuOperations>(device);
}

std::unique_ptr<Operations> operations_on(const takt::Device& device) {
  return device.kind() == takt::DeviceKind::cuda ? cuda_operations(device) : cpu_operations(device);
}

}  // namespace language_model
