// Threads that stay: a training step hands out hundreds of small jobs, and starting threads for each would cost more
// than many of them. The pieces of a job do not depend on the number of threads, as with for_each_piece().
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace qlab::training {

class Team {
 public:
  /// `threads` in all, the calling one included; 0 means all processors.
  explicit Team(int threads);
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team();

  int threads() const { return static_cast<int>(others_.size()) + 1; }

  /// body(first, last, worker) for the pieces [0, grain), [grain, 2 grain) ... of [0, count); worker < threads() says
  /// whose scratch to use. Returns when every piece is done. body must not throw, nor call the team.
  void for_each_piece(std::int64_t count, std::int64_t grain,
                      const std::function<void(std::int64_t first, std::int64_t last, int worker)>& body);

 private:
  void take_pieces(int worker);
  void serve(int worker);

  // The job: written while it is closed, read by who is inside and found it open.
  const std::function<void(std::int64_t, std::int64_t, int)>* body_ = nullptr;
  std::int64_t count_ = 0;
  std::int64_t grain_ = 1;
  std::atomic<std::int64_t> next_{0};
  std::atomic<bool> open_{false};
  std::atomic<int> inside_{0};           // helpers that may be at work
  std::atomic<std::uint32_t> round_{0};  // jobs handed out so far
  std::atomic<bool> over_{false};
  std::vector<std::jthread> others_;
};

}  // namespace qlab::training
