// Every argument of a call, checked before any work.
#include "check_call.hpp"

#include <array>
#include <cstdint>
#include <string>

#include "arithmetic.hpp"
#include "cuda/cuda.hpp"
#include "device.hpp"
#include "say.hpp"

namespace takt {
namespace {

/// An argument's name, put together only for a sentence: "x", "weights[0].W", "lengths[3]".
struct Name {
  const char* word;
  std::int64_t index = -1;
  const char* member = "";

  std::string text() const {
    return index < 0 ? word : word + ("[" + number(index) + "]") + member;
  }
};

/// A tensor's shape in letters and numbers: [T,B,I] = [5,4,3].
struct Shape {
  const char* letters;
  std::array<std::int64_t, 4> sizes;
  std::size_t rank;

  /// Of inner states, or of their gradients.
  bool is_inner() const { return letters[1] == 'C'; }
  std::int64_t elements() const {
    Checked product{1};
    for (std::size_t n = 0; n < rank; ++n) product = product * Checked{sizes[n]};
    return product.value;
  }
  std::string text() const {
    std::string list;
    for (std::size_t n = 0; n < rank; ++n) list += (n == 0 ? "" : ",") + number(sizes[n]);
    return std::string(letters) + " = [" + list + "]";
  }
};

/// Memory that a call reads or writes: `count` pieces of `width` bytes, `stride` bytes apart.
struct Region {
  Name name{""};
  std::uintptr_t begin = 0;
  std::int64_t count = 0, width = 0, stride = 0;
  bool written = false;

  std::uintptr_t end() const {
    return begin + static_cast<std::uintptr_t>((count - 1) * stride + width);
  }
};

bool overlap(const Region& a, const Region& b) {
  if (a.begin >= b.end() || b.begin >= a.end()) return false;
  // Rows of one period, or one piece and rows: one may lie in the gaps of the other.
  if (a.stride != b.stride && a.count > 1 && b.count > 1) return true;
  const auto period = static_cast<std::uintptr_t>(a.count > 1 ? a.stride : b.stride);
  const std::uintptr_t apart =
      b.begin >= a.begin ? (b.begin - a.begin) % period : period - (a.begin - b.begin) % period;
  return apart < static_cast<std::uintptr_t>(a.width) ||
         apart + static_cast<std::uintptr_t>(b.width) > period;
}

class Checker {
 public:
  Checker(const char* where, const Plan::State& plan) : where_(where), plan_(plan) {
    T = plan.largest.T;
    B = plan.largest.B;
    I = plan.spec.input_size;
    H = plan.spec.hidden_size;
    C = plan.decision.cell->inner_states();
    GH = plan.decision.cell->gates * H;
  }

  std::int64_t T, B, I, H, C, GH;

  Dims dims() const { return {T, B}; }

  /// Shapes as the caller lays them out.
  Shape over_time(const char* time_major, const char* batch_major, std::int64_t width) const {
    if (plan_.spec.layout == Layout::time_major) return {time_major, {T, B, width}, 3};
    return {batch_major, {B, T, width}, 3};
  }
  Shape resets_shape() const {
    if (plan_.spec.layout == Layout::time_major) return {"[T,B]", {T, B}, 2};
    return {"[B,T]", {B, T}, 2};
  }
  Shape inner_over_time() const {
    if (plan_.spec.layout == Layout::time_major) return {"[C,T,B,H]", {C, T, B, H}, 4};
    return {"[C,B,T,H]", {C, B, T, H}, 4};
  }

  [[noreturn]] void fail(const Name& name, const std::string& rest) const {
    refuse(where_, name.text(), rest);
  }

  void device() const {
    if (!plan_.device.state()->is_of_this_process())
      fail({"device"},
           " of this plan was made before fork(); a child process needs devices of its own");
  }

  void stream(StreamRef stream) const {
    if (stream.kind() != plan_.device.kind())
      fail({"stream"}, " is a " + std::string(to_string(stream.kind())) +
                           " stream; this plan's device is " +
                           std::string(to_string(plan_.device.kind())));
    const Place place = stream.place(), here = plan_.device.place();
    if (place.ordinal >= 0 && place != here)
      fail({"stream"},
           " is a stream of " + to_string(place) + "; this plan's device is " + to_string(here));
  }

