#include "core/quantization/decode.hpp"

#include <algorithm>

#include "core/base/instruction_set.hpp"
#include "core/quantization/block_body.hpp"

namespace qlab {
namespace {

/// Beyond this size an output leaves the caches before anybody reads it.
constexpr std::int64_t past_caches_values = std::int64_t{4} << 20;

const float* exact(const BlockConstants& constants, std::vector<float>& memory) {
  if (constants.type == ConstantType::fp32) return constants.fp32.data();
  memory = constants.decode();
  return memory.data();
}

body::DecodeBlock block_at(const DecodePlan& plan, std::int64_t block) {
  return body::decode_block(plan.scale, plan.minimum, plan.zero_points, plan.bits, block);
}

void decode_block_of_4_bits(const DecodePlan& plan, const body::DecodeBlock& block, const std::uint8_t* packed,
                            std::int64_t n, float* out) {
  float value[16];
  for (int code = 0; code < 16; ++code) value[code] = body::decode_level(block, plan.levels[code]);
  for (std::int64_t i = 0; i + 1 < n; i += 2) {
    out[i] = value[packed[i / 2] >> 4];
    out[i + 1] = value[packed[i / 2] & 15];
  }
  if (n % 2 == 1) out[n - 1] = value[packed[n / 2] >> 4];
}

}  // namespace

DecodePlan::DecodePlan(const QuantizedTensor& tensor)
    : bits(tensor.format.bits),
      block_size(tensor.block_size),
      past_caches(tensor.size > past_caches_values),
      levels(code_levels(tensor.format)),
      packed(tensor.packed.data()),
      scale(exact(tensor.scale, decoded_scale_)),
      minimum(tensor.format.scale_rule == ScaleRule::min_max ? exact(tensor.minimum, decoded_minimum_) : nullptr),
      zero_points(tensor.format.scale_rule == ScaleRule::min_max_zero_point ? tensor.zero_points.data() : nullptr) {
  levels.resize(std::size_t{1} << bits);  // codes without a level: only in a hostile file
}

void decode_plain(const DecodePlan& plan, std::int64_t first, std::int64_t count, float* out) {
  for (std::int64_t i = 0; i < count; ++i) {
    const body::DecodeBlock block = block_at(plan, (first + i) / plan.block_size);
    out[i] = body::decode_level(block, plan.levels[body::code_at(plan.packed, first + i, plan.bits)]);
  }
}

void decode_portable(const DecodePlan& plan, std::int64_t first, std::int64_t count, float* out) {
  for (std::int64_t done = 0; done < count; done += plan.block_size) {
    const std::int64_t start = first + done;
    const std::int64_t n = std::min<std::int64_t>(plan.block_size, count - done);
    const body::DecodeBlock block = block_at(plan, start / plan.block_size);
    if (plan.bits == 4 && start % 2 == 0) {
      decode_block_of_4_bits(plan, block, plan.packed + start / 2, n, out + done);
    } else if (plan.bits == 8) {
      for (std::int64_t i = 0; i < n; ++i) {
        out[done + i] = body::decode_level(block, plan.levels[plan.packed[start + i]]);
      }
    } else {
      for (std::int64_t i = 0; i < n; ++i) {
        out[done + i] = body::decode_level(block, plan.levels[body::code_at(plan.packed, start + i, plan.bits)]);
      }
    }
  }
}

std::vector<DecodeVariant> decode_variants() {
  std::vector<DecodeVariant> variants = {{"plain", decode_plain}, {"portable", decode_portable}};
#if defined(__x86_64__)
  if (has_avx2()) variants.push_back({"avx2", decode_avx2});
  if (has_avx512()) variants.push_back({"avx512", decode_avx512});
#endif
  return variants;
}

}  // namespace qlab
