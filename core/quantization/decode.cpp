#include "core/quantization/decode.hpp"

#include <algorithm>

#include "core/quantization/block_body.hpp"

namespace qlab {

void decode_plain(const DecodePlan& plan, std::int64_t first, std::int64_t count, float* out) {
  for (std::int64_t done = 0; done < count; done += plan.block_size) {
    const std::int64_t start = first + done;
    const std::int64_t block = start / plan.block_size;
    const std::int64_t n = std::min<std::int64_t>(plan.block_size, count - done);
    const int zero_point = plan.zero_points == nullptr ? 0 : body::code_at(plan.zero_points, block, plan.bits);
    for (std::int64_t i = 0; i < n; ++i) {
      const float level = plan.levels[body::code_at(plan.packed, start + i, plan.bits)];
      const float scaled = (level - static_cast<float>(zero_point)) * plan.scale[block];
      out[done + i] = plan.minimum == nullptr ? scaled : scaled + plan.minimum[block];
    }
  }
}

}  // namespace qlab
