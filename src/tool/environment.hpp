// What the tool must not inherit.
#pragma once

namespace takt::tool {

/// Google Benchmark takes its settings from variables BENCHMARK_* when it is loaded, which is
/// before main: where there are any, starts this program anew without them. Throws UsageError where
/// it cannot.
void leave_benchmark_variables(char** arguments);

}  // namespace takt::tool
