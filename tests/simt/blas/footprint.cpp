// The bytes that a product touches: each must lie in an allocation, and what it writes must not be
// what it reads.
#include <algorithm>
#include <string>
#include <vector>

#include "blas/product.hpp"
#include "runtime/state.hpp"

namespace simt::blas {
namespace {

/// Lines of bytes: `lines` of them `line_stride` apart, and that `batches` times.
struct Footprint {
  std::string name;
  const char* begin;
  std::int64_t line_bytes;
  std::int64_t lines = 1, line_stride = 0, batches = 1, batch_stride = 0;

  const char* end() const {
    return begin + (batches - 1) * batch_stride + (lines - 1) * line_stride + line_bytes;
  }
};

Footprint footprint_of(const std::string& name, const void* pointer, const Operand& operand) {
  const Layout& layout = operand.layout;
  const bool by_column = layout.order == CUBLASLT_ORDER_COL;
  const std::int64_t bytes = operand.element_bytes;
  return {"matrix " + name + " (" + to_string(layout) + ")",
          static_cast<const char*>(pointer),
          static_cast<std::int64_t>(by_column ? layout.rows : layout.cols) * bytes,
          static_cast<std::int64_t>(by_column ? layout.cols : layout.rows),
          layout.ld * bytes,
          layout.batch_count,
          layout.batch_count > 1 ? layout.batch_stride * bytes : 0};
}

struct Range {
  const char *begin, *end;
};

/// Sorted by address.
std::vector<Range> ranges_of(const Footprint& footprint) {
  std::vector<Range> ranges;
  for (std::int64_t batch = 0; batch < footprint.batches; ++batch)
    for (std::int64_t line = 0; line < footprint.lines; ++line) {
      const char* const begin =
          footprint.begin + batch * footprint.batch_stride + line * footprint.line_stride;
      ranges.push_back({begin, begin + footprint.line_bytes});
    }
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& a, const Range& b) { return a.begin < b.begin; });
  return ranges;
}

bool overlaps_itself(const Footprint& footprint) {
  const std::int64_t matrix = (footprint.lines - 1) * footprint.line_stride + footprint.line_bytes;
  if (footprint.batches == 1 || footprint.batch_stride >= matrix) return false;
  const std::vector<Range> ranges = ranges_of(footprint);
  return std::adjacent_find(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) {
           return a.end > b.begin;
         }) != ranges.end();
}

bool overlap(const Footprint& a, const Footprint& b) {
  if (a.end() <= b.begin || b.end() <= a.begin) return false;
  const std::vector<Range> of_a = ranges_of(a), of_b = ranges_of(b);
  for (auto in_a = of_a.begin(), in_b = of_b.begin(); in_a != of_a.end() && in_b != of_b.end();) {
    if (in_a->begin < in_b->end && in_b->begin < in_a->end) return true;
    // Ranges of one footprint may overlap; the one that ends first has nothing further to meet.
    in_a->end <= in_b->end ? static_cast<void>(++in_a) : static_cast<void>(++in_b);
  }
  return false;
}

std::string outside(const Footprint& footprint) {
  const auto bytes = static_cast<std::size_t>(footprint.end() - footprint.begin);
  if (find_allocation(footprint.begin, bytes) != nullptr) return {};
  const std::string needs =
      footprint.name + " takes " + std::to_string(bytes) + " bytes from its pointer; ";
  if (find_allocation(footprint.begin, 1) == nullptr)
    return needs + "no allocation holds the pointer";
  char* const pointer = const_cast<char*>(footprint.begin);
  const auto holder = std::prev(runtime().allocations.upper_bound(pointer));
  return needs + "it points to byte " + std::to_string(pointer - holder->first) +
         " of an allocation of " + std::to_string(holder->second.bytes) + " bytes";
}

/// What is only read, without the workspace; C only where it counts.
std::vector<Footprint> inputs_of(const Call& call) {
  const Product& product = call.product;
  const std::int64_t scale_bytes = bytes_of(product.desc.scale_type);
  std::vector<Footprint> inputs{footprint_of("A", call.a, product.a),
                                footprint_of("B", call.b, product.b)};
  for (const auto& [name, scalar] : {std::pair("alpha", call.alpha), std::pair("beta", call.beta)})
    if (scalar.on_device != nullptr)
      inputs.push_back({std::string(name) + " in device memory",
                        static_cast<const char*>(scalar.on_device), scale_bytes});
  if (product.has_bias())
    inputs.push_back({"the bias (" + std::to_string(product.m) + " elements)",
                      static_cast<const char*>(product.desc.bias),
                      product.m * product.d.element_bytes, 1, 0, product.batches,
                      product.desc.bias_batch_stride * product.d.element_bytes});
  return inputs;
}

}  // namespace

std::string find_fault(const Call& call) {
  const Footprint d = footprint_of("D", call.d, call.product.d);
  std::vector<Footprint> inputs = inputs_of(call);
  std::vector<Footprint> written{d};
  if (call.workspace_bytes > 0)
    written.push_back({"the workspace", static_cast<const char*>(call.workspace),
                       static_cast<std::int64_t>(call.workspace_bytes)});
  for (const std::vector<Footprint>* group : {&inputs, &written})
    for (const Footprint& footprint : *group)
      if (std::string text = outside(footprint); !text.empty()) return text;

  // Only now is beta there to be read; C is not touched where it is 0.
  const bool reads_c = value_of(call.beta, call.product.desc.scale_type) != 0;
  if (reads_c && call.c != call.d) {
    inputs.push_back(footprint_of("C", call.c, call.product.c));
    if (std::string text = outside(inputs.back()); !text.empty()) return text;
  }
  if (overlaps_itself(d)) return d.name + ": the matrices of the batch overlap one another";
  for (const Footprint& target : written)
    for (const Footprint& input : inputs)
      if (overlap(target, input)) return target.name + " overlaps " + input.name;
  if (written.size() == 2 && overlap(written[1], d)) return written[1].name + " overlaps " + d.name;
  return {};
}

}  // namespace simt::blas
