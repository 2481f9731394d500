// One byte after the other.
#include "writer.hpp"

#include "random.hpp"
#include "text.hpp"

namespace language_model {

Writer::Writer(const Parameters& parameters, Operations& operations)
    : parameters_(parameters),
      operations_(operations),
      network_(parameters.sizes(), {.T = 1, .B = 1}, takt::Mode::inference, operations, {},
               parameters.values().type()),
      byte_(operations.make_bytes(1)),
      place_{States(parameters.sizes(), 1, operations.device(), parameters.values().type()),
             network_.logits()},
      step_(
          operations.repeat([this] { network_.forward(parameters_, byte_, {}, place_.states); })) {
  network_.pack(parameters);
  read('\n');
}

void Writer::read(std::uint8_t byte) {
  operations_.copy_to_device(std::span(&byte, 1), byte_);
  step_->run();
}

void Writer::read(std::span<const std::uint8_t> text) {
  for (const std::uint8_t byte : text) read(byte);
}

std::uint8_t Writer::write(const WritingOptions& options) {
  const auto position = static_cast<std::uint64_t>(place_.drawn++);
  const double number = unit_interval(random_bits(sequence(options.seed, Purpose::byte), position));
  operations_.sample(place_.logits, options.temperature, number, byte_);
  std::uint8_t byte = 0;
  operations_.copy_to_host(byte_, std::span(&byte, 1));
  step_->run();  // a GPU's goes on while the byte is shown
  return byte;
}

}  // namespace language_model
