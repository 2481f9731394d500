// Writing: one byte after the other through calls of one step, the states carried.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include <takt/takt.hpp>

#include "model.hpp"
#include "network.hpp"
#include "operations.hpp"

namespace language_model {

struct WritingOptions {
  double temperature = 0.7;  ///< 0: always the likeliest byte
  std::uint64_t seed = 1;
};

/// Where a writer is.
struct Place {
  States states;
  takt::Array logits;      ///< [1,1,256] of the next byte
  std::int64_t drawn = 0;  ///< bytes so far; each draws a number of its own
};

class Writer {
 public:
  /// At the start of a line. `parameters` must stay as they are.
  Writer(const Parameters& parameters, Operations& operations);
  Writer(const Parameters&&, Operations&) = delete;
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Goes on after a byte, or several, that somebody else has written.
  void read(std::uint8_t byte);
  void read(std::span<const std::uint8_t> text);
  /// The next byte, drawn from what the model expects after all before; it is then read, too.
  std::uint8_t write(const WritingOptions& options);

  const Parameters& parameters() const noexcept { return parameters_; }
  Place& place() noexcept { return place_; }
  const Place& place() const noexcept { return place_; }

 private:
  const Parameters& parameters_;
  Operations& operations_;
  Network network_;
  DeviceBytes byte_;
  Place place_;
  std::unique_ptr<Repeated> step_;  // from the byte in `byte_`
};

}  // namespace language_model
