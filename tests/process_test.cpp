// What a device owes to its process: as many threads as may run at a time, and a child after fork()
// that can end.
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

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
  static const Device device = Device::cpu({.threads = 3});  // destroyed at the child's exit
  const Stream stream(device);
  const RnnSpec spec{.cell = "rnn_relu", .input_size = 1, .hidden_size = 1};
  const Plan plan(spec, {.T = 3, .B = 1}, Mode::inference, device);
  const std::vector<float> x{1, 2, 3}, W{1}, R{1}, b{0};
  std::vector<float> y(3);
  Memory memory(plan);
  const Inputs inputs{.x = x, .weights = {{.W = W, .R = R, .bW = b, .bR = b}}};
  plan.forward(inputs, {.y = y}, memory, stream);
  EXPECT_EQ(y, (std::vector<float>{1, 3, 6}));

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
        return 0;
      }),
      0);
}

}  // namespace
}  // namespace takt
