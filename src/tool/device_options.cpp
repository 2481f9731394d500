// The options that choose a device.
#include "tool/device_options.hpp"

#include "tool/arguments.hpp"
#include "tool/text.hpp"

namespace takt::tool {
void DeviceOptions::add(CLI::App& app, bool all_levels) {
  std::vector<std::string> levels = cpu_levels();
  if (all_levels) levels.emplace_back("all");
  app.add_option_function<std::string>(
         "--device",
         [this](const std::string& text) {
           check_one_of("--device", text, {"cpu", "cuda", "best"});
           device_ = text;
         },
         "Where to run: cpu, cuda, or best, a GPU where there is one")
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
  if (device_ == "cuda" && cpu_only)
    throw UsageError(std::string(threads_ > 0 ? "--threads" : "--instruction-set") +
                     " means something only on a cpu device; --device is 'cuda'");
  if (device_ == "cuda") return Device::cuda();
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

Json device_json(const Device& device) {
  Json json{{"kind", to_string(device.kind())}, {"description", device.describe()}};
  if (device.kind() == DeviceKind::cpu) {
    json["threads"] = device.threads();
    json["instruction_set"] = device.instruction_set();
  }
  return json;
}

}  // namespace takt::tool
