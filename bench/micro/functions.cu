// The functions that gates are made of, in one instruction or in several: how many a multiprocessor
// does, how long one takes, how far it is from f64.
//
// Parameter: function; of errors also measure, "absolute" or "relative" (of what has no zero).
#include <cmath>

#include <takt/kernels/ptx/fast_math.cuh>

#include "function_error.hpp"
#include "runner.cuh"

namespace takt::micro {
namespace {

enum class Function {
  tanh_approx,
  tanh,
  sigmoid_tanh_approx,
  sigmoid_expf,
  sigmoid,
  exp2_approx,
  exp
};

/// Where a function is measured, and what it means.
struct FunctionFacts {
  Function function;
  const char* name;
  double (*exact)(double x);
  double limit;   ///< arguments are from -limit to limit
  bool relative;  ///< are its errors
};

double exact_tanh(double x) {
  return std::tanh(x);
}
double exact_sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}
double exact_exp2(double x) {
  return std::exp2(x);
}
double exact_exp(double x) {
  return std::exp(x);
}

constexpr FunctionFacts functions[] = {
    {Function::tanh_approx, "tanh.approx", exact_tanh, 10, false},
    {Function::tanh, "tanhf", exact_tanh, 10, false},
    {Function::sigmoid_tanh_approx, "sigmoid by tanh.approx", exact_sigmoid, 20, false},
    {Function::sigmoid_expf, "sigmoid by __expf", exact_sigmoid, 20, false},
    {Function::sigmoid, "sigmoid by expf", exact_sigmoid, 20, false},
    {Function::exp2_approx, "ex2.approx", exact_exp2, 20, true},
    {Function::exp, "expf", exact_exp, 20, true},
};

template <Function function>
TAKT_DEVICE float apply(float x) {
  if constexpr (function == Function::tanh_approx)
    return ptx::tanh_approx(x);
  else if constexpr (function == Function::tanh)
    return tanhf(x);
  else if constexpr (function == Function::sigmoid_tanh_approx)
    return 0.5f * ptx::tanh_approx(0.5f * x) + 0.5f;
  else if constexpr (function == Function::sigmoid_expf)
    return 1.0f / (1.0f + __expf(-x));
  else if constexpr (function == Function::sigmoid)
    return 1.0f / (1.0f + expf(-x));
  else if constexpr (function == Function::exp2_approx)
    return ptx::exp2_approx(x);
  else
    return expf(x);
}

struct FunctionParams {
  float limit;
  float gain;  // 0, which the compiler cannot know: an argument must wait for the value before it
  int iterations;
  Outcome* outcome;
};

/// Chains of x = gain f(x) + argument, so that each lane and chain keeps its argument: a warp has
/// them from -limit to limit, as gates have them, and takes all branches of f. The multiply-add is
/// measured, too.
template <Function function, int chains>
__global__ void __launch_bounds__(1024) function_kernel(FunctionParams p) {
  float argument[chains], x[chains];
  TAKT_UNROLL(chains)
  for (int k = 0; k < chains; ++k) {
    const auto place = static_cast<float>(static_cast<int>(threadIdx.x) % 32 * chains + k);
    argument[k] = p.limit * ((2 * place + 1) / (32 * chains) - 1);
    x[k] = argument[k];
  }
  __syncthreads();
  Stopwatch watch;
  watch.start();
  TAKT_UNROLL(4)
  for (int n = 0; n < p.iterations; ++n) {
    TAKT_UNROLL(chains)
    for (int k = 0; k < chains; ++k) x[k] = fmaf(p.gain, apply<function>(x[k]), argument[k]);
  }
  // A NaN or an infinity is lost from its place.
  std::uint32_t wrong = 0;
  TAKT_UNROLL(chains)
  for (int k = 0; k < chains; ++k) wrong += x[k] != argument[k] ? 1 : 0;
  __syncthreads();
  watch.stop(p.outcome);
  add_wrong(wrong, p.outcome);
}

struct ValuesParams {
  const float* x;  // [points]
  float* y;        // [points]
  int points;
};

template <Function function>
__global__ void values_kernel(ValuesParams p) {
  for (int n = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x); n < p.points;
       n += static_cast<int>(gridDim.x * blockDim.x))
    p.y[n] = apply<function>(p.x[n]);
}

