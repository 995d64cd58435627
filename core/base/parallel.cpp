#include "core/base/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace qlab {

int resolve_threads(int threads) {
  if (threads > 0) return threads;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void for_each_piece(std::int64_t count, std::int64_t grain, int threads,
                    const std::function<void(std::int64_t first, std::int64_t last)>& body) {
  const std::int64_t pieces = (count + grain - 1) / grain;
  std::atomic<std::int64_t> next{0};
  const auto work = [&] {
    for (std::int64_t piece = next++; piece < pieces; piece = next++) {
      body(piece * grain, std::min(count, (piece + 1) * grain));
    }
  };
  const auto wanted = static_cast<std::int64_t>(resolve_threads(threads));
  const std::int64_t helpers = std::min(wanted, pieces) - 1;
  std::vector<std::jthread> others;
  for (std::int64_t i = 0; i < helpers; ++i) others.emplace_back(work);
  work();
}

}  // namespace qlab
