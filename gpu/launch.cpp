#include "gpu/launch.hpp"

#include <algorithm>

#include "core/base/check.hpp"

namespace qlab::gpu {

LaunchShape launch_shape(std::int64_t tasks, int team_size, int multiprocessors) {
  QLAB_CHECK(tasks >= 0 && multiprocessors > 0);
  QLAB_CHECK(team_size >= 1 && team_size <= 32 && threads_per_block % team_size == 0);
  constexpr std::int64_t blocks_per_multiprocessor = 32;  // more than are ever resident; the rest evens out the end
  const std::int64_t teams_per_block = threads_per_block / team_size;
  const std::int64_t wanted = (tasks + teams_per_block - 1) / teams_per_block;
  const std::int64_t most = multiprocessors * blocks_per_multiprocessor;
  return {static_cast<unsigned>(std::min(wanted, most)), threads_per_block};
}

int team_size_for(std::int64_t values) {
  int size = 1;
  while (size < 32 && std::int64_t{2} * size * 8 <= values) size *= 2;
  return size;
}

}  // namespace qlab::gpu
