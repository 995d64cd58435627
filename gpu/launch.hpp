// How many threads a kernel is given. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace qlab::gpu {

struct LaunchShape {
  unsigned blocks = 0;  ///< of the grid; 0: there is nothing to do, and a kernel must not be launched
  unsigned threads = 0;
};

inline constexpr int threads_per_block = 256;

/// A grid for `tasks` teams of `team_size` threads, a power of two up to 32. It fills the processor's multiprocessors a
/// few times over and no more: teams walk on through the tasks, so any number of them runs in one launch.
LaunchShape launch_shape(std::int64_t tasks, int team_size, int multiprocessors);

/// The team for a block: one thread for eight values, a power of two up to 32.
int team_size_for(std::int64_t values);

}  // namespace qlab::gpu
