// Broken arguments of backward: each is refused in its own words, and nothing is written.
#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "refusal_cases.hpp"

namespace takt::refusal_test {
namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

float floats[256];
double doubles[256];

// T 5, B 4, I 3, H 6 of an LSTM: G*H is 24, C is 1.

const CallCase null_backward[] = {
    {.name = "inference_plan",
     .set_up = [](PlanSetup& setup) { setup.mode = Mode::inference; },
     .change = [](Program&) {},
     .sentence = "takt: backward: 'mode' of this plan is inference; backward needs a plan made for "
                 "training"},
    {.name = "x_null",
     .change = [](Program& p) { p.inputs.x = nullptr; },
     .sentence = "takt: backward: 'x' is null; it must point to [T,B,I] = [5,4,3]"},
    {.name = "y_null",
     .change = [](Program& p) { p.outputs.y = nullptr; },
     .sentence = "takt: backward: 'y' is null; it must point to [T,B,H] = [5,4,6]"},
    {.name = "R_null",
     .change = [](Program& p) { p.set(&LayerWeights::R, nullptr); },
     .sentence = "takt: backward: 'weights[0].R' is null; it must point to [G*H,H] = [24,6]"},
    {.name = "scratch_null",
     .change = [](Program& p) { p.memory.scratch = nullptr; },
     .sentence = "takt: backward: 'scratch' is null; this plan needs {scratch} bytes "
                 "(Plan::scratch_bytes())"},
    {.name = "saved_null",
     .change = [](Program& p) { p.memory.saved = nullptr; },
     .sentence = "takt: backward: 'saved' is null; this plan needs {saved} bytes "
                 "(Plan::saved_bytes())"},
    {.name = "two_layers_of_gradients",
     .change =
         [](Program& p) {
           p.gradients.weights = {p.gradients.weights[0], p.gradients.weights[0]};
         },
     .sentence = "takt: backward: 'gradients.weights' has 2 layers; this plan has 1"},
    {.name = "no_layer",
     .change = [](Program& p) { p.inputs.weights = {}; },
     .sentence = "takt: backward: 'weights' has 0 layers; this plan has 1"},
    {.name = "dbW_without_input_bias",
     .set_up = [](PlanSetup& setup) { setup.spec.bias = Bias::recurrent; },
     .change = [](Program& p) { p.set(&LayerGradients::bW, floats); },
     .sentence =
         "takt: backward: 'gradients.weights[0].bW' is given; it must be null: the spec's bias has "
         "none beside W x"},
    {.name = "dbR_without_recurrent_bias",
     .set_up = [](PlanSetup& setup) { setup.spec.bias = Bias::none; },
     .change = [](Program& p) { p.set(&LayerGradients::bR, floats); },
     .sentence =
         "takt: backward: 'gradients.weights[0].bR' is given; it must be null: the spec's bias has "
         "none beside R h"},
    {.name = "dWp_without_projection",
     .change = [](Program& p) { p.set(&LayerGradients::Wp, floats); },
     .sentence = "takt: backward: 'gradients.weights[0].Wp' is given; it must be null: the spec "
                 "has no projection"},
    {.name = "dcT_of_a_cell_without",
     .set_up = [](PlanSetup& setup) { setup.spec.cell = "gru"; },
     .change = [](Program& p) { p.upstream.dcT = floats; },
     .sentence = "takt: backward: 'dcT' is given; it must be null: the cell has no inner states"},
    {.name = "dc_all_of_a_cell_without",
     .set_up = [](PlanSetup& setup) { setup.spec.cell = "gru"; },
     .change = [](Program& p) { p.upstream.dc_all = floats; },
     .sentence =
         "takt: backward: 'dc_all' is given; it must be null: the cell has no inner states"},
    {.name = "dc0_of_a_cell_without",
     .set_up = [](PlanSetup& setup) { setup.spec.cell = "rnn_tanh"; },
     .change = [](Program& p) { p.gradients.dc0 = floats; },
     .sentence = "takt: backward: 'dc0' is given; it must be null: the cell has no inner states"},
};

const CallCase type_backward[] = {
    {.name = "dy_double",
     .change = [](Program& p) { p.upstream.dy = doubles; },
     .sentence = "takt: backward: 'dy' holds f64; this plan's type is f32"},
    {.name = "dx_float_of_a_double_plan",
     .set_up = [](PlanSetup& setup) { setup.spec.type = DataType::f64; },
     .change = [](Program& p) { p.gradients.dx = floats; },
     .sentence = "takt: backward: 'dx' holds f32; this plan's type is f64"},
    {.name = "dW_double",
     .change = [](Program& p) { p.set(&LayerGradients::W, doubles); },
     .sentence = "takt: backward: 'gradients.weights[0].W' holds f64; this plan's type is f32"},
    {.name = "dhT_between_elements",
     .change = [](Program& p) { p.upstream.dhT = shifted(p.upstream.dhT, 2); },
     .sentence = "takt: backward: 'dhT' is not aligned to its elements of 4 bytes"},
    {.name = "dR_on_another_kind_of_device",
     .change =
         [](Program& p) {
           p.set(&LayerGradients::R, {floats, DataType::f32, 144, DeviceKind::cuda});
         },
     .sentence = "takt: backward: 'gradients.weights[0].R' lies on cuda:0; this plan's device "
                 "is cpu"},
    {.name = "stream_of_another_kind",
     .change = [](Program& p) { p.stream = StreamRef(static_cast<CUstream_st*>(nullptr)); },
     .sentence = "takt: backward: 'stream' is a cuda stream; this plan's device is cpu"},
    {.name = "scratch_between_lines",
     .change =
         [](Program& p) { p.memory.scratch = static_cast<std::byte*>(p.memory.scratch.data) + 32; },
     .sentence = "takt: backward: 'scratch' is not aligned; it must be a multiple of 256 bytes "
                 "(Plan::alignment)"},
};

const CallCase size_backward[] = {
    {.name = "y_one_short",
     .change = [](Program& p) { p.outputs.y = resized(p.outputs.y.pointer(), 119); },
     .sentence = "takt: backward: 'y' holds 119 elements; this call needs 120: [T,B,H] = [5,4,6]"},
    {.name = "dy_one_short",
     .change = [](Program& p) { p.upstream.dy = resized(p.upstream.dy.pointer(), 119); },
     .sentence = "takt: backward: 'dy' holds 119 elements; this call needs 120: [T,B,H] = [5,4,6]"},
    {.name = "dhT_one_short",
     .change = [](Program& p) { p.upstream.dhT = resized(p.upstream.dhT, 23); },
     .sentence = "takt: backward: 'dhT' holds 23 elements; this call needs 24: [B,H] = [4,6]"},
    {.name = "dcT_one_short",
     .change = [](Program& p) { p.upstream.dcT = resized(p.upstream.dcT, 23); },
     .sentence = "takt: backward: 'dcT' holds 23 elements; this call needs 24: [C,B,H] = [1,4,6]"},
    {.name = "dc_all_one_short",
     .change = [](Program& p) { p.upstream.dc_all = resized(p.upstream.dc_all.pointer(), 119); },
     .sentence = "takt: backward: 'dc_all' holds 119 elements; this call needs 120: "
                 "[C,T,B,H] = [1,5,4,6]"},
    {.name = "dx_one_short",
     .change = [](Program& p) { p.gradients.dx = resized(p.gradients.dx.pointer(), 59); },
     .sentence = "takt: backward: 'dx' holds 59 elements; this call needs 60: [T,B,I] = [5,4,3]"},
    {.name = "dh0_one_short",
     .change = [](Program& p) { p.gradients.dh0 = resized(p.gradients.dh0, 23); },
     .sentence = "takt: backward: 'dh0' holds 23 elements; this call needs 24: [B,H] = [4,6]"},
    {.name = "dc0_one_short",
     .change = [](Program& p) { p.gradients.dc0 = resized(p.gradients.dc0, 23); },
     .sentence = "takt: backward: 'dc0' holds 23 elements; this call needs 24: [C,B,H] = [1,4,6]"},
    {.name = "dW_one_short",
     .change = [](Program& p) { p.set(&LayerGradients::W, resized(p.gradients.weights[0].W, 71)); },
     .sentence = "takt: backward: 'gradients.weights[0].W' holds 71 elements; this call needs 72: "
                 "[G*H,I] = [24,3]"},
    {.name = "dbR_one_short",
     .change =
         [](Program& p) { p.set(&LayerGradients::bR, resized(p.gradients.weights[0].bR, 23)); },
     .sentence = "takt: backward: 'gradients.weights[0].bR' holds 23 elements; this call needs 24: "
                 "[G*H] = [24]"},
    {.name = "saved_one_byte_short",
     .change = [](Program& p) { --p.memory.saved.size; },
     .sentence = "takt: backward: saved holds {saved-1} bytes; this plan needs {saved} "
                 "(Plan::saved_bytes())"},
    {.name = "scratch_one_byte_short",
     .change = [](Program& p) { --p.memory.scratch.size; },
     .sentence = "takt: backward: scratch holds {scratch-1} bytes; this plan needs {scratch} "
                 "(Plan::scratch_bytes())"},
    {.name = "dy_rows_overlap",
     .change =
         [](Program& p) {
           p.upstream.dy = {p.upstream.dy.pointer(), 1};
         },
     .sentence = "takt: backward: 'dy' has row_stride 1; it must be at least 6, or 0 for dense"},
    {.name = "dx_last_row_one_short",
     .change =
         [](Program& p) {
           p.gradients.dx = {resized(p.gradients.dx.pointer(), 97), 5};
         },
     .sentence = "takt: backward: 'dx' holds 97 elements; with row_stride 5 this call needs 98"},
    {.name = "dc_all_elements_past_63_bits",
     .change =
         [](Program& p) {
           p.upstream.dc_all = {floats, most / 2};
         },
     .sentence = "takt: backward: 'dc_all' has row_stride 4611686018427387903; the rows would end "
                 "past 2^63 bytes"},
    {.name = "T_past_the_plan",
     .change = [](Program& p) { p.inputs.dims.T = 6; },
     .sentence =
         "takt: backward: 'dims.T' is 6; it must be between 0 and the plan's 5, or -1 for that"},
    {.name = "B_negative",
     .change = [](Program& p) { p.inputs.dims.B = -2; },
     .sentence =
         "takt: backward: 'dims.B' is -2; it must be between 0 and the plan's 4, or -1 for that"},
    {.name = "length_past_T",
     .change = [](Program& p) { p.set_length(3, 6); },
     .sentence = "takt: backward: 'lengths[3]' is 6; it must be between 0 and T = 5"},
};

const CallCase overlap_backward[] = {
    {.name = "dx_on_dy",
     .change = [](Program& p) { p.gradients.dx = writable(p.upstream.dy.pointer()); },
     .sentence = "takt: backward: 'dx' overlaps 'dy'; they must be apart"},
    {.name = "dx_on_x",
     .change = [](Program& p) { p.inputs.x = p.gradients.dx; },
     .sentence = "takt: backward: 'dx' overlaps 'x'; they must be apart"},
    {.name = "dx_on_y",
     .change = [](Program& p) { p.gradients.dx = resized(p.outputs.y.pointer(), -1); },
     .sentence = "takt: backward: 'dx' overlaps 'y'; they must be apart"},
    {.name = "dh0_on_dhT",
     .change = [](Program& p) { p.upstream.dhT = p.gradients.dh0; },
     .sentence = "takt: backward: 'dh0' overlaps 'dhT'; they must be apart"},
    {.name = "dc0_on_dcT",
     .change = [](Program& p) { p.upstream.dcT = p.gradients.dc0; },
     .sentence = "takt: backward: 'dc0' overlaps 'dcT'; they must be apart"},
    {.name = "dc0_on_dh0",
     .change = [](Program& p) { p.gradients.dc0 = p.gradients.dh0; },
     .sentence = "takt: backward: 'dc0' overlaps 'dh0'; they must be apart"},
    {.name = "dW_on_W",
     .change = [](Program& p) { p.set(&LayerWeights::W, p.gradients.weights[0].W); },
     .sentence =
         "takt: backward: 'gradients.weights[0].W' overlaps 'weights[0].W'; they must be apart"},
    {.name = "dR_on_dW",
     .change = [](Program& p) { p.set(&LayerGradients::W, resized(p.gradients.weights[0].R, -1)); },
     .sentence = "takt: backward: 'gradients.weights[0].R' overlaps 'gradients.weights[0].W'; they "
                 "must be apart"},
    {.name = "dbR_on_dbW",
     .change = [](Program& p) { p.set(&LayerGradients::bR, p.gradients.weights[0].bW); },
     .sentence = "takt: backward: 'gradients.weights[0].bR' overlaps 'gradients.weights[0].bW'; "
                 "they must be apart"},
    {.name = "dR_on_lengths",
     .change = [](Program& p) { p.inputs.lengths = p.lengths_in(p.gradients.weights[0].R); },
     .sentence = "takt: backward: 'gradients.weights[0].R' overlaps 'lengths'; they must be apart"},
    {.name = "scratch_on_dx",
     .change = [](Program& p) { p.gradients.dx = p.memory.scratch.data; },
     .sentence = "takt: backward: 'scratch' overlaps 'dx'; they must be apart"},
    {.name = "scratch_on_dc_all",
     .change =
         [](Program& p) { p.upstream.dc_all = static_cast<const void*>(p.memory.scratch.data); },
     .sentence = "takt: backward: 'scratch' overlaps 'dc_all'; they must be apart"},
    {.name = "saved_on_scratch",
     .change = [](Program& p) { p.memory.saved = p.memory.scratch.data; },
     .sentence = "takt: backward: 'saved' overlaps 'scratch'; they must be apart"},
    {.name = "columns_that_share_one",
     .change =
         [](Program& p) {
           const Pointer both = p.more(20 * 8);
           p.upstream.dy = {ConstPointer(both), 8};
           p.gradients.dx = {shifted(both, 5 * 4), 8};
         },
     .sentence = "takt: backward: 'dx' overlaps 'dy'; they must be apart"},
};

const CallCase saved_backward[] = {
    {.name = "no_forward_before",
     .change = [](Program&) {},
     .sentence =
         "takt: backward: 'saved' holds no forward; run forward of this plan with it first"},
    {.name = "forward_of_fewer_steps",
     .change =
         [](Program& p) {
           p.inputs.dims = {.T = 3};
           p.forward();
           p.inputs.dims = {};
         },
     .sentence = "takt: backward: 'dims' is T = 5, B = 4; the forward that filled 'saved' had "
                 "T = 3, B = 4"},
    {.name = "forward_of_more_rows",
     .change =
         [](Program& p) {
           p.forward();
           p.inputs.dims = {.B = 1};
         },
     .sentence = "takt: backward: 'dims' is T = 5, B = 1; the forward that filled 'saved' had "
                 "T = 5, B = 4"},
    {.name = "forward_without_rows",
     .change =
         [](Program& p) {
           p.inputs.dims = {5, 0};
           p.forward();
           p.inputs.dims = {};
         },
     .sentence = "takt: backward: 'dims' is T = 5, B = 4; the forward that filled 'saved' had "
                 "T = 5, B = 0"},
};

class BackwardRefusal : public testing::TestWithParam<CallCase> {};

TEST_P(BackwardRefusal, SaysWhyAndWritesNothing) {
  expect_refused_call(GetParam(), [](const Program& program) { program.backward(); });
}

INSTANTIATE_TEST_SUITE_P(Null, BackwardRefusal, testing::ValuesIn(null_backward), case_name);
INSTANTIATE_TEST_SUITE_P(Type, BackwardRefusal, testing::ValuesIn(type_backward), case_name);
INSTANTIATE_TEST_SUITE_P(Size, BackwardRefusal, testing::ValuesIn(size_backward), case_name);
INSTANTIATE_TEST_SUITE_P(Overlap, BackwardRefusal, testing::ValuesIn(overlap_backward), case_name);
INSTANTIATE_TEST_SUITE_P(Saved, BackwardRefusal, testing::ValuesIn(saved_backward), case_name);

}  // namespace
}  // namespace takt::refusal_test