  void set_dims(Dims dims) {
    set_dim({"dims.T"}, dims.T, T);
    set_dim({"dims.B"}, dims.B, B);
  }

  /// A dense tensor. `needed`: null is refused (but for a tensor without elements).
  template <class Void>
  void tensor(const Name& name, const BasicPointer<Void>& pointer, const Shape& shape,
              bool needed) {
    const std::int64_t size = elements(name, shape);
    if (!present(name, pointer, shape, size, needed)) return;
    add(name, pointer, shape, 1, size, size);
  }

  /// Rows that may have a stride, `planes` times over.
  template <class Void>
  void rows(const Name& name, const BasicRows<Void>& rows, std::int64_t planes, std::int64_t width,
            const Shape& shape, bool needed) {
    const BasicPointer<Void>& pointer = rows.pointer();
    const std::int64_t size = elements(name, shape);
    if (!present(name, pointer, shape, size, needed)) return;
    std::int64_t stride = rows.row_stride() == 0 ? width : rows.row_stride();
    if (stride < width)
      fail(name, " has row_stride " + number(stride) + "; it must be at least " + number(width) +
                     ", or 0 for dense");
    if (planes * T * B == 1) stride = width;  // no second row
    const std::int64_t extent = extent_of(name, shape, planes * T * B, stride, width);
    if (pointer.size() >= 0 && pointer.size() < extent)
      fail(name, " holds " + number(pointer.size()) + " elements; with row_stride " +
                     number(stride) + " this call needs " + number(extent));
    add(name, pointer, shape, planes * T * B, width, stride);
  }

  void absent(const Name& name, bool given, const char* why) const {
    if (given) fail(name, std::string(" is given; it must be null: ") + why);
  }

  template <class Void>
  void memory(const Name& name, const BasicBytes<Void>& bytes, std::int64_t needed,
              const char* query) {
    if (bytes.size < -1)
      fail(name, " has a size of " + number(bytes.size) +
                     " bytes; it must be at least 0, or -1 where it is not known");
    if (needed == 0) return;
    place(name, bytes.place);
    if (bytes.data == nullptr)
      fail(name, " is null; this plan needs " + number(needed) + " bytes (" + query + ")");
    if (bytes.size >= 0 && bytes.size < needed)
      throw ArgumentError(where_, name.text(),
                          name.text() + " holds " + number(bytes.size) +
                              " bytes; this plan needs " + number(needed) + " (" + query + ")");
    if (reinterpret_cast<std::uintptr_t>(bytes.data) % Plan::alignment != 0)
      fail(name, " is not aligned; it must be a multiple of " + number(Plan::alignment) +
                     " bytes (Plan::alignment)");
    platform(name, bytes.data);
    regions_.at(regions_used_++) = {name,   reinterpret_cast<std::uintptr_t>(bytes.data),
                                    1,      needed,
                                    needed, !std::is_const_v<Void>};
  }

  /// Lengths or resets. False where there are none.
  template <class Element>
  bool items(const Name& name, const TypedPointer<Element>& pointer, const Shape& shape) {
    const std::int64_t size = elements(name, shape);
    constexpr std::int64_t width = sizeof(Element);
    if (!pointer || size == 0) return false;
    place(name, pointer.place());
    known_size(name, pointer.size(), size, shape);
    if (reinterpret_cast<std::uintptr_t>(pointer.data()) % sizeof(Element) != 0)
      fail(name, " is not aligned to its elements of " + number(width) + " bytes");
    platform(name, pointer.data());
    const std::int64_t bytes = size * width;
    regions_.at(regions_used_++) = {
        name, reinterpret_cast<std::uintptr_t>(pointer.data()), 1, bytes, bytes, false};
    return true;
  }

  /// Reads all lengths where they lie on the host; a GPU looks at its own.
  void lengths(const std::int32_t* lengths) const {
    if (plan_.device.kind() != DeviceKind::cpu) return;
    for (std::int64_t b = 0; b < B; ++b)
      if (lengths[b] < 0 || lengths[b] > T)
        fail({"lengths", b}, " is " + number(static_cast<std::int64_t>(lengths[b])) +
                                 "; it must be between 0 and T = " + number(T));
  }

