// A team: the threads that share one piece of a kernel's work. A kernel's body is written once for any team, so that a
// processor can run it too (a team of one), which is how the bodies are tested where there is no GPU.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "core/base/hd.hpp"

namespace qlab::gpu {

/// A thread by itself.
struct Alone {
  QLAB_HD int rank() const { return 0; }
  QLAB_HD int size() const { return 1; }
  QLAB_HD std::uint32_t max(std::uint32_t x) const { return x; }
  QLAB_HD std::int32_t max(std::int32_t x) const { return x; }
  QLAB_HD std::int32_t min(std::int32_t x) const { return x; }
};

#ifdef __CUDACC__
/// `count` neighbouring threads of a warp, a power of two. All of them must call max and min together.
template <int count>
class Lanes {
 public:
  static_assert(count >= 1 && count <= 32 && (count & (count - 1)) == 0);

  __device__ Lanes() {
    const unsigned lane = threadIdx.x % 32;
    const unsigned all = count == 32 ? 0xffffffffU : (1U << count % 32) - 1;
    mask_ = all << (lane / count * count);
  }
  __device__ int rank() const { return static_cast<int>(threadIdx.x % count); }
  __device__ int size() const { return count; }
  __device__ std::uint32_t max(std::uint32_t x) const {
    return reduce(x, [](std::uint32_t a, std::uint32_t b) { return a > b ? a : b; });
  }
  __device__ std::int32_t max(std::int32_t x) const {
    return reduce(x, [](std::int32_t a, std::int32_t b) { return a > b ? a : b; });
  }
  __device__ std::int32_t min(std::int32_t x) const {
    return reduce(x, [](std::int32_t a, std::int32_t b) { return a < b ? a : b; });
  }

 private:
  template <class T, class Pick>
  __device__ T reduce(T x, Pick pick) const {
#pragma unroll
    for (int distance = count / 2; distance > 0; distance /= 2) x = pick(x, __shfl_xor_sync(mask_, x, distance, count));
    return x;
  }

  unsigned mask_;
};
#endif

}  // namespace qlab::gpu
