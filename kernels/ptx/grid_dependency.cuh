// Programmatic dependent launch: a kernel that begins while the one before it in the stream ends.
// Without the launch attribute for it both functions do nothing.
#pragma once

#include <takt/kernels/device.cuh>

namespace takt::ptx {

/// Waits until the kernels before have ended and their writes are seen. griddepcontrol.wait:
/// "Parallel Synchronization and Communication Instructions: griddepcontrol".
TAKT_DEVICE void grid_dependency_wait() {
  asm volatile("griddepcontrol.wait;" ::: "memory");
}

/// Once all blocks have said so, or ended, the next kernel may begin; it sees this one's writes
/// only after its own wait. griddepcontrol.launch_dependents: "Parallel Synchronization and
/// Communication Instructions: griddepcontrol".
TAKT_DEVICE void grid_dependency_launch_dependents() {
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
}

}  // namespace takt::ptx
