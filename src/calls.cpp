// Plans and their calls: check, then hand over to the algorithm.
#include "check_call.hpp"
#include "cpu/run.hpp"
#include "cuda/cuda.hpp"
#include "device.hpp"
#include "plan_state.hpp"

namespace takt {

namespace {

std::shared_ptr<const Plan::State> make_state(const RnnSpec& spec, Dims largest, Mode mode,
                                              const Device& device) {
  const auto groups_at_once = [&](std::int64_t cell_index, const policy::PersistentShape& shape) {
    return cuda::groups_at_once(device, spec, cell_index, shape);
  };
  auto state = std::make_shared<Plan::State>(
      Plan::State{spec, largest, mode, device,
                  decide_on(spec, largest, mode, device.state()->facts, groups_at_once)});
  if (device.kind() == DeviceKind::cuda) state->prepared = cuda::prepare(*state);
  return state;
}

}  // namespace

Plan::Plan(const RnnSpec& spec, Dims largest, Mode mode, const Device& device)
    : state_(make_state(spec, largest, mode, device)) {}

const RnnSpec& Plan::spec() const& noexcept {
  return state_->spec;
}
Dims Plan::dims() const noexcept {
  return state_->largest;
}
Mode Plan::mode() const noexcept {
  return state_->mode;
}
const Device& Plan::device() const& noexcept {
  return state_->device;
}
std::string_view Plan::algorithm() const noexcept {
  return state_->decision.algorithm;
}
std::span<const Candidate> Plan::candidates() const& noexcept {
  return state_->decision.candidates;
}
std::int64_t Plan::scratch_bytes() const noexcept {
  return state_->decision.scratch_bytes;
}
std::int64_t Plan::saved_bytes() const noexcept {
  return state_->decision.saved_bytes;
}

std::int64_t Plan::packed_bytes() const noexcept {
  return state_->decision.packed_bytes;
}

std::string Plan::explain() const {
  return takt::explain(state_->decision, state_->spec, state_->largest, state_->mode,
                       state_->device.state()->facts);
}

void Plan::pack(const Weights& weights, const Bytes& packed, StreamRef stream) const {
  check_pack(*state_, weights, packed, stream);
  if (packed_bytes() > 0) cpu::pack(*state_, weights, packed);
}

void Plan::forward(const Inputs& inputs, const Outputs& outputs, const MemoryView& memory,
                   StreamRef stream) const {
  const Dims dims = check_forward(*state_, inputs, outputs, memory, stream);
  if (state_->device.kind() == DeviceKind::cuda)
    cuda::forward(*state_, dims, inputs, outputs, memory, stream);
  else
    cpu::forward(*state_, dims, inputs, outputs, memory);
}

void Plan::backward(const Inputs& inputs, const Outputs& outputs, const Upstream& upstream,
                    const Gradients& gradients, const MemoryView& memory, StreamRef stream) const {
  const Dims dims = check_backward(*state_, inputs, outputs, upstream, gradients, memory, stream);
  if (state_->device.kind() == DeviceKind::cuda)
    cuda::backward(*state_, dims, inputs, outputs, upstream, gradients, memory, stream);
  else
    cpu::backward(*state_, dims, inputs, outputs, upstream, gradients, memory);
}

PackedWeights::PackedWeights(const Plan& plan, const Weights& weights, StreamRef stream)
    : memory_(allocate(plan.device(), plan.packed_bytes())),
      bytes_(plan.packed_bytes()),
      place_(plan.device().place()) {
  plan.pack(weights, *this, stream);
}

Memory::Memory(const Plan& plan)
    : scratch_(allocate(plan.device(), plan.scratch_bytes())),
      saved_(allocate(plan.device(), plan.saved_bytes())),
      scratch_bytes_(plan.scratch_bytes()),
      saved_bytes_(plan.saved_bytes()),
      place_(plan.device().place()) {}

Memory::operator MemoryView() & noexcept {
  return {{scratch_.get(), scratch_bytes_, place_}, {saved_.get(), saved_bytes_, place_}};
}

}  // namespace takt
