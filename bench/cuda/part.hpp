// A part of an array on a GPU.
#pragma once

#include <cstdint>

#include <takt/array.hpp>

namespace takt::bench {

/// A copy of `count` elements from `from` on, on the array's device, made on `stream`.
Array part_on_gpu(const Array& array, std::int64_t from, std::int64_t count, const Stream& stream);

}  // namespace takt::bench
