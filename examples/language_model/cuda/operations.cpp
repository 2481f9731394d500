// The operations on a GPU.
#include "operations.hpp"

#include <optional>
#include <vector>

#include "cuda/graph.hpp"
#include "cuda/kernels.hpp"
#include "cuda/product.hpp"
#include "cuda/status.hpp"

namespace language_model {
namespace {

using cuda::check;

/// Calls `work` with a value of the element type.
template <class Work>
void with_element(std::optional<takt::DataType> type, const Work& work) {
  if (type == takt::DataType::f64)
    work(double{});
  else
    work(float{});
}

/// Makes it the current one of this host thread, before anything is made on it.
const takt::Device& made_current(const takt::Device& device) {
  check("cudaSetDevice", cudaSetDevice(device.place().ordinal));
  return device;
}

class CudaOperations final : public Operations {
 public:
  explicit CudaOperations(const takt::Device& device)
      : Operations(made_current(device)),
        stream_(takt::StreamRef(stream()).handle()),
        products_(device),
        numbers_(make_bytes(sizeof(StepNumbers))),
        partials_(device, {cuda::most_partials}, takt::DataType::f64) {}

  DeviceBytes make_bytes(std::int64_t size) override {
    void* memory = nullptr;
    const auto bytes = static_cast<std::size_t>(size);
    check("cudaMalloc", cudaMalloc(&memory, bytes));
    DeviceBytes made{
        {static_cast<std::uint8_t*>(memory), [](void* p) { cuda::forgive(cudaFree(p)); }}, size};
    check("cudaMemsetAsync", cudaMemsetAsync(memory, 0, bytes, stream_));
    return made;
  }
  void copy_to_device(std::span<const std::uint8_t> from, const DeviceBytes& to) override {
    upload(from.data(), to.memory.get(), from.size());
  }
  void copy_to_host(const DeviceBytes& from, std::span<std::uint8_t> to) override {
    check("cudaMemcpyAsync", cudaMemcpyAsync(to.data(), from.memory.get(), to.size(),
                                             cudaMemcpyDeviceToHost, stream_));
    check("cudaStreamSynchronize", cudaStreamSynchronize(stream_));
  }
  void copy_to_device(std::span<const double> from, takt::Pointer to) override {
    with_element(to.type(), [&]<class Real>(Real) {
      const std::vector<Real> values(from.begin(), from.end());
      upload(values.data(), to.data(), values.size() * sizeof(Real));
    });
  }

  std::unique_ptr<Repeated> repeat(std::function<void()> operations) override {
    return std::make_unique<RepeatedGraph>(*this, std::move(operations));
  }
  double seconds(const std::function<void()>& work) override {
    if (!measures_) {
      work();
      return 0;
    }
    const cuda::Graph graph(stream_, work);
    return clock_.seconds(stream_, [&] { graph.launch(stream_); });
  }

  void begin_step(const StepNumbers& numbers) override {
    cuda::set_numbers(numbers, this->numbers(), stream_);
  }

  void read_streams(const DeviceBytes& text, const Batch& batch) override {
    cuda::read_streams(text.memory.get(), text.size, numbers(),
                       {batch.inputs.memory.get(), batch.targets.memory.get(),
                        batch.resets.memory.get(), batch.T, batch.B},
                       stream_);
  }

  void embed(const DeviceBytes& indices, takt::ConstPointer table, const Matrix& rows) override {
    with_element(table.type(), [&]<class Real>(Real) {
      cuda::embed(indices.memory.get(), table.as<Real>(), rows.rows, rows.columns,
                  rows.data.as<Real>(), stream_);
    });
  }
  void embed_gradient(const DeviceBytes& indices, const ConstMatrix& rows,
                      takt::Pointer table) override {
    with_element(table.type(), [&]<class Real>(Real) {
      cuda::embed_gradient(indices.memory.get(), rows.data.as<Real>(), rows.rows, rows.columns,
                           table.as<Real>(), stream_);
    });
  }

  void product(const ConstMatrix& a, const ConstMatrix& b, const Matrix& c) override {
    products_.enqueue(a, b, c, stream_);
  }

