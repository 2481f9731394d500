// Options whose values are checked.
#include "arguments.hpp"

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string_view>

#include "failure.hpp"

namespace language_model {
namespace {

std::string text_of(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

template <class Value>
bool read(const std::string& text, Value& value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

[[noreturn]] void refuse(const std::string& option, const std::string& text,
                         const std::string& what) {
  throw UsageError(option + " is '" + text + "'; it must be " + what);
}

/// Of "cuda" and "cuda:1".
std::optional<int> ordinal_of(const std::string& text) {
  constexpr std::string_view gpu = "cuda";
  if (text == gpu) return 0;
  std::uint16_t ordinal = 0;
  if (!text.starts_with(gpu) || text[gpu.size()] != ':' ||
      !read(text.substr(gpu.size() + 1), ordinal))
    return std::nullopt;
  return ordinal;
}

std::string between(Range range) {
  return " between " + text_of(range.least) + " and " + text_of(range.most);
}

}  // namespace

CLI::Option* add_whole(CLI::App& app, const std::string& name, std::int64_t& value, Range range,
                       const std::string& help) {
  const auto set = [=, &value](const std::string& text) {
    std::int64_t number = 0;
    if (!read(text, number) || static_cast<double>(number) < range.least ||
        static_cast<double>(number) > range.most)
      refuse(name, text, "a whole number" + between(range));
    value = number;
  };
  return app.add_option_function<std::string>(name, set, help)
      ->type_name("N")
      ->default_str(std::to_string(value));
}

CLI::Option* add_seed(CLI::App& app, std::uint64_t& seed, const std::string& help) {
  const auto set = [&seed](const std::string& text) {
    if (!read(text, seed))
      refuse("--seed", text, "a whole number of at most 64 bits, not negative");
  };
  return app.add_option_function<std::string>("--seed", set, help)
      ->type_name("N")
      ->default_str(std::to_string(seed));
}

CLI::Option* add_number(CLI::App& app, const std::string& name, double& value, Range range,
                        const std::string& help) {
  const auto set = [=, &value](const std::string& text) {
    double number = 0;
    if (!read(text, number) || !(number >= range.least && number <= range.most))
      refuse(name, text, "a number" + between(range));
    value = number;
  };
  return app.add_option_function<std::string>(name, set, help)
      ->type_name("X")
      ->default_str(text_of(value));
}

void DeviceOptions::add(CLI::App& app) {
  const auto set = [this](const std::string& text) {
    if (text != "cpu" && !ordinal_of(text))
      refuse("--device", text, "cpu, or cuda, or cuda: and the number of a GPU");
    device_ = text;
  };
  app.add_option_function<std::string>("--device", set,
                                       "Where to run: cpu, or cuda (cuda:1 for the second GPU)")
      ->type_name("WORD")
      ->default_str(device_);
  add_whole(app, "--threads", threads_, {0, 1024},
            "Threads of takt on the CPU; 0: as many as there are");
}

std::unique_ptr<Operations> DeviceOptions::make() const {
  const std::optional<int> ordinal = ordinal_of(device_);
  if (!ordinal) return operations_on(takt::Device::cpu({.threads = static_cast<int>(threads_)}));
  if (threads_ > 0)
    throw UsageError("--threads is '" + std::to_string(threads_) + "', and --device is '" +
                     device_ + "'; threads are the CPU's");
  return operations_on(takt::Device::cuda(*ordinal));
}

}  // namespace language_model
