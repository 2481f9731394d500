// The step algorithm's gate kernels on the emulated device against the reference: every cell and
// type, lengths, resets, both directions, strides, wide and narrow rows.
#include <string>

#include <gtest/gtest.h>

#include "step_layer.hpp"

namespace takt::step_layer {
namespace {

template <class Cell, class Real>
void run_all() {
  const Semantics all[] = {{},
                           {.reverse = true},
                           {.lengths = true},
                           {.reverse = true, .lengths = true},
                           {.resets = true},
                           {.reverse = true, .lengths = true, .resets = true}};
  constexpr int wide = 16 / sizeof(Real);
  for (const Semantics& semantics : all) {
    SCOPED_TRACE(testing::Message() << "reverse " << semantics.reverse << ", lengths "
                                    << semantics.lengths << ", resets " << semantics.resets);
    {
      Layer<Cell, Real, 1> narrow({5, 4, 3, 7}, semantics);
      narrow.run();
      narrow.compare();
    }
    Layer<Cell, Real, wide> layer({4, 3, 2, 16}, semantics);
    layer.run();
    layer.compare();
  }
}

template <class CellAndReal>
class StepKernels : public testing::Test {};

template <class CellType, class RealType>
struct Instance {
  using Cell = CellType;
  using Real = RealType;
};
// Who looks at accesses alone sees no more in bf16 than in f16, nor in f64 than in f32.
template <class... Cells>
auto instances(CellList<Cells...>)
    -> testing::Types<Instance<Cells, float>...,
#if !defined(__SANITIZE_ADDRESS__) && !defined(SIMT_RACE_CHECKER)
                      Instance<Cells, double>..., Instance<Cells, __nv_bfloat16>...,
#endif
                      Instance<Cells, __half>...>;
struct InstanceName {
  template <class T>
  static std::string GetName(int) {
    return std::string(T::Cell::name) + "_" + std::string(to_string(type_of<typename T::Real>()));
  }
};
TYPED_TEST_SUITE(StepKernels, decltype(instances(AllCells{})), InstanceName);

TYPED_TEST(StepKernels, GivesTheReference) {
  for (const simt::Schedule& schedule : simt::kernel_schedules()) {
    SCOPED_TRACE(simt::to_string(schedule));
    simt::set_schedule(schedule);
    run_all<typename TypeParam::Cell, typename TypeParam::Real>();
  }
}

}  // namespace
}  // namespace takt::step_layer
