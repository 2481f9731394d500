// Launches: making threads, choosing who runs next, noticing that nobody can.
#include "device/grid.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <numeric>
#include <random>
#include <tuple>
#include <utility>

#include "device/operations.hpp"
#include "race/race.hpp"

// What device code reads as threadIdx and its kin: storage of ours under CUDA's names.
uint3 simt_thread_index asm("threadIdx");
uint3 simt_block_index asm("blockIdx");
dim3 simt_block_dim asm("blockDim");
dim3 simt_grid_dim asm("gridDim");
int simt_warp_size asm("warpSize") = 32;

namespace simt {

Grid* current_grid = nullptr;
Thread* current_thread = nullptr;

namespace {

Schedule the_schedule;
std::mt19937_64 generator(1);
Counters the_counters;
std::vector<Report> reports;

/// Unwinds the thread that reported something.
struct Stopped {};

unsigned volume(const dim3& d) {
  return d.x * d.y * d.z;
}

uint3 position(unsigned linear, const dim3& d) {
  return {linear % d.x, linear / d.x % d.y, linear / (d.x * d.y)};
}

std::string text_of(const uint3& p) {
  return "(" + std::to_string(p.x) + "," + std::to_string(p.y) + "," + std::to_string(p.z) + ")";
}

/// Numbers of clusters in the order in which they begin.
std::vector<unsigned> order_of(unsigned clusters) {
  std::vector<unsigned> order(clusters);
  std::iota(order.begin(), order.end(), 0u);
  if (the_schedule.order == Order::lifo) std::reverse(order.begin(), order.end());
  if (the_schedule.order == Order::random) std::shuffle(order.begin(), order.end(), generator);
  return order;
}

}  // namespace

void set_schedule(const Schedule& schedule) {
  the_schedule = schedule;
  generator.seed(schedule.seed);
}
const Schedule& schedule() {
  return the_schedule;
}
std::vector<Schedule> all_schedules() {
  return {{Order::fifo, 1}, {Order::lifo, 1}, {Order::random, 1}, {Order::random, 2}};
}
std::vector<Schedule> kernel_schedules() {
#ifdef __SANITIZE_ADDRESS__
  return {all_schedules().front()};
#else
  return all_schedules();
#endif
}
std::string to_string(const Schedule& schedule) {
  switch (schedule.order) {
    case Order::fifo: return "fifo";
    case Order::lifo: return "lifo";
    case Order::random: break;
  }
  return "random_" + std::to_string(schedule.seed);
}

std::uint64_t draw(std::uint64_t bound) {
  return generator() % bound;
}
bool wants_switch() {
  return the_schedule.order == Order::random && draw(4) == 0;
}

void report(std::string kind, std::string text) {
  reports.push_back({std::move(kind), std::move(text)});
}
std::vector<Report> take_reports() {
  return std::exchange(reports, {});
}
Counters& mutable_counters() {
  return the_counters;
}
const Counters& counters() {
  return the_counters;
}

const Site& site_of(const char* operation, const char* file, int line) {
  static std::map<std::tuple<const char*, const char*, int>, Site> sites;
  return sites.try_emplace({operation, file, line}, Site{operation, file, line}).first->second;
}
std::string hex(unsigned mask) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", mask);
  return text;
}
std::string name_of(const Thread& thread) {
  return "block " + text_of(thread.block->index) + ", thread " + text_of(thread.index);
}
std::string name_of(const Site& site) {
  return std::string(site.file) + ":" + std::to_string(site.line);
}

Grid::Grid(const LaunchShape& shape, std::function<void()> body_in)
    : body(std::move(body_in)), shape_(shape) {}

Grid::~Grid() {
  release_all();
}

bool Grid::run() {
  ++the_counters.launches;
  current_grid = this;
  simt_block_dim = shape_.block;
  simt_grid_dim = shape_.grid;
  race::begin_launch(volume(shape_.grid) * volume(shape_.block));
  for (const unsigned number : order_of(volume(shape_.grid) / volume(shape_.cluster))) {
    add_cluster(number);
    if (!shape_.cooperative) drain();
    if (stopped_) break;
  }
  if (shape_.cooperative) drain();
  race::end_launch();
  current_grid = nullptr;
  return !stopped_;
}

