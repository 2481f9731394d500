// Fiber: a stack and a place to go on, for one device thread. All fibers run on one host thread.
#pragma once

#include <cstddef>

namespace simt {

/// A suspended flow of control with its stack. Stacks come from a pool and go back to it.
class Fiber {
 public:
  using Entry = void (*)();  // never returns: its last act is `leave`

  Fiber() = default;
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  ~Fiber();

  /// Prepares a fresh stack on which `entry` begins.
  void prepare(Entry entry);

  /// From the scheduler: runs the fiber until it calls `suspend` or `leave`.
  void resume();
  /// From the fiber: back to the scheduler.
  void suspend();
  /// From the fiber: back to the scheduler for good.
  [[noreturn]] void leave();
  /// To be called first on the new stack.
  static void entered();

  /// Whether an address lies on this fiber's stack.
  bool on_stack(const void* address) const {
    const char* p = static_cast<const char*>(address);
    return p >= stack_ && p < stack_ + stack_bytes();
  }
  /// False where the fiber wrote past the end of its stack.
  bool canary_intact() const;

  static std::size_t stack_bytes();
  /// Gives pooled stacks back, so that leak checkers see none.
  static void free_pool();

 private:
  char* stack_ = nullptr;
  void* top_ = nullptr;
  void* fake_stack_ = nullptr;  // AddressSanitizer's
  bool keeps_fake_stack_ = false;
};

}  // namespace simt