  /// Nothing written may overlap anything else, but for pairs of names that start together.
  void apart(std::initializer_list<std::pair<const char*, const char*>> may_be_one) const {
    for (std::size_t m = 0; m < regions_used_; ++m)
      for (std::size_t n = 0; n < m; ++n) {
        const Region &a = regions_[m], &b = regions_[n];
        if ((!a.written && !b.written) || !overlap(a, b)) continue;
        bool allowed = false;
        for (const auto& [first, second] : may_be_one)
          allowed = allowed || (a.begin == b.begin && b.name.word == std::string_view(first) &&
                                a.name.word == std::string_view(second));
        if (!allowed) fail(a.name, " overlaps '" + b.name.text() + "'; they must be apart");
      }
  }

 private:
  void set_dim(const Name& name, std::int64_t value, std::int64_t& of_plan) const {
    if (value == -1) return;
    if (value < 0 || value > of_plan)
      fail(name, " is " + number(value) + "; it must be between 0 and the plan's " +
                     number(of_plan) + ", or -1 for that");
    of_plan = value;
  }

  std::int64_t elements(const Name& name, const Shape& shape) const {
    try {
      const Checked size{shape.elements()};
      (void)(size * Checked{static_cast<std::int64_t>(size_of(type_of(shape)))});
      return size.value;
    } catch (const SizeOverflow&) {
      fail(name, " would need more than 2^63 bytes: " + shape.text());
    }
  }

  std::int64_t extent_of(const Name& name, const Shape& shape, std::int64_t rows,
                         std::int64_t stride, std::int64_t width) const {
    try {
      const Checked extent = Checked{rows - 1} * Checked{stride} + Checked{width};
      (void)(extent * Checked{static_cast<std::int64_t>(size_of(type_of(shape)))});
      return extent.value;
    } catch (const SizeOverflow&) {
      fail(name, " has row_stride " + number(stride) + "; the rows would end past 2^63 bytes");
    }
  }

  void place(const Name& name, const std::optional<Place>& place) const {
    const Place here = plan_.device.place();
    if (place.value_or(here) != here)
      fail(name, " lies on " + to_string(*place) + "; this plan's device is " + to_string(here));
  }

  /// Asks CUDA, where the memory should be a GPU's.
  void platform(const Name& name, const void* data) const {
    const Place here = plan_.device.place();
    if (here.kind != DeviceKind::cuda) return;
    if (const auto found = cuda::foreign_place(here.ordinal, data))
      fail(name, " lies on " + *found + "; this plan's device is " + to_string(here));
  }

  /// Inner states and their gradients are those with planes.
  DataType type_of(const Shape& shape) const {
    return shape.is_inner() ? inner_type(plan_.spec.type) : plan_.spec.type;
  }

  void known_size(const Name& name, std::int64_t held, std::int64_t size,
                  const Shape& shape) const {
    if (held < -1)
      fail(name, " has a size of " + number(held) +
                     " elements; it must be at least 0, or -1 where it is not known");
    if (held >= 0 && held < size)
      fail(name, " holds " + number(held) + " elements; this call needs " + number(size) + ": " +
                     shape.text());
  }

  template <class Void>
  bool present(const Name& name, const BasicPointer<Void>& pointer, const Shape& shape,
               std::int64_t size, bool needed) const {
    const DataType type = type_of(shape);
    if (!pointer) {
      if (needed && size > 0) fail(name, " is null; it must point to " + shape.text());
      return false;
    }
    if (pointer.type().value_or(type) != type)
      fail(name, " holds " + std::string(to_string(*pointer.type())) + "; this plan's type " +
                     (type == plan_.spec.type ? "is " : "of inner states is ") +
                     std::string(to_string(type)));
    place(name, pointer.place());
    known_size(name, pointer.size(), size, shape);
    if (reinterpret_cast<std::uintptr_t>(pointer.data()) % size_of(type) != 0)
      fail(name, " is not aligned to its elements of " +
                     number(static_cast<std::int64_t>(size_of(type))) + " bytes");
    if (size > 0) platform(name, pointer.data());
    return size > 0;
  }

