// Devices and streams.
#include "device.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <system_error>

#include <takt/error.hpp>
#include <takt/plan.hpp>
#include <takt/status.hpp>

#include "cpu/available_threads.hpp"
#include "cpu/processor_name.hpp"
#include "cuda/cuda.hpp"
#include "plan.hpp"
#include "say.hpp"

namespace takt {
namespace {

constexpr int most_threads = 1024;

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
                  .name = cpu::processor_name(),
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
  cuda::Opened opened = cuda::open(ordinal);
  auto state = std::make_shared<State>();
  state->facts = std::move(opened.facts);
  state->context = std::move(opened.context);
  return Device(std::move(state));
}

Device best_device() {
  for (int ordinal = 0;; ++ordinal) try {
      const Device device = Device::cuda(ordinal);
      if (why_not_cuda(device.state()->facts).empty()) return device;
    } catch (const DeviceError&) {
      return Device::cpu();
    }
}

Place Device::place() const noexcept {
  return {state_->facts.kind, state_->facts.ordinal};
}
DeviceKind Device::kind() const noexcept {
  return state_->facts.kind;
}
int Device::threads() const noexcept {
  return kind() == DeviceKind::cpu ? state_->facts.threads : 0;
}
const std::string& Device::instruction_set() const noexcept {
  return state_->facts.instruction_set;
}

std::string Device::describe() const {
  return takt::describe(state_->facts);
}

std::vector<std::string> cpu_levels() {
  std::vector<std::string> names;
  for (const cpu::NamedLevel& level : cpu::levels())
    if (level.runs_here) names.emplace_back(level.name);
  return names;
}

std::shared_ptr<void> allocate(const Device& device, std::int64_t bytes) {
  if (bytes == 0) return nullptr;
  if (device.kind() == DeviceKind::cuda) return cuda::allocate(device.place().ordinal, bytes);
  constexpr auto alignment = static_cast<std::size_t>(Plan::alignment);
  const std::size_t size =
      (static_cast<std::size_t>(bytes) + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, size);
  if (memory == nullptr) throw std::bad_alloc();
  std::memset(memory, 0, size);
  return {memory, [](void* p) { std::free(p); }};
}

void upload(Array& array, const void* from) {
  const std::int64_t bytes = array.size() * static_cast<std::int64_t>(size_of(array.type()));
  if (bytes == 0) return;
  if (array.device().kind() == DeviceKind::cuda)
    cuda::upload(array.device().place().ordinal, array.data(), from, bytes);
  else
    std::memcpy(array.data(), from, static_cast<std::size_t>(bytes));
}

void download(const Array& array, void* to, StreamRef stream) {
  const std::int64_t bytes = array.size() * static_cast<std::int64_t>(size_of(array.type()));
  if (bytes == 0) return;
  if (array.device().kind() == DeviceKind::cuda)
    cuda::download(array.device().place().ordinal, to, array.data(), bytes, stream.handle());
  else
    std::memcpy(to, array.data(), static_cast<std::size_t>(bytes));
}

Stream::Stream(const Device& device) : device_(device) {
  if (device.kind() == DeviceKind::cuda) handle_ = cuda::create_stream(device.place().ordinal);
}
Stream::~Stream() {
  if (device_.kind() == DeviceKind::cuda) cuda::destroy_stream(device_.place().ordinal, handle_);
}
void Stream::synchronize() const {
  if (device_.kind() == DeviceKind::cuda) cuda::synchronize(device_.place().ordinal, handle_);
}

std::string CallStatus::message() const {
  std::string text;
  if (bad_row >= 0)
    text = "'lengths[" + number(bad_row) + "]' is " + number(bad_length) +
           "; it must be between 0 and T = " + number(T);
  if (wrong_saved)
    text += std::string(text.empty() ? "" : "; ") +
            "'saved' was not filled by a forward of this call's T and B";
  if (gave_up)
    text += std::string(text.empty() ? "" : "; ") +
            "a kernel waited too long for another block of its group and went on without it";
  return text;
}

CallStatus status(const MemoryView& memory, StreamRef stream) {
  const Bytes& scratch = memory.scratch;
  const Place place = scratch.place.value_or(stream.place()), of_stream = stream.place();
  if (place.kind != of_stream.kind)
    refuse("status", "scratch",
           " lies on " + to_string(place) + "; the stream is a " +
               std::string(to_string(of_stream.kind)) + " stream");
  if (of_stream.ordinal >= 0 && place != of_stream)
    refuse("status", "scratch",
           " lies on " + to_string(place) + "; the stream is one of " + to_string(of_stream));
  if (stream.kind() == DeviceKind::cpu) return {};
  if (scratch.data == nullptr) refuse("status", "scratch", " is null; it must be a call's");
  return cuda::status(memory.scratch, stream.handle());
}

}  // namespace takt