  void add_bias(takt::ConstPointer bias, const Matrix& rows) override {
    with_element(bias.type(), [&]<class Real>(Real) {
      cuda::add_bias(bias.as<Real>(), rows.rows, rows.columns, rows.data.as<Real>(), stream_);
    });
  }
  void bias_gradient(const ConstMatrix& rows, takt::Pointer bias) override {
    with_element(bias.type(), [&]<class Real>(Real) {
      cuda::bias_gradient(rows.data.as<Real>(), rows.rows, rows.columns, partials(),
                          bias.as<Real>(), stream_);
    });
  }

  void dropout_mask(std::uint64_t sequence, double rate, takt::Pointer mask) override {
    with_element(mask.type(), [&]<class Real>(Real) {
      cuda::dropout_mask(sequence, rate, numbers(), mask.size(), mask.as<Real>(), stream_);
    });
  }
  void multiply(takt::ConstPointer from, takt::ConstPointer mask, takt::Pointer to) override {
    with_element(from.type(), [&]<class Real>(Real) {
      cuda::multiply(from.as<Real>(), from.size(), mask.as<Real>(), mask.size(), to.as<Real>(),
                     stream_);
    });
  }

  void cross_entropy(const ConstMatrix& logits, const DeviceBytes& targets, takt::Pointer sum,
                     takt::Pointer gradient) override {
    with_element(logits.data.type(), [&]<class Real>(Real) {
      cuda::cross_entropy(logits.data.as<Real>(), targets.memory.get(), logits.rows, partials(),
                          sum.as<double>(), gradient ? gradient.as<Real>() : nullptr, stream_);
    });
  }

  void norm(takt::ConstPointer values, takt::Pointer norm) override {
    with_element(values.type(), [&]<class Real>(Real) {
      cuda::norm(values.as<Real>(), values.size(), partials(), norm.as<double>(), stream_);
    });
  }
  void adam(const Trained& parameter, takt::ConstPointer norm,
            const AdamOptions& options) override {
    with_element(parameter.value.type(), [&]<class Real>(Real) {
      const cuda::AdamArrays<Real> arrays{
          parameter.value.as<Real>(),   parameter.mean.as<Real>(),     parameter.square.as<Real>(),
          parameter.average.as<Real>(), parameter.gradient.as<Real>(), parameter.value.size()};
      cuda::adam(arrays, parameter.decay, options, numbers(), norm.as<double>(), stream_);
    });
  }

  void sample(takt::ConstPointer logits, double temperature, double number,
              const DeviceBytes& byte) override {
    with_element(logits.type(), [&]<class Real>(Real) {
      cuda::sample(logits.as<Real>(), temperature, number, byte.memory.get(), stream_);
    });
  }

 private:
  /// First as calls, so that everything is loaded; then a few times with each part in a graph of
  /// its own, whose time is taken; then as one graph.
  class RepeatedGraph final : public Repeated {
   public:
    RepeatedGraph(CudaOperations& on, std::function<void()> operations)
        : on_(on), operations_(std::move(operations)) {}

    void run() override {
      if (runs_ <= measured_runs) {
        on_.measures_ = runs_ > 0;
        const Unmeasured after(on_);
        operations_();
        runs_ += 1;
        return;
      }
      if (!graph_) graph_.emplace(on_.stream_, operations_);
      graph_->launch(on_.stream_);
    }

   private:
    static constexpr int measured_runs = 4;
    struct Unmeasured {
      explicit Unmeasured(CudaOperations& on) : on_(on) {}
      ~Unmeasured() { on_.measures_ = false; }
      CudaOperations& on_;
    };

    CudaOperations& on_;
    std::function<void()> operations_;
    int runs_ = 0;
    std::optional<cuda::Graph> graph_;
  };

  void upload(const void* from, void* to, std::size_t bytes) {
    check("cudaMemcpyAsync", cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream_));
    check("cudaStreamSynchronize", cudaStreamSynchronize(stream_));
  }
  StepNumbers* numbers() const { return reinterpret_cast<StepNumbers*>(numbers_.memory.get()); }
  double* partials() { return static_cast<double*>(partials_.data()); }

  cudaStream_t stream_;
  cuda::Products products_;
  cuda::StreamClock clock_;
  DeviceBytes numbers_;
  takt::Array partials_;
  bool measures_ = false;
};

}  // namespace

std::unique_ptr<Operations> cuda_operations(const takt::Device& device) {
  return std::make_unique<CudaOperations>(device);
}

}  // namespace language_model