  template <class Void>
  void add(const Name& name, const BasicPointer<Void>& pointer, const Shape& shape,
           std::int64_t count, std::int64_t width, std::int64_t stride) {
    const auto element = static_cast<std::int64_t>(size_of(type_of(shape)));
    regions_.at(regions_used_++) = {name,
                                    reinterpret_cast<std::uintptr_t>(pointer.data()),
                                    count,
                                    width * element,
                                    stride * element,
                                    !std::is_const_v<Void>};
  }

  const char* where_;
  const Plan::State& plan_;
  std::array<Region, 40> regions_{};
  std::size_t regions_used_ = 0;
};

/// Weights (all needed) or their gradients (each may be null).
template <class Layer>
void check_layers(Checker& check, const char* word, const LayerList<Layer>& layers,
                  const RnnSpec& spec, bool needed) {
  if (layers.size() != 1) {
    if (layers.size() == 0 && !needed) return;
    check.fail({word}, " has " + number(static_cast<std::int64_t>(layers.size())) +
                           " layers; this plan has 1");
  }
  const Layer& layer = layers[0];
  const Shape GH{"[G*H]", {check.GH}, 1};
  if (spec.input == InputMode::product)
    check.tensor({word, 0, ".W"}, layer.W, {"[G*H,I]", {check.GH, check.I}, 2}, needed);
  else
    check.absent({word, 0, ".W"}, bool(layer.W), "the spec's input is precomputed");
  check.tensor({word, 0, ".R"}, layer.R, {"[G*H,H]", {check.GH, check.H}, 2}, needed);
  if (has_input_bias(spec.bias))
    check.tensor({word, 0, ".bW"}, layer.bW, GH, needed);
  else
    check.absent({word, 0, ".bW"}, bool(layer.bW), "the spec's bias has none beside W x");
  if (has_recurrent_bias(spec.bias))
    check.tensor({word, 0, ".bR"}, layer.bR, GH, needed);
  else
    check.absent({word, 0, ".bR"}, bool(layer.bR), "the spec's bias has none beside R h");
  check.absent({word, 0, ".Wp"}, bool(layer.Wp), "the spec has no projection");
  check.absent({word, 0, ".unit"}, bool(layer.unit), "the cell has no parameters of a unit");
}

/// Weights as they lie, or packed ones instead.
void check_weights(Checker& check, const Plan::State& plan, const Inputs& inputs) {
  const ConstBytes& packed = inputs.packed;
  if (packed.data == nullptr && packed.size > 0)
    check.fail({"packed"}, " is null with a size of " + number(packed.size) +
                               " bytes; it must be memory that Plan::pack wrote, or null without a "
                               "size (PackedWeights that were moved from hold nothing)");
  if (packed.data == nullptr)
    return check_layers(check, "weights", inputs.weights, plan.spec, true);
  check.absent({"packed"}, plan.device.kind() == DeviceKind::cuda,
               "a GPU reads weights where they lie");
  check.memory({"packed"}, packed, plan.decision.packed_bytes, "Plan::packed_bytes()");
}

void check_inputs(Checker& check, const Plan::State& plan, const Inputs& inputs, bool needs_x) {
  const Shape x = check.over_time("[T,B,I]", "[B,T,I]", check.I);
  const Shape h{"[B,H]", {check.B, check.H}, 2}, c{"[C,B,H]", {check.C, check.B, check.H}, 3};
  check.rows({"x"}, inputs.x, 1, check.I, x, needs_x);
  check.tensor({"h0"}, inputs.h0, h, false);
  if (check.C > 0)
    check.tensor({"c0"}, inputs.c0, c, false);
  else
    check.absent({"c0"}, bool(inputs.c0), "the cell has no inner states");
  if (check.items({"lengths"}, inputs.lengths, {"[B]", {check.B}, 1}))
    check.lengths(inputs.lengths.data());
  check.items({"resets"}, inputs.resets, check.resets_shape());
  check_weights(check, plan, inputs);
}

}  // namespace

void check_pack(const Plan::State& plan, const Weights& weights, const Bytes& packed,
                StreamRef stream) {
  Checker check("pack", plan);
  check.device();
  check.stream(stream);
  check_layers(check, "weights", weights, plan.spec, true);
  check.memory({"packed"}, packed, plan.decision.packed_bytes, "Plan::packed_bytes()");
  check.apart({});
}

Dims check_forward(const Plan::State& plan, const Inputs& inputs, const Outputs& outputs,
                   const MemoryView& memory, StreamRef stream) {
  Checker check("forward", plan);
  const bool training = plan.mode == Mode::training;
  check.device();
  check.stream(stream);
  check.set_dims(inputs.dims);
  check_inputs(check, plan, inputs, true);
  const Shape y = check.over_time("[T,B,H]", "[B,T,H]", check.H);
  const Shape h{"[B,H]", {check.B, check.H}, 2}, c{"[C,B,H]", {check.C, check.B, check.H}, 3};
  const Shape c_all = check.inner_over_time();
  check.rows({"y"}, outputs.y, 1, check.H, y, training);
  check.tensor({"hT"}, outputs.hT, h, false);
  if (check.C > 0) {
    check.tensor({"cT"}, outputs.cT, c, false);
    check.rows({"c_all"}, outputs.c_all, check.C, check.H, c_all, false);
  } else {
    check.absent({"cT"}, bool(outputs.cT), "the cell has no inner states");
    check.absent({"c_all"}, bool(outputs.c_all), "the cell has no inner states");
  }
  check.memory({"scratch"}, memory.scratch, plan.decision.scratch_bytes, "Plan::scratch_bytes()");
  check.memory({"saved"}, memory.saved, plan.decision.saved_bytes, "Plan::saved_bytes()");
  check.apart({{"h0", "hT"}, {"c0", "cT"}});
  return check.dims();
}

Dims check_backward(const Plan::State& plan, const Inputs& inputs, const Outputs& outputs,
                    const Upstream& upstream, const Gradients& gradients, const MemoryView& memory,
                    StreamRef stream) {
  Checker check("backward", plan);
  if (plan.mode != Mode::training)
    check.fail({"mode"}, " of this plan is inference; backward needs a plan made for training");
  check.device();
  check.stream(stream);
  check.set_dims(inputs.dims);
  Inputs read = inputs;
  read.h0 = read.c0 = nullptr;  // not read again
  read.packed = nullptr;
  check_inputs(check, plan, read, plan.spec.input == InputMode::product);
  const Shape x = check.over_time("[T,B,I]", "[B,T,I]", check.I);
  const Shape y = check.over_time("[T,B,H]", "[B,T,H]", check.H);
  const Shape h{"[B,H]", {check.B, check.H}, 2}, c{"[C,B,H]", {check.C, check.B, check.H}, 3};
  const Shape c_all = check.inner_over_time();
  check.rows({"y"}, ConstRows(outputs.y), 1, check.H, y, true);
  check.rows({"dy"}, upstream.dy, 1, check.H, y, false);
  check.tensor({"dhT"}, upstream.dhT, h, false);
  check.rows({"dx"}, gradients.dx, 1, check.I, x, false);
  check.tensor({"dh0"}, gradients.dh0, h, false);
  if (check.C > 0) {
    check.tensor({"dcT"}, upstream.dcT, c, false);
    check.rows({"dc_all"}, upstream.dc_all, check.C, check.H, c_all, false);
    check.tensor({"dc0"}, gradients.dc0, c, false);
  } else {
    check.absent({"dcT"}, bool(upstream.dcT), "the cell has no inner states");
    check.absent({"dc_all"}, bool(upstream.dc_all), "the cell has no inner states");
    check.absent({"dc0"}, bool(gradients.dc0), "the cell has no inner states");
  }
  check_layers(check, "gradients.weights", gradients.weights, plan.spec, false);
  check.memory({"scratch"}, memory.scratch, plan.decision.scratch_bytes, "Plan::scratch_bytes()");
  check.memory({"saved"}, memory.saved, plan.decision.saved_bytes, "Plan::saved_bytes()");
  check.apart({});
  return check.dims();
}

}  // namespace takt
