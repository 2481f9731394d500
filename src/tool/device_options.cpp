// The options that choose a device.
#include "tool/device_options.hpp"

#include <optional>
#include <string_view>

#include "device.hpp"
#include "tool/arguments.hpp"
#include "tool/text.hpp"

namespace takt::tool {
namespace {

/// Of "cuda" and "cuda:1".
std::optional<int> ordinal_of(std::string_view text) {
  if (text == "cuda") return 0;
  constexpr std::string_view before = "cuda:";
  if (!text.starts_with(before)) return std::nullopt;
  text.remove_prefix(before.size());
  const auto ordinal = read_integer(std::string(text));
  if (!ordinal || *ordinal < 0 || *ordinal > most_int32 || text.starts_with('-'))
    return std::nullopt;
  return static_cast<int>(*ordinal);
}

/// "13.0" of 13000.
std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

}  // namespace

const DeviceFacts& facts_of(const Device& device) {
  return device.state()->facts;
}

void DeviceOptions::add(CLI::App& app, bool all_levels) {
  std::vector<std::string> levels = cpu_levels();
  if (all_levels) levels.emplace_back("all");
  app.add_option_function<std::string>(
         "--device",
         [this](const std::string& text) {
           if (!ordinal_of(text)) check_one_of("--device", text, {"cpu", "cuda", "cuda:N", "best"});
           if (text == "cuda:N") refuse_value("--device", text, "cuda and the number of a GPU");
           device_ = text;
         },
         "Where to run: cpu, cuda (cuda:1 for the second GPU), or best, a GPU where there is one")
      ->type_name("WORD")
      ->default_str(device_);
  add_integer(app, "--threads", threads_, 0, most_int32,
              "Threads of a cpu device; 0: as many as there are")
      ->default_str("");
  app.add_option_function<std::string>(
         "--instruction-set",
         [this, levels](const std::string& text) {
           check_one_of("--instruction-set", text, levels);
           level_ = text;
         },
         "Level of a cpu device: " + joined(levels) + " [the best of them]")
      ->type_name("LEVEL");
}

Device DeviceOptions::make(const std::string& level) const {
  const bool cpu_only = threads_ > 0 || !level.empty();
  const std::optional<int> ordinal = ordinal_of(device_);
  if (ordinal && cpu_only)
    throw UsageError(std::string(threads_ > 0 ? "--threads" : "--instruction-set") +
                     " means something only on a cpu device; --device is '" + device_ + "'");
  if (ordinal) return Device::cuda(*ordinal);
  if (device_ == "best" && !cpu_only) return best_device();
  return Device::cpu({.threads = static_cast<int>(threads_), .instruction_set = level});
}

Device DeviceOptions::device() const {
  return make(level_);
}

std::vector<Device> DeviceOptions::devices() const {
  if (level_ != "all") return {device()};
  std::vector<Device> devices;
  for (const std::string& level : cpu_levels()) devices.push_back(make(level));
  return devices;
}

std::string device_line(const Device& device) {
  return "device     " + device.describe();
}

std::string versions_line(const Device& device) {
  const DeviceFacts& facts = facts_of(device);
  return "versions   " + to_string(device.place()) + ": its driver serves CUDA up to " +
         version_text(facts.driver) + ", takt runs with CUDA " + version_text(facts.runtime) +
         " and was compiled for " + facts.architectures;
}

Json device_json(const Device& device) {
  Json json{{"kind", to_string(device.kind())},
            {"place", to_string(device.place())},
            {"description", device.describe()}};
  const DeviceFacts& facts = facts_of(device);
  json["name"] = facts.name;
  if (device.kind() == DeviceKind::cpu) {
    json["threads"] = device.threads();
    json["instruction_set"] = device.instruction_set();
  } else {
    json["compute_capability"] = std::to_string(facts.major) + "." + std::to_string(facts.minor);
    json["multiprocessors"] = facts.multiprocessors;
    json["memory_bytes"] = facts.memory_bytes;
    json["l2_bytes"] = facts.l2_bytes;
    json["driver"] = version_text(facts.driver);
    json["runtime"] = version_text(facts.runtime);
    json["architectures"] = facts.architectures;
  }
  return json;
}

}  // namespace takt::tool