constexpr int rate_chains = 4;

/// What measures one function.
struct FunctionKernels {
  void (*rate)(FunctionParams);
  void (*latency)(FunctionParams);
  void (*values)(ValuesParams);
};

template <Function function>
FunctionKernels kernels_of() {
  return {function_kernel<function, rate_chains>, function_kernel<function, 1>,
          values_kernel<function>};
}

FunctionKernels kernels_of(Function function) {
  switch (function) {
    case Function::tanh_approx: return kernels_of<Function::tanh_approx>();
    case Function::tanh: return kernels_of<Function::tanh>();
    case Function::sigmoid_tanh_approx: return kernels_of<Function::sigmoid_tanh_approx>();
    case Function::sigmoid_expf: return kernels_of<Function::sigmoid_expf>();
    case Function::sigmoid: return kernels_of<Function::sigmoid>();
    case Function::exp2_approx: return kernels_of<Function::exp2_approx>();
    default: return kernels_of<Function::exp>();
  }
}

/// Cycles of one run.
double cycles_of(Runner& runner, void (*kernel)(FunctionParams), const Shape& shape,
                 const FunctionFacts& facts) {
  const Outcome outcome = runner.timed([&](Outcome* there) {
    launch(kernel, shape, runner.stream(),
           FunctionParams{static_cast<float>(facts.limit), runner.spoiled() ? 1.0f : 0.0f,
                          runner.sizes().instructions, there});
  });
  return static_cast<double>(outcome.cycles);
}

/// From -limit to limit.
std::vector<float> arguments(const Runner& runner, double limit) {
  const int points = runner.sizes().points;
  std::vector<float> x(static_cast<std::size_t>(points));
  for (int n = 0; n < points; ++n)
    x[static_cast<std::size_t>(n)] = static_cast<float>(limit * (2.0 * n / (points - 1) - 1));
  return x;
}

/// Throws WrongResult where that is no approximation of the function.
double measure_error(Runner& runner, const FunctionFacts& facts) {
  constexpr double most = 0x1p-7;
  const int points = runner.sizes().points;
  const std::vector<float> x = arguments(runner, facts.limit);
  std::vector<float> sent = x, y(x.size());
  if (runner.spoiled()) sent[x.size() / 2] += 1;
  const DeviceArray<float> there(points), values(points);
  check("cudaMemcpy", cudaMemcpy(there.data(), sent.data(), there.bytes(), cudaMemcpyHostToDevice));
  launch(kernels_of(facts.function).values,
         {.blocks = runner.blocks(), .threads = runner.sizes().threads}, runner.stream(),
         ValuesParams{there.data(), values.data(), points});
  check("cudaMemcpyAsync", cudaMemcpyAsync(y.data(), values.data(), values.bytes(),
                                           cudaMemcpyDeviceToHost, runner.stream()));
  runner.wait();
  const double error = largest_error(x, y, facts.exact, facts.relative);
  if (!(error <= most)) throw WrongResult("it is wrong by " + std::to_string(error));
  return error;
}

}  // namespace

void run_function_rate(Runner& runner) {
  const Shape shape{.blocks = runner.blocks(), .threads = runner.sizes().wide_threads};
  for (const FunctionFacts& facts : functions)
    runner.measure({{"function", facts.name}}, [&] {
      return runner.repeated([&] {
        const double cycles = cycles_of(runner, kernels_of(facts.function).rate, shape, facts);
        return static_cast<double>(rate_chains) * shape.threads * runner.sizes().instructions /
               cycles;
      });
    });
}

void run_function_latency(Runner& runner) {
  for (const FunctionFacts& facts : functions)
    runner.measure({{"function", facts.name}}, [&] {
      return runner.repeated([&] {
        return cycles_of(runner, kernels_of(facts.function).latency, {.blocks = 1, .threads = 32},
                         facts) /
               runner.sizes().instructions;
      });
    });
}

void run_function_error(Runner& runner) {
  for (const FunctionFacts& facts : functions)
    runner.measure(
        {{"function", facts.name}, {"measure", facts.relative ? "relative" : "absolute"}},
        [&]() -> std::vector<double> { return {measure_error(runner, facts)}; });
}

}  // namespace takt::micro
