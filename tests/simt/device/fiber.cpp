// Switching between the scheduler's stack and those of fibers.
#include "device/fiber.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <stdexcept>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#ifndef __x86_64__
#error "the emulated device switches stacks in x86-64 assembly"
#endif

// void simt_switch(void** from, void* to): saves what the calling convention wants kept, with the
// stack's top in *from, and goes on at `to`.
extern "C" void simt_switch(void** from, void* to);
asm(R"(
.text
.globl simt_switch
.type simt_switch,@function
simt_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp,(%rdi)
  movq %rsi,%rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size simt_switch,.-simt_switch
)");

namespace simt {
namespace {

constexpr std::uint64_t canary = 0x5AFE57AC5AFE57ACu;
constexpr std::size_t canary_words = 8;
constexpr int saved_registers = 6;

void* scheduler_top = nullptr;
const void* scheduler_bottom = nullptr;
std::size_t scheduler_bytes = 0;

void* entering_fake_stack = nullptr;  // of the fiber that begins

/// A stack, and the one beside it on which AddressSanitizer keeps locals to see them used after
/// their function's return: made anew for each device thread, it would cost more than all else. It
/// is large, so that only some stacks keep theirs.
struct Stack {
  char* memory;
  void* fake;
};
constexpr int most_fake_stacks = 1024;
int fake_stacks = 0;

/// Taken from the back, where those with a fake one lie.
std::deque<Stack>& pool() {
  static std::deque<Stack> stacks;
  return stacks;
}

Stack take_stack() {
  if (!pool().empty()) {
    const Stack stack = pool().back();
    pool().pop_back();
    return stack;
  }
  void* memory = mmap(nullptr, Fiber::stack_bytes(), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::runtime_error("simt: no memory for another device thread");
  return {static_cast<char*>(memory), nullptr};
}

void before_switch([[maybe_unused]] void** fake_stack, [[maybe_unused]] const void* bottom,
                   [[maybe_unused]] std::size_t bytes) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_start_switch_fiber(fake_stack, bottom, bytes);
#endif
}

void after_switch([[maybe_unused]] void* fake_stack, [[maybe_unused]] const void** bottom,
                  [[maybe_unused]] std::size_t* bytes) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(fake_stack, bottom, bytes);
#endif
}

}  // namespace

std::size_t Fiber::stack_bytes() {
#ifdef __SANITIZE_ADDRESS__
  return 256 * 1024;
#else
  return 64 * 1024;
#endif
}

Fiber::~Fiber() {
  if (stack_ == nullptr) return;
  if (fake_stack_ == nullptr)
    pool().push_front({stack_, nullptr});
  else
    pool().push_back({stack_, fake_stack_});
}

void Fiber::prepare(Entry entry) {
  if (stack_ == nullptr) {
    const Stack taken = take_stack();
    stack_ = taken.memory;
    fake_stack_ = taken.fake;
    keeps_fake_stack_ = taken.fake != nullptr;
  }
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(stack_, stack_bytes());  // what an abandoned launch left
#endif
  for (std::size_t word = 0; word < canary_words; ++word)
    std::memcpy(stack_ + word * sizeof canary, &canary, sizeof canary);
  // Tops of stacks at different places in their pages, so that they do not share cache sets.
  static std::size_t colour = 0;
  void** top = reinterpret_cast<void**>(stack_ + stack_bytes() - (colour++ % 61) * 128);
  *--top = nullptr;  // the return address of `entry`; keeps the stack aligned as after a call
  *--top = reinterpret_cast<void*>(entry);
  for (int n = 0; n < saved_registers; ++n) *--top = nullptr;
  top_ = top;
}

void Fiber::resume() {
  void* fake_stack = nullptr;
  entering_fake_stack = fake_stack_;
  before_switch(&fake_stack, stack_, stack_bytes());
  simt_switch(&scheduler_top, top_);
  after_switch(fake_stack, nullptr, nullptr);
}

void Fiber::suspend() {
  before_switch(&fake_stack_, scheduler_bottom, scheduler_bytes);
  simt_switch(&top_, scheduler_top);
  after_switch(fake_stack_, &scheduler_bottom, &scheduler_bytes);
}

void Fiber::leave() {
  if (!keeps_fake_stack_ && fake_stacks < most_fake_stacks) {
    keeps_fake_stack_ = true;
    ++fake_stacks;
  }
  if (!keeps_fake_stack_) fake_stack_ = nullptr;
  before_switch(keeps_fake_stack_ ? &fake_stack_ : nullptr, scheduler_bottom, scheduler_bytes);
  simt_switch(&top_, scheduler_top);
  __builtin_unreachable();
}

void Fiber::entered() {
  after_switch(entering_fake_stack, &scheduler_bottom, &scheduler_bytes);
}

bool Fiber::canary_intact() const {
  std::uint64_t word = 0;
  for (std::size_t n = 0; n < canary_words; ++n) {
    std::memcpy(&word, stack_ + n * sizeof canary, sizeof canary);
    if (word != canary) return false;
  }
  return true;
}

void Fiber::free_pool() {
  for (const Stack& stack : pool()) munmap(stack.memory, stack_bytes());
  pool().clear();
}

}  // namespace simt
