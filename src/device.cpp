// Devices and streams.
#include "device.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>
#include <system_error>

#include <takt/error.hpp>
#include <takt/plan.hpp>

#include "cpu/available_threads.hpp"
#include "say.hpp"

namespace takt {
namespace {

constexpr int most_threads = 1024;

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) {
      const auto colon = line.find(": ");
      if (colon != std::string::npos) return line.substr(colon + 2);
    }
  return "unknown processor";
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

Device Device::cpu(const CpuOptions& options) {
  if (options.threads < 0 || options.threads > most_threads)
    refuse("Device::cpu", "threads",
           " is " + number(options.threads) + "; it must be between 1 and " + number(most_threads) +
               ", or 0 for as many as there are");
  const cpu::NamedLevel* level = cpu::find_level(options.instruction_set);
  if (level == nullptr && options.instruction_set.empty())
    throw DeviceError(
        "takt: Device::cpu: this machine runs none of the instruction-set levels that "
        "were built (TAKT_CPU_LEVELS)");
  if (level == nullptr)
    refuse("Device::cpu", "instruction_set",
           " is '" + options.instruction_set + "'; this machine has: " + joined(cpu_levels()));
  auto state = std::make_shared<State>();
  const int threads =
      options.threads > 0 ? options.threads : std::min(cpu::available_threads(), most_threads);
  const auto& kernels = kernels_of<float>(*level->level, 0);
  state->facts = {.kind = DeviceKind::cpu,
                  .name = processor_name(),
                  .threads = threads,
                  .instruction_set = std::string(level->name),
                  .vector_bytes = kernels.vector * static_cast<std::int64_t>(sizeof(float))};
  state->level = level->level;
  try {
    state->pool = std::make_unique<cpu::ThreadPool>(threads);
  } catch (const std::system_error& error) {
    throw DeviceError("takt: Device::cpu: no " + number(threads) +
                      " threads to be had: " + error.what());
  }
  return Device(std::move(state));
}

Device Device::cuda(int ordinal) {
  throw DeviceError("takt: Device::cuda: no device " + number(ordinal) +
                    ": takt was built without CUDA");
}

Device best_device() {
  return Device::cpu();
}

Place Device::place() const noexcept {
  return state_->facts.kind;
}
DeviceKind Device::kind() const noexcept {
  return state_->facts.kind;
}
int Device::threads() const noexcept {
  return state_->facts.threads;
}
const std::string& Device::instruction_set() const noexcept {
  return state_->facts.instruction_set;
}

std::string Device::describe() const {
  const DeviceFacts& facts = state_->facts;
  return std::string(to_string(facts.kind)) + " (" + facts.name + ", " + number(facts.threads) +
         (facts.threads == 1 ? " thread, " : " threads, ") + facts.instruction_set + ")";
}

std::vector<std::string> cpu_levels() {
  std::vector<std::string> names;
  for (const cpu::NamedLevel& level : cpu::levels())
    if (level.runs_here) names.emplace_back(level.name);
  return names;
}

std::shared_ptr<void> allocate(const Device&, std::int64_t bytes) {
  if (bytes == 0) return nullptr;
  constexpr auto alignment = static_cast<std::size_t>(Plan::alignment);
  const std::size_t size =
      (static_cast<std::size_t>(bytes) + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, size);
  if (memory == nullptr) throw std::bad_alloc();
  std::memset(memory, 0, size);
  return {memory, [](void* p) { std::free(p); }};
}

Stream::Stream(const Device& device) : device_(device) {}
Stream::~Stream() = default;
void Stream::synchronize() const {}

}  // namespace takt
