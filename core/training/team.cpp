#include "core/training/team.hpp"

#include <algorithm>

#include "core/base/parallel.hpp"

namespace qlab::training {
namespace {

/// Looks for a while before it sleeps: the next job usually comes within microseconds, waking takes many.
template <class T>
void wait_while(const std::atomic<T>& value, T old) {
  for (int look = 0; look < 4000; ++look) {
    if (value.load(std::memory_order_acquire) != old) return;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  value.wait(old);
}

}  // namespace

Team::Team(int threads) {
  const int others = resolve_threads(threads) - 1;
  others_.reserve(static_cast<std::size_t>(others));
  for (int i = 0; i < others; ++i) others_.emplace_back([this, i] { serve(i + 1); });
}

Team::~Team() {
  over_ = true;
  ++round_;
  round_.notify_all();
}

// A helper that wakes late finds the job closed and goes back to sleep; nobody waits for it.
void Team::for_each_piece(std::int64_t count, std::int64_t grain,
                          const std::function<void(std::int64_t first, std::int64_t last, int worker)>& body) {
  body_ = &body;
  count_ = count;
  grain_ = grain;
  next_ = 0;
  if (count <= grain || others_.empty()) return take_pieces(0);
  open_ = true;
  ++round_;
  round_.notify_all();
  take_pieces(0);
  open_ = false;
  for (int inside = inside_; inside != 0; inside = inside_) wait_while(inside_, inside);
}

void Team::take_pieces(int worker) {
  const std::int64_t pieces = (count_ + grain_ - 1) / grain_;
  for (std::int64_t piece = next_++; piece < pieces; piece = next_++) {
    (*body_)(piece * grain_, std::min(count_, (piece + 1) * grain_), worker);
  }
}

void Team::serve(int worker) {
  for (std::uint32_t seen = 0;;) {
    wait_while(round_, seen);
    seen = round_;
    if (over_) return;
    ++inside_;
    if (open_) take_pieces(worker);
    if (--inside_ == 0) inside_.notify_one();
  }
}

}  // namespace qlab::training
