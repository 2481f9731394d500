// What stands behind the emulated runtime: queues that run only when somebody waits, and the
// memory that only the device may touch.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <cuda_runtime_api.h>

#include "runtime/heap.hpp"
#include "simt.hpp"

namespace simt {

/// Something enqueued: runs once `ready`, on the device.
struct Operation {
  std::function<void()> run;
  std::function<bool()> ready;  ///< empty: always
};

}  // namespace simt

struct CUstream_st {
  std::uint64_t number = 0;  ///< in the order of creation; the default stream is 0
  std::deque<simt::Operation> queue;
  bool blocking = true;  ///< the default stream is shut while it captures
  bool capturing = false;
  bool capture_broken = false;
  cudaStreamCaptureMode capture_mode = cudaStreamCaptureModeGlobal;
  std::thread::id capture_thread;
  std::uint64_t capture = 0;  ///< its number among all captures, from 1
  std::vector<simt::Operation> captured;
};
struct CUevent_st {
  std::shared_ptr<bool> reached;  ///< of the latest record; null: never recorded
  bool timing = true;
  std::uint64_t capture = 0;  ///< in which it was last recorded; 0: in none
  std::chrono::steady_clock::time_point time;
};
struct CUgraph_st {
  std::vector<simt::Operation> nodes;
};
struct CUgraphExec_st {
  std::vector<simt::Operation> nodes;
};

namespace simt {

struct Allocation {
  std::size_t bytes;
  bool on_device;      ///< else pinned host memory
  bool freed = false;  ///< as soon as its stream gets there
};

struct Runtime {
  std::recursive_mutex mutex;
  Profile profile = h200();
  int driver_version = CUDART_VERSION;  ///< 0: none
  CUstream_st default_stream;
  std::set<CUstream_st*> streams;
  std::uint64_t streams_made = 0;
  std::vector<std::unique_ptr<CUstream_st>> retired;  ///< destroyed, with work still to do
  std::map<CUevent_st*, std::shared_ptr<CUevent_st>> events;
  std::set<CUgraph_st*> graphs;
  std::set<CUgraphExec_st*> executables;
  std::map<char*, Allocation> allocations;
  std::map<const void*, std::size_t> shared_limits;    ///< by kernel, where asked for
  std::set<const void*> wide_clusters;                 ///< kernels that asked for clusters over 8
  std::map<const void*, std::string> library_objects;  ///< what is not destroyed: "cuBLASLt handle"
  cudaError_t sticky_error = cudaSuccess;
  std::uint64_t captures = 0;
  struct Fault {
    int countdown = -1;
    int code = 0;
    int calls = 0;
  };
  std::map<Call, Fault> faults;
  int device_is_open = 0;
};
Runtime& runtime();

/// A call of the program's into the emulation: one at a time.
class Entry {
 public:
  Entry() : lock_(runtime().mutex) {}

 private:
  Unwatched unwatched_;
  std::scoped_lock<std::recursive_mutex> lock_;
};

/// Remembers an error as cudaGetLastError gives it to this thread, and returns it.
cudaError_t failed(cudaError_t error);
extern constinit thread_local cudaError_t last_error;

/// Where the driver is too old, or is not there at all: it fails every call.
cudaError_t refused_by_driver();
/// Of every question for devices, attributes of kernels, occupancy.
cudaError_t refused_query();

/// The code with which this call is to fail; 0 where it goes on.
int fault(Call call);

/// Null stands for the default stream; nullptr is returned for what is no stream.
CUstream_st* find_stream(cudaStream_t stream);
bool anybody_captures();
/// The stream for more work. Refused are what is none, the default stream while a blocking one
/// captures, and a stream whose capture is broken.
cudaError_t open_stream(cudaStream_t handle, CUstream_st** stream);
/// Of calls that a capture cannot see: refused, and it is broken, where its mode says so.
cudaError_t refuse_unseen();

/// Enqueues, or adds to the capture.
void enqueue(CUstream_st* stream, Operation operation);
/// Runs queues until `done`, `first` before all others; the others lazily, so that a forgotten
/// dependency shows.
void pump(const std::function<bool()>& done, CUstream_st* first = nullptr);
/// Runs one operation, of this stream if it can go on; false where nobody can.
bool run_one(CUstream_st* first = nullptr);
/// Whether all queues are empty.
bool idle();

/// While one lives, memory of the device may be touched by this program.
class DeviceTurn {
 public:
  DeviceTurn();
  DeviceTurn(const DeviceTurn&) = delete;
  DeviceTurn& operator=(const DeviceTurn&) = delete;
  ~DeviceTurn();
};

/// The allocation that holds all of these bytes, or null.
const Allocation* find_allocation(const void* begin, std::size_t bytes);

}  // namespace simt
