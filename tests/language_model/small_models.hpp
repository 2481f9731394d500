// Small models, texts and arrays for tests.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include <takt/takt.hpp>

#include "devices/test_devices.hpp"
#include "language_model/initial.hpp"
#include "language_model/network.hpp"
#include "language_model/operations.hpp"
#include "language_model/trainer.hpp"

namespace language_model::test {

inline constexpr takt::DataType f32 = takt::DataType::f32, f64 = takt::DataType::f64;

inline std::unique_ptr<Operations> operations() {
  return cpu_operations(takt::Device::cpu({.threads = 1}));
}

inline Text text_of(const std::string& words) {
  return {words.begin(), words.end()};
}

inline DeviceBytes device_bytes(Operations& operations, const Text& text) {
  const DeviceBytes there = operations.make_bytes(static_cast<std::int64_t>(text.size()));
  operations.copy_to_device(text, there);
  return there;
}

inline Text host_bytes(Operations& operations, const DeviceBytes& from) {
  Text text(static_cast<std::size_t>(from.size));
  operations.copy_to_host(from, text);
  return text;
}

/// Values of a device as doubles.
inline std::vector<double> values(Operations& operations, const takt::Array& array) {
  if (array.type() == f64) return takt::to_host<double>(array, operations.stream());
  const std::vector<float> floats = takt::to_host<float>(array, operations.stream());
  return {floats.begin(), floats.end()};
}

inline takt::Array array_of(Operations& operations, std::vector<std::int64_t> shape,
                            const std::vector<double>& from, takt::DataType type = f64) {
  takt::Array array(operations.device(), std::move(shape), type);
  operations.copy_to_device(from, array);
  return array;
}

/// A text that a small model can know by heart.
inline const std::string rhyme = "one for sorrow, two for joy, three for a girl, four for a boy,\n";

inline const ModelSizes small_sizes{.cell = "gru", .embedding = 8, .hidden = 24, .layers = 1};

inline TrainingOptions small_options() {
  return {.steps = 40, .window = 16, .streams = 2, .dropout = 0.2, .seed = 3};
}

}  // namespace language_model::test
