// How many threads of this process can run at a time.
#pragma once

namespace takt::cpu {

/// CPUs of the process's affinity, or fewer where its control group has a smaller quota; at
/// least 1.
int available_threads();

}  // namespace takt::cpu
