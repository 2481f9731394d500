// What a device owes to its process: as many threads as may run at a time, and a child after fork()
// that can end.
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "device.hpp"
#include "sanitizers.hpp"

namespace takt {
namespace {

/// Runs `f` in a forked child, which a signal ends after 20 s; its exit code, or -1.
template <class F>
int in_child(F f) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    std::exit(f());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// How many threads of a cpu device run, when all are asked to: waits until each has.
int threads_that_run(const Device& device) {
  std::atomic<int> ran = 0;
  cpu::ThreadPool& pool = *device.state()->pool;
  const auto lock = pool.reserve();
  pool.run(pool.threads(), [&](int) { ++ran; });
  return ran;
}

TEST(DeviceThreads, AreThoseOfTheAffinity) {
  // In a child: the affinity of this process stays as it is.
  EXPECT_EQ(in_child([] {
              cpu_set_t all, one;
              if (sched_getaffinity(0, sizeof all, &all) != 0) return 100;
              CPU_ZERO(&one);
              for (std::size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu)
                if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &one);
              if (sched_setaffinity(0, sizeof one, &one) != 0) return 101;
              return Device::cpu().threads();
            }),
            1);
}

TEST(DeviceAfterFork, TheChildCanEndAndCallsAreRefused) {
#ifdef TAKT_THREAD_SANITIZER
  GTEST_SKIP() << "ThreadSanitizer does not follow a fork of a process with threads";
#endif
  // Static: the child's exit destroys all that holds the device, and so the device.
  static const Device device = Device::cpu({.threads = 3});
  static const Stream stream(device);
  const RnnSpec spec{.cell = "rnn_relu", .input_size = 1, .hidden_size = 1};
  static const Plan plan(spec, {.T = 3, .B = 1}, Mode::inference, device);
  const std::vector<float> x{1, 2, 3}, W{1}, R{1}, b{0};
  std::vector<float> y(3);
  static Memory memory(plan);
  const Inputs inputs{.x = x, .weights = {{.W = W, .R = R, .bW = b, .bR = b}}};
  plan.forward(inputs, {.y = y}, memory, stream);
  EXPECT_EQ(y, (std::vector<float>{1, 3, 6}));
  // AddressSanitizer's start of a thread takes locks of its heap, and fork() copies them as they
  // are: a child forked meanwhile would wait for them without end. After this no thread starts.
  EXPECT_EQ(threads_that_run(device), 3);

  EXPECT_EQ(
      in_child([&] {
        try {
          plan.forward(inputs, {.y = y}, memory, stream);
          return 1;
        } catch (const ArgumentError& error) {
          if (error.what() !=
              std::string(
                  "takt: forward: 'device' of this plan was made before fork(); a child process "
                  "needs devices of its own"))
            return 2;
        }
        const Device own = Device::cpu({.threads = 3});
        const Plan again(spec, {.T = 3, .B = 1}, Mode::inference, own);
        again.forward(inputs, {.y = y}, memory, stream);
        return threads_that_run(own) == 3 ? 0 : 3;
      }),
      0);
}

}  // namespace
}  // namespace takt
