// The emulated device, as tests steer and question it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace simt {

/// In which order runnable threads and blocks go on.
enum class Order { fifo, lifo, random };
struct Schedule {
  Order order = Order::fifo;
  std::uint64_t seed = 1;  ///< of Order::random
};
/// For all launches from now on.
void set_schedule(const Schedule& schedule);
const Schedule& schedule();
/// The schedules in which every kernel must be right: first come, last come, two random ones.
std::vector<Schedule> all_schedules();
/// Those of tests that run takt's kernels: all; under AddressSanitizer one, since what lies outside of
/// memory does so in any order.
std::vector<Schedule> kernel_schedules();
std::string to_string(const Schedule& schedule);

/// What the emulation found wrong in device code, or in how the host drives it.
struct Report {
  std::string kind;  ///< "deadlock", "race", "divergent barrier", ...
  std::string text;  ///< sentences that name block, thread, operation, file and line
};
/// Everything reported since the last call. After a report from device code its launch is over and
/// later calls return cudaErrorLaunchFailure until `reset_device`.
std::vector<Report> take_reports();

/// While one lives, whatever this thread takes from the host's heap, outside the emulated runtime
/// and cuBLASLt, is reported as "host allocation" with its place in the source.
class HostHeapWatch {
 public:
  HostHeapWatch();
  HostHeapWatch(const HostHeapWatch&) = delete;
  HostHeapWatch& operator=(const HostHeapWatch&) = delete;
  ~HostHeapWatch();
};

// The device that programs find. ---------------------------------------------------------------

struct Profile {
  const char* name;
  int major, minor;  ///< compute capability
  int multiprocessors;
  std::size_t shared_per_block;        ///< without asking
  std::size_t shared_per_block_optin;  ///< at most, after cudaFuncSetAttribute
  std::size_t shared_per_multiprocessor;
  int registers_per_multiprocessor;
  int threads_per_multiprocessor;
  int blocks_per_multiprocessor;
  int largest_cluster;  ///< without asking for a size that is not portable; 1: no clusters
  std::size_t memory_bytes;
  std::size_t l2_bytes;
  /// A cluster stays inside a group; of an H200's groups the smallest has 16.
  int multiprocessors_of_a_group = 16;
};
const Profile& h200();
const Profile& a100();
const Profile& rtx4090();
/// From now on; takes effect in new queries and launches.
void set_device(const Profile& profile);

/// The driver's version, as CUDART_VERSION is written: one older than the runtime, or 0 for none,
/// makes every question fail with the real codes. Until `reset_device`.
void set_driver(int version);

/// Ends every queue, forgets errors, reports and faults, and says what was never given back:
/// "2 allocations, 1 stream"; empty where nothing was.
std::string reset_device();

// Faults. ---------------------------------------------------------------------------------------

enum class Call { allocate, launch, copy, product, stream, event, graph, library, query };
/// The k-th call of this kind from now on (0 the next) fails with this code of CUDA's or cuBLAS's.
/// `library` is what makes cuBLASLt's handles and descriptors and finds algorithms; `query` what
/// asks for devices, attributes of kernels, occupancy.
void fail_at(Call call, int k, int code);
/// How many calls of a kind there were since `fail_at` or `reset_device`.
int calls_made(Call call);

/// Counts since `reset_device`.
struct Counters {
  std::int64_t launches = 0;
  std::int64_t switches = 0;
  std::int64_t accesses_checked = 0;  ///< by the race checker, where kernels are compiled for it
};
const Counters& counters();

}  // namespace simt