void Grid::add_cluster(unsigned number) {
  const unsigned size = volume(shape_.cluster), threads = volume(shape_.block);
  clusters_.push_back(std::make_unique<Cluster>());
  Cluster& cluster = *clusters_.back();
  for (unsigned rank = 0; rank < size; ++rank) {
    blocks_.push_back(std::make_unique<Block>());
    Block& block = *blocks_.back();
    block.linear = number * size + rank;
    block.index = position(block.linear, shape_.grid);
    block.rank = rank;
    block.cluster = &cluster;
    block.live = threads;
    block.warps.resize((threads + warp_size - 1) / warp_size);
    make_dynamic_shared(block, shape_.dynamic_shared_bytes);
    cluster.blocks.push_back(&block);
    for (unsigned n = 0; n < threads; ++n) {
      block.threads.push_back(std::make_unique<Thread>());
      Thread& thread = *block.threads.back();
      thread.index = position(n, shape_.block);
      thread.in_block = n;
      thread.lane = n % warp_size;
      thread.id = block.linear * threads + n;
      thread.block = &block;
      thread.warp = &block.warps[n / warp_size];
      thread.warp->lanes[thread.lane] = &thread;
      thread.warp->exists |= 1u << thread.lane;
      thread.warp->live |= 1u << thread.lane;
      thread.fiber.prepare(&Grid::thread_main);
      ready_.push_back(&thread);
      ++live_;
    }
  }
}

void Grid::thread_main() {
  Fiber::entered();
  Thread& thread = current();
  try {
    grid().body();
    grid().finish(thread);
  } catch (const Stopped&) {
    // The scheduler abandons the launch.
  }
  thread.fiber.leave();
}

void Grid::finish(Thread& thread) {
  complete_copies_of(thread);
  if (!thread.fiber.canary_intact())
    stop("stack overflow", name_of(thread) + " used more than the " +
                               std::to_string(Fiber::stack_bytes()) + " bytes of its stack");
  thread.state = State::done;
  thread.warp->live &= ~(1u << thread.lane);
  if (--thread.block->live == 0) end_shared(*thread.block);
  --live_;
  progress();
  thread_ended(thread);
}

void Grid::make_ready(Thread& thread) {
  thread.state = State::ready;
  ready_.push_back(&thread);
}

void Grid::wait(State state, const Site& site) {
  Thread& thread = current();
  thread.state = state;
  thread.site = &site;
  thread.fiber.suspend();
}

void Grid::yield() {
  Thread& thread = current();
  make_ready(thread);
  thread.fiber.suspend();
}

void Grid::poll(const Site& site, bool idle) {
  if (!idle) idle_polls_ = 0;
  Thread& thread = current();
  thread.state = State::polling;
  thread.site = &site;
  polling_.push_back(&thread);
  thread.fiber.suspend();
}

void Grid::stop(std::string kind, std::string text) {
  report(std::move(kind), "kernel " + std::string(shape_.kernel) + ": " + std::move(text));
  stopped_ = true;
  throw Stopped{};
}

Thread* Grid::next() {
  // Who waits for data looks again when a barrier's phase is over, not for every piece of it.
  const std::uint64_t before = changes_;
  while (deliver_async(ready_.empty()) && ready_.empty() && changes_ == before) {
  }
  if (stopped_) return nullptr;
  if (ready_.empty() && !polling_.empty()) {
    // Everybody polls: let all look again, and go on where they read the same twice without waiting
    // for a change; then nobody can change anything.
    constexpr std::uint64_t most_idle_polls = 4096;
    if (idle_polls_++ > most_idle_polls) return nullptr;
    ready_.swap(polling_);
    for (Thread* thread : ready_) thread->state = State::ready;
  }
  if (ready_.empty()) return nullptr;
  if (the_schedule.order == Order::fifo) {
    Thread* thread = ready_.front();
    ready_.pop_front();
    return thread;
  }
  if (the_schedule.order == Order::random) std::swap(ready_.back(), ready_[draw(ready_.size())]);
  Thread* thread = ready_.back();
  ready_.pop_back();
  return thread;
}

void Grid::drain() {
  while (!stopped_) {
    Thread* thread = next();
    if (thread == nullptr) break;
    ++the_counters.switches;
    current_thread = thread;
    simt_thread_index = thread->index;
    simt_block_index = thread->block->index;
    race::enter(*thread);
    thread->fiber.resume();
    race::leave();
    current_thread = nullptr;
  }
  if (!stopped_ && live_ > 0) report_deadlock();
  if (!stopped_) check_async_done();
  release_all();
}

void Grid::report_deadlock() {
  constexpr unsigned most_named = 8;
  std::string text = "kernel " + std::string(shape_.kernel) + ": " + std::to_string(live_) +
                     " threads wait and nobody can go on:";
  unsigned named = 0;
  for (const auto& block : blocks_)
    for (const auto& thread : block->threads) {
      if (thread->state == State::done || named++ >= most_named) continue;
      text += "\n  " + name_of(*thread) + " waits in " + thread->site->operation + " at " +
              name_of(*thread->site);
      if (thread->state == State::in_warp) text += ", mask " + hex(thread->mask);
    }
  if (named > most_named) text += "\n  and " + std::to_string(named - most_named) + " more";
  report("deadlock", text);
  stopped_ = true;
}

void Grid::release_all() {
  ready_.clear();
  polling_.clear();
  for (const auto& block : blocks_) free_shared(*block);
  drop_async();
  blocks_.clear();
  clusters_.clear();
  live_ = 0;
}

}  // namespace simt
