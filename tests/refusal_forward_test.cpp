// Broken arguments of forward: each is refused in its own words, and nothing is written.
#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "refusal_cases.hpp"

namespace takt::refusal_test {
namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int32_t most_32 = std::numeric_limits<std::int32_t>::max();
constexpr std::int32_t least_32 = std::numeric_limits<std::int32_t>::min();

float floats[256];
double doubles[256];
LayerWeights nine_layers[9];

// T 5, B 4, I 3, H 6 of an LSTM: G*H is 24, C is 1.

const CallCase null_forward[] = {
    {.name = "x_null",
     .change = [](Program& p) { p.inputs.x = nullptr; },
     .sentence = "takt: forward: 'x' is null; it must point to [T,B,I] = [5,4,3]"},
    {.name = "x_null_in_a_smaller_call",
     .change =
         [](Program& p) {
           p.inputs.dims = {2, 1};
           p.inputs.x = nullptr;
         },
     .sentence = "takt: forward: 'x' is null; it must point to [T,B,I] = [2,1,3]"},
    {.name = "W_null",
     .change = [](Program& p) { p.set(&LayerWeights::W, nullptr); },
     .sentence = "takt: forward: 'weights[0].W' is null; it must point to [G*H,I] = [24,3]"},
    {.name = "R_null",
     .change = [](Program& p) { p.set(&LayerWeights::R, nullptr); },
     .sentence = "takt: forward: 'weights[0].R' is null; it must point to [G*H,H] = [24,6]"},
    {.name = "bW_null",
     .change = [](Program& p) { p.set(&LayerWeights::bW, nullptr); },
     .sentence = "takt: forward: 'weights[0].bW' is null; it must point to [G*H] = [24]"},
    {.name = "bR_null",
     .change = [](Program& p) { p.set(&LayerWeights::bR, nullptr); },
     .sentence = "takt: forward: 'weights[0].bR' is null; it must point to [G*H] = [24]"},
    {.name = "y_null_in_training",
     .change = [](Program& p) { p.outputs.y = nullptr; },
     .sentence = "takt: forward: 'y' is null; it must point to [T,B,H] = [5,4,6]"},
    {.name = "scratch_null",
     .change = [](Program& p) { p.memory.scratch = nullptr; },
     .sentence = "takt: forward: 'scratch' is null; this plan needs {scratch} bytes "
                 "(Plan::scratch_bytes())"},
    {.name = "saved_null",
     .change = [](Program& p) { p.memory.saved = nullptr; },
     .sentence = "takt: forward: 'saved' is null; this plan needs {saved} bytes "
                 "(Plan::saved_bytes())"},
    {.name = "no_layer",
     .change = [](Program& p) { p.inputs.weights = {}; },
     .sentence = "takt: forward: 'weights' has 0 layers; this plan has 1"},
    {.name = "two_layers",
     .change =
         [](Program& p) {
           p.inputs.weights = {p.inputs.weights[0], p.inputs.weights[0]};
         },
     .sentence = "takt: forward: 'weights' has 2 layers; this plan has 1"},
    {.name = "more_layers_than_lie_in_place",
     .change = [](Program& p) { p.inputs.weights = std::span<const LayerWeights>(nine_layers); },
     .sentence = "takt: forward: 'weights' has 9 layers; this plan has 1"},
};

const CallCase surplus_forward[] = {
    {.name = "bW_without_input_bias",
     .set_up = [](PlanSetup& setup) { setup.spec.bias = Bias::recurrent; },
     .change = [](Program& p) { p.set(&LayerWeights::bW, floats); },
     .sentence = "takt: forward: 'weights[0].bW' is given; it must be null: the spec's bias has "
                 "none beside W x"},
    {.name = "bR_without_recurrent_bias",
     .set_up = [](PlanSetup& setup) { setup.spec.bias = Bias::input; },
     .change = [](Program& p) { p.set(&LayerWeights::bR, floats); },
     .sentence = "takt: forward: 'weights[0].bR' is given; it must be null: the spec's bias has "
                 "none beside R h"},
    {.name = "bR_without_any_bias",
     .set_up = [](PlanSetup& setup) { setup.spec.bias = Bias::none; },
     .change = [](Program& p) { p.set(&LayerWeights::bR, floats); },
     .sentence = "takt: forward: 'weights[0].bR' is given; it must be null: the spec's bias has "
                 "none beside R h"},
    {.name = "Wp_without_projection",
     .change = [](Program& p) { p.set(&LayerWeights::Wp, floats); },
     .sentence =
         "takt: forward: 'weights[0].Wp' is given; it must be null: the spec has no projection"},
    {.name = "unit_parameters_of_a_cell_without",
     .change = [](Program& p) { p.set(&LayerWeights::unit, floats); },
     .sentence = "takt: forward: 'weights[0].unit' is given; it must be null: the cell has no "
                 "parameters of a unit"},
    {.name = "c0_of_a_cell_without",
     .set_up = [](PlanSetup& setup) { setup.spec.cell = "gru"; },
     .change = [](Program& p) { p.inputs.c0 = floats; },
     .sentence = "takt: forward: 'c0' is given; it must be null: the cell has no inner states"},
    {.name = "cT_of_a_cell_without",
     .set_up = [](PlanSetup& setup) { setup.spec.cell = "rnn_tanh"; },
     .change = [](Program& p) { p.outputs.cT = floats; },
     .sentence = "takt: forward: 'cT' is given; it must be null: the cell has no inner states"},
    {.name = "c_all_of_a_cell_without",
     .set_up = [](PlanSetup& setup) { setup.spec.cell = "rnn_relu"; },
     .change = [](Program& p) { p.outputs.c_all = floats; },
     .sentence = "takt: forward: 'c_all' is given; it must be null: the cell has no inner states"},
};

const CallCase type_forward[] = {
    {.name = "x_double",
     .change = [](Program& p) { p.inputs.x = doubles; },
     .sentence = "takt: forward: 'x' holds f64; this plan's type is f32"},
    {.name = "x_float_of_a_double_plan",
     .set_up = [](PlanSetup& setup) { setup.spec.type = DataType::f64; },
     .change = [](Program& p) { p.inputs.x = floats; },
     .sentence = "takt: forward: 'x' holds f32; this plan's type is f64"},
    {.name = "h0_double",
     .change = [](Program& p) { p.inputs.h0 = doubles; },
     .sentence = "takt: forward: 'h0' holds f64; this plan's type is f32"},
    {.name = "c0_half",
     .change =
         [](Program& p) {
           p.inputs.c0 = {floats, DataType::f16, -1, std::nullopt};
         },
     .sentence = "takt: forward: 'c0' holds f16; this plan's type is f32"},
    {.name = "W_double",
     .change = [](Program& p) { p.set(&LayerWeights::W, doubles); },
     .sentence = "takt: forward: 'weights[0].W' holds f64; this plan's type is f32"},
    {.name = "y_array_of_double",
     .change =
         [](Program& p) {
           p.array.emplace(p.device, std::vector<std::int64_t>{5, 4, 6}, DataType::f64);
           p.outputs.y = *p.array;
         },
     .sentence = "takt: forward: 'y' holds f64; this plan's type is f32"},
    {.name = "hT_span_of_double",
     .change = [](Program& p) { p.outputs.hT = std::span<double>(doubles); },
     .sentence = "takt: forward: 'hT' holds f64; this plan's type is f32"},
    {.name = "x_on_another_kind_of_device",
     .change =
         [](Program& p) {
           p.inputs.x = ConstPointer{floats, DataType::f32, 60, DeviceKind::cuda};
         },
     .sentence = "takt: forward: 'x' lies on cuda:0; this plan's device is cpu"},
    {.name = "lengths_on_a_gpu",
     .change =
         [](Program& p) {
           p.inputs.lengths = {p.lengths.data(), 4, DeviceKind::cuda};
         },
     .sentence = "takt: forward: 'lengths' lies on cuda:0; this plan's device is cpu"},
    {.name = "resets_on_another_gpu",
     .change =
         [](Program& p) {
           p.inputs.resets = {p.resets.data(), 20, Place{DeviceKind::cuda, 1}};
         },
     .sentence = "takt: forward: 'resets' lies on cuda:1; this plan's device is cpu"},
    {.name = "scratch_on_a_gpu",
     .change = [](Program& p) { p.memory.scratch.place = DeviceKind::cuda; },
     .sentence = "takt: forward: 'scratch' lies on cuda:0; this plan's device is cpu"},
    {.name = "stream_of_another_kind",
     .change = [](Program& p) { p.stream = StreamRef(static_cast<CUstream_st*>(nullptr)); },
     .sentence = "takt: forward: 'stream' is a cuda stream; this plan's device is cpu"},
    {.name = "x_between_elements",
     .change = [](Program& p) { p.inputs.x = shifted(p.inputs.x.pointer(), 1); },
     .sentence = "takt: forward: 'x' is not aligned to its elements of 4 bytes"},
    {.name = "hT_between_elements_of_double",
     .set_up = [](PlanSetup& setup) { setup.spec.type = DataType::f64; },
     .change = [](Program& p) { p.outputs.hT = shifted(p.outputs.hT, 4); },
     .sentence = "takt: forward: 'hT' is not aligned to its elements of 8 bytes"},
    {.name = "scratch_between_lines",
     .change =
         [](Program& p) { p.memory.scratch = static_cast<std::byte*>(p.memory.scratch.data) + 64; },
     .sentence = "takt: forward: 'scratch' is not aligned; it must be a multiple of 256 bytes "
                 "(Plan::alignment)"},
    {.name = "saved_between_lines",
     .change =
         [](Program& p) { p.memory.saved = static_cast<std::byte*>(p.memory.saved.data) + 128; },
     .sentence = "takt: forward: 'saved' is not aligned; it must be a multiple of 256 bytes "
                 "(Plan::alignment)"},
};

const CallCase size_forward[] = {
    {.name = "x_one_short",
     .change = [](Program& p) { p.inputs.x = resized(p.inputs.x.pointer(), 59); },
     .sentence = "takt: forward: 'x' holds 59 elements; this call needs 60: [T,B,I] = [5,4,3]"},
    {.name = "x_one_short_batch_major",
     .set_up = [](PlanSetup& setup) { setup.spec.layout = Layout::batch_major; },
     .change = [](Program& p) { p.inputs.x = resized(p.inputs.x.pointer(), 59); },
     .sentence = "takt: forward: 'x' holds 59 elements; this call needs 60: [B,T,I] = [4,5,3]"},
    {.name = "h0_one_short",
     .change = [](Program& p) { p.inputs.h0 = resized(p.inputs.h0, 23); },
     .sentence = "takt: forward: 'h0' holds 23 elements; this call needs 24: [B,H] = [4,6]"},
    {.name = "c0_one_short",
     .change = [](Program& p) { p.inputs.c0 = resized(p.inputs.c0, 23); },
     .sentence = "takt: forward: 'c0' holds 23 elements; this call needs 24: [C,B,H] = [1,4,6]"},
    {.name = "W_one_short",
     .change = [](Program& p) { p.set(&LayerWeights::W, resized(p.inputs.weights[0].W, 71)); },
     .sentence = "takt: forward: 'weights[0].W' holds 71 elements; this call needs 72: "
                 "[G*H,I] = [24,3]"},
    {.name = "R_one_short",
     .change = [](Program& p) { p.set(&LayerWeights::R, resized(p.inputs.weights[0].R, 143)); },
     .sentence = "takt: forward: 'weights[0].R' holds 143 elements; this call needs 144: "
                 "[G*H,H] = [24,6]"},
    {.name = "bW_one_short",
     .change = [](Program& p) { p.set(&LayerWeights::bW, resized(p.inputs.weights[0].bW, 23)); },
     .sentence =
         "takt: forward: 'weights[0].bW' holds 23 elements; this call needs 24: [G*H] = [24]"},
    {.name = "bR_empty",
     .change = [](Program& p) { p.set(&LayerWeights::bR, resized(p.inputs.weights[0].bR, 0)); },
     .sentence =
         "takt: forward: 'weights[0].bR' holds 0 elements; this call needs 24: [G*H] = [24]"},
    {.name = "y_one_short",
     .change = [](Program& p) { p.outputs.y = resized(p.outputs.y.pointer(), 119); },
     .sentence = "takt: forward: 'y' holds 119 elements; this call needs 120: [T,B,H] = [5,4,6]"},
    {.name = "hT_one_short",
     .change = [](Program& p) { p.outputs.hT = resized(p.outputs.hT, 23); },
     .sentence = "takt: forward: 'hT' holds 23 elements; this call needs 24: [B,H] = [4,6]"},
    {.name = "cT_one_short",
     .change = [](Program& p) { p.outputs.cT = resized(p.outputs.cT, 23); },
     .sentence = "takt: forward: 'cT' holds 23 elements; this call needs 24: [C,B,H] = [1,4,6]"},
    {.name = "c_all_one_short",
     .change = [](Program& p) { p.outputs.c_all = resized(p.outputs.c_all.pointer(), 119); },
     .sentence = "takt: forward: 'c_all' holds 119 elements; this call needs 120: "
                 "[C,T,B,H] = [1,5,4,6]"},
    {.name = "lengths_one_short",
     .change = [](Program& p) { p.inputs.lengths = std::span(p.lengths).first(3); },
     .sentence = "takt: forward: 'lengths' holds 3 elements; this call needs 4: [B] = [4]"},
    {.name = "resets_one_short",
     .change = [](Program& p) { p.inputs.resets = std::span(p.resets).first(19); },
     .sentence = "takt: forward: 'resets' holds 19 elements; this call needs 20: [T,B] = [5,4]"},
    {.name = "lengths_of_a_negative_size",
     .change =
         [](Program& p) {
           p.inputs.lengths = {p.lengths.data(), -2, std::nullopt};
         },
     .sentence = "takt: forward: 'lengths' has a size of -2 elements; it must be at least 0, or -1 "
                 "where it is not known"},
    {.name = "scratch_of_a_negative_size",
     .change = [](Program& p) { p.memory.scratch.size = -2; },
     .sentence = "takt: forward: 'scratch' has a size of -2 bytes; it must be at least 0, or -1 "
                 "where it is not known"},
    {.name = "hT_of_a_negative_size",
     .change = [](Program& p) { p.outputs.hT = resized(p.outputs.hT, -2); },
     .sentence = "takt: forward: 'hT' has a size of -2 elements; it must be at least 0, or -1 "
                 "where it is not known"},
    {.name = "scratch_one_byte_short",
     .change = [](Program& p) { --p.memory.scratch.size; },
     .sentence = "takt: forward: scratch holds {scratch-1} bytes; this plan needs {scratch} "
                 "(Plan::scratch_bytes())"},
    {.name = "saved_one_byte_short",
     .change = [](Program& p) { --p.memory.saved.size; },
     .sentence = "takt: forward: saved holds {saved-1} bytes; this plan needs {saved} "
                 "(Plan::saved_bytes())"},
    {.name = "scratch_of_a_smaller_plan",
     .change =
         [](Program& p) {
           p.inputs.dims = {1, 1};
           p.memory.scratch.size = 0;
         },
     .sentence = "takt: forward: scratch holds 0 bytes; this plan needs {scratch} "
                 "(Plan::scratch_bytes())"},
};

const CallCase stride_forward[] = {
    {.name = "x_last_row_one_short",
     .change =
         [](Program& p) {
           p.inputs.x = {resized(p.inputs.x.pointer(), 78), 4};
         },
     .sentence = "takt: forward: 'x' holds 78 elements; with row_stride 4 this call needs 79"},
    {.name = "x_rows_overlap",
     .change =
         [](Program& p) {
           p.inputs.x = {p.inputs.x.pointer(), 2};
         },
     .sentence = "takt: forward: 'x' has row_stride 2; it must be at least 3, or 0 for dense"},
    {.name = "x_rows_backwards",
     .change =
         [](Program& p) {
           p.inputs.x = {p.inputs.x.pointer(), -3};
         },
     .sentence = "takt: forward: 'x' has row_stride -3; it must be at least 3, or 0 for dense"},
    {.name = "y_rows_overlap",
     .change =
         [](Program& p) {
           p.outputs.y = {p.outputs.y.pointer(), 5};
         },
     .sentence = "takt: forward: 'y' has row_stride 5; it must be at least 6, or 0 for dense"},
    {.name = "c_all_rows_far_backwards",
     .change =
         [](Program& p) {
           p.outputs.c_all = {p.outputs.c_all.pointer(), -most - 1};
         },
     .sentence = "takt: forward: 'c_all' has row_stride -9223372036854775808; it must be at least "
                 "6, or 0 for dense"},
    {.name = "x_elements_past_63_bits",
     .change =
         [](Program& p) {
           p.inputs.x = {floats, most};
         },
     .sentence = "takt: forward: 'x' has row_stride 9223372036854775807; the rows would end past "
                 "2^63 bytes"},
    {.name = "y_bytes_past_63_bits",
     .change =
         [](Program& p) {
           p.outputs.y = {floats, std::int64_t{1} << 58};
         },
     .sentence = "takt: forward: 'y' has row_stride 288230376151711744; the rows would end past "
                 "2^63 bytes"},
};

void long_plan(PlanSetup& setup) {
  setup.largest = {std::int64_t{1} << 61, 1};
  setup.mode = Mode::inference;
  setup.memory = {1, 1};
}

const CallCase dims_forward[] = {
    {.name = "T_past_the_plan",
     .change = [](Program& p) { p.inputs.dims.T = 6; },
     .sentence =
         "takt: forward: 'dims.T' is 6; it must be between 0 and the plan's 5, or -1 for that"},
    {.name = "B_past_the_plan",
     .change = [](Program& p) { p.inputs.dims.B = 5; },
     .sentence =
         "takt: forward: 'dims.B' is 5; it must be between 0 and the plan's 4, or -1 for that"},
    {.name = "T_negative",
     .change = [](Program& p) { p.inputs.dims.T = -2; },
     .sentence =
         "takt: forward: 'dims.T' is -2; it must be between 0 and the plan's 5, or -1 for that"},
    {.name = "B_most_negative",
     .change = [](Program& p) { p.inputs.dims.B = -most - 1; },
     .sentence = "takt: forward: 'dims.B' is -9223372036854775808; it must be between 0 and the "
                 "plan's 4, or -1 for that"},
    {.name = "x_elements_past_64_bits",
     .set_up =
         [](PlanSetup& setup) {
           long_plan(setup);
           setup.spec.input_size = 8;
         },
     .change = [](Program& p) { p.inputs.x = floats; },
     .sentence = "takt: forward: 'x' would need more than 2^63 bytes: "
                 "[T,B,I] = [2305843009213693952,1,8]"},
    {.name = "x_bytes_past_63_bits",
     .set_up = long_plan,
     .change = [](Program& p) { p.inputs.x = floats; },
     .sentence = "takt: forward: 'x' would need more than 2^63 bytes: "
                 "[T,B,I] = [2305843009213693952,1,3]"},
    {.name = "length_negative",
     .change = [](Program& p) { p.set_length(2, -1); },
     .sentence = "takt: forward: 'lengths[2]' is -1; it must be between 0 and T = 5"},
    {.name = "length_past_T",
     .change = [](Program& p) { p.set_length(0, 6); },
     .sentence = "takt: forward: 'lengths[0]' is 6; it must be between 0 and T = 5"},
    {.name = "length_past_T_of_a_long_call",
     .set_up =
         [](PlanSetup& setup) {
           setup.memory = setup.largest = {1000, 4};
         },
     .change = [](Program& p) { p.set_length(3, 1201); },
     .sentence = "takt: forward: 'lengths[3]' is 1201; it must be between 0 and T = 1000"},
    {.name = "length_past_T_of_the_call",
     .change =
         [](Program& p) {
           p.inputs.dims = {3, 2};
           p.set_length(1, 4);
           p.set_length(0, 3);
         },
     .sentence = "takt: forward: 'lengths[1]' is 4; it must be between 0 and T = 3"},
    {.name = "length_of_a_call_without_steps",
     .change =
         [](Program& p) {
           p.inputs.dims.T = 0;
           p.set_length(0, 1);
         },
     .sentence = "takt: forward: 'lengths[0]' is 1; it must be between 0 and T = 0"},
    {.name = "length_largest",
     .change = [](Program& p) { p.set_length(3, most_32); },
     .sentence = "takt: forward: 'lengths[3]' is 2147483647; it must be between 0 and T = 5"},
    {.name = "length_most_negative",
     .change = [](Program& p) { p.set_length(3, least_32); },
     .sentence = "takt: forward: 'lengths[3]' is -2147483648; it must be between 0 and T = 5"},
    {.name = "lengths_between_elements",
     .change =
         [](Program& p) {
           p.inputs.lengths = reinterpret_cast<const std::int32_t*>(
               reinterpret_cast<const std::byte*>(p.lengths.data()) + 1);
         },
     .sentence = "takt: forward: 'lengths' is not aligned to its elements of 4 bytes"},
};

const CallCase overlap_forward[] = {
    {.name = "y_on_x",
     .change = [](Program& p) { p.inputs.x = p.outputs.y; },
     .sentence = "takt: forward: 'y' overlaps 'x'; they must be apart"},
    {.name = "y_begins_in_the_last_element_of_x",
     .change = [](Program& p) { p.outputs.y = shifted(writable(p.inputs.x.pointer()), 59 * 4); },
     .sentence = "takt: forward: 'y' overlaps 'x'; they must be apart"},
    {.name = "y_ends_in_the_first_element_of_R",
     .change = [](Program& p) { p.set(&LayerWeights::R, shifted(p.outputs.y.pointer(), 119 * 4)); },
     .sentence = "takt: forward: 'y' overlaps 'weights[0].R'; they must be apart"},
    {.name = "y_on_W",
     .change = [](Program& p) { p.outputs.y = writable(p.inputs.weights[0].W); },
     .sentence = "takt: forward: 'y' overlaps 'weights[0].W'; they must be apart"},
    {.name = "hT_on_bW",
     .change = [](Program& p) { p.set(&LayerWeights::bW, p.outputs.hT); },
     .sentence = "takt: forward: 'hT' overlaps 'weights[0].bW'; they must be apart"},
    {.name = "y_on_h0",
     .change = [](Program& p) { p.inputs.h0 = p.outputs.y.pointer(); },
     .sentence = "takt: forward: 'y' overlaps 'h0'; they must be apart"},
    {.name = "hT_on_x",
     .change = [](Program& p) { p.inputs.x = ConstRows(resized(p.outputs.hT, -1)); },
     .sentence = "takt: forward: 'hT' overlaps 'x'; they must be apart"},
    {.name = "hT_on_the_last_step_of_y",
     .change = [](Program& p) { p.outputs.hT = shifted(p.outputs.y.pointer(), 4 * 24 * 4); },
     .sentence = "takt: forward: 'hT' overlaps 'y'; they must be apart"},
    {.name = "cT_on_hT",
     .change = [](Program& p) { p.outputs.cT = p.outputs.hT; },
     .sentence = "takt: forward: 'cT' overlaps 'hT'; they must be apart"},
    {.name = "c_all_on_y",
     .change = [](Program& p) { p.outputs.c_all = p.outputs.y; },
     .sentence = "takt: forward: 'c_all' overlaps 'y'; they must be apart"},
    {.name = "hT_one_element_into_h0",
     .change = [](Program& p) { p.inputs.h0 = shifted(ConstPointer(p.outputs.hT), 4); },
     .sentence = "takt: forward: 'hT' overlaps 'h0'; they must be apart"},
    {.name = "cT_one_row_before_c0",
     .change =
         [](Program& p) {
           const Pointer both = p.more(30);
           p.outputs.cT = both;
           p.inputs.c0 = shifted(ConstPointer(both), 6 * 4);
         },
     .sentence = "takt: forward: 'cT' overlaps 'c0'; they must be apart"},
    {.name = "cT_on_h0",
     .change = [](Program& p) { p.inputs.h0 = p.outputs.cT; },
     .sentence = "takt: forward: 'cT' overlaps 'h0'; they must be apart"},
    {.name = "hT_on_c0",
     .change = [](Program& p) { p.inputs.c0 = p.outputs.hT; },
     .sentence = "takt: forward: 'hT' overlaps 'c0'; they must be apart"},
    {.name = "hT_on_lengths",
     .change = [](Program& p) { p.inputs.lengths = p.lengths_in(p.outputs.hT); },
     .sentence = "takt: forward: 'hT' overlaps 'lengths'; they must be apart"},
    {.name = "y_on_resets",
     .change = [](Program& p) { p.inputs.resets = p.outputs.y.pointer().as<std::uint8_t>() + 40; },
     .sentence = "takt: forward: 'y' overlaps 'resets'; they must be apart"},
    {.name = "scratch_on_y",
     .change = [](Program& p) { p.outputs.y = p.memory.scratch.data; },
     .sentence = "takt: forward: 'scratch' overlaps 'y'; they must be apart"},
    {.name = "scratch_on_R",
     .change = [](Program& p) { p.set(&LayerWeights::R, p.memory.scratch.data); },
     .sentence = "takt: forward: 'scratch' overlaps 'weights[0].R'; they must be apart"},
    {.name = "saved_on_scratch",
     .change = [](Program& p) { p.memory.saved = p.memory.scratch.data; },
     .sentence = "takt: forward: 'saved' overlaps 'scratch'; they must be apart"},
    {.name = "saved_on_x",
     .change = [](Program& p) { p.inputs.x = static_cast<const void*>(p.memory.saved.data); },
     .sentence = "takt: forward: 'saved' overlaps 'x'; they must be apart"},
    {.name = "columns_that_share_one",
     .change =
         [](Program& p) {
           const Pointer both = p.more(20 * 8);
           p.inputs.x = {ConstPointer(both), 8};
           p.outputs.y = {shifted(both, 2 * 4), 8};
         },
     .sentence = "takt: forward: 'y' overlaps 'x'; they must be apart"},
    {.name = "columns_that_share_one_across_rows",
     .change =
         [](Program& p) {
           const Pointer both = p.more(21 * 9);
           p.inputs.x = {ConstPointer(both), 9};
           p.outputs.y = {shifted(both, 4 * 4), 9};
         },
     .sentence = "takt: forward: 'y' overlaps 'x'; they must be apart"},
    {.name = "columns_that_begin_rows_before",
     .change =
         [](Program& p) {
           const Pointer both = p.more(24 * 9);
           p.outputs.y = {both, 9};
           p.inputs.x = {shifted(ConstPointer(both), (3 * 9 + 5) * 4), 9};
         },
     .sentence = "takt: forward: 'y' overlaps 'x'; they must be apart"},
};

class ForwardRefusal : public testing::TestWithParam<CallCase> {};

TEST_P(ForwardRefusal, SaysWhyAndWritesNothing) {
  expect_refused_call(GetParam(), [](const Program& program) { program.forward(); });
}

INSTANTIATE_TEST_SUITE_P(Null, ForwardRefusal, testing::ValuesIn(null_forward), case_name);
INSTANTIATE_TEST_SUITE_P(Surplus, ForwardRefusal, testing::ValuesIn(surplus_forward), case_name);
INSTANTIATE_TEST_SUITE_P(Type, ForwardRefusal, testing::ValuesIn(type_forward), case_name);
INSTANTIATE_TEST_SUITE_P(Size, ForwardRefusal, testing::ValuesIn(size_forward), case_name);
INSTANTIATE_TEST_SUITE_P(Stride, ForwardRefusal, testing::ValuesIn(stride_forward), case_name);
INSTANTIATE_TEST_SUITE_P(Dims, ForwardRefusal, testing::ValuesIn(dims_forward), case_name);
INSTANTIATE_TEST_SUITE_P(Overlap, ForwardRefusal, testing::ValuesIn(overlap_forward), case_name);

}  // namespace
}  // namespace takt::refusal_test
