#include "core/quantization/encode.hpp"

#include <algorithm>
#include <numeric>

#include "core/quantization/block_body.hpp"
#include "core/quantization/codebooks.hpp"

namespace qlab {
namespace {

constexpr int bin_count = 65536;

/// bitsandbytes' table: each bin gets the code of the one point of [-1, 1] that stands for it.
std::vector<std::uint8_t> codes_of_bins(std::span<const float> bounds, std::span<const std::uint8_t> code_of_rank) {
  std::vector<std::uint8_t> codes;
  for (int bin = 0; bin < bin_count; ++bin) {
    const float point = -1.0F + 2.0F * static_cast<float>(bin) / static_cast<float>(bin_count - 1);
    codes.push_back(code_of_rank[body::rank_of(point, bounds.data(), static_cast<int>(bounds.size()))]);
  }
  return codes;
}

/// Fills `codes` and returns the block's absmax, as it is stored, and largest magnitude.
struct LevelBlock {
  float absmax;
  std::uint32_t largest;
};

LevelBlock encode_levels(const EncodePlan& plan, const float* x, std::int64_t n, std::uint8_t* codes) {
  const std::uint32_t largest = body::largest_magnitude(x, n);
  const float absmax = body::float_of(largest);
  const float usable = body::usable_absmax(absmax);
  const float factor = 1.0F / usable;
  const int bound_count = static_cast<int>(plan.bounds.size());
  if (plan.reads_bins) {
    for (std::int64_t i = 0; i < n; ++i) {
      codes[i] = largest == 0 ? 0 : plan.code_of_bin[body::library_bin(x[i] * (1.0F / absmax))];
    }
    return {absmax, largest};
  }
  if (n < plan.block_size && plan.short_block_divides) {
    for (std::int64_t i = 0; i < n; ++i) {
      codes[i] = plan.code_of_rank[body::rank_of(x[i] / usable, plan.bounds.data(), bound_count)];
    }
    return {usable, largest};
  }
  for (std::int64_t i = 0; i < n; ++i) {
    codes[i] = plan.code_of_rank[body::rank_of(x[i] * factor, plan.bounds.data(), bound_count)];
  }
  return {absmax, largest};
}

}  // namespace

EncodePlan::EncodePlan(const QuantizeSettings& settings)
    : bits(settings.format.bits),
      block_size(settings.block_size),
      code_rule(settings.format.code_rule),
      scale_rule(settings.format.scale_rule),
      short_block_divides(bits < 8),
      reads_bins(code_rule == CodeRule::nearest_level && bits == 8 &&
                 settings.compatibility == Compatibility::bitsandbytes) {
  if (code_rule == CodeRule::linear) {
    const bool around_zero = scale_rule == ScaleRule::absmax || scale_rule == ScaleRule::signed_absmax;
    zero_code = static_cast<std::uint8_t>(around_zero ? 1 << (bits - 1) : 0);
    return;
  }
  const std::vector<float>& codebook = settings.format.codebook;
  code_of_rank.resize(codebook.size());
  std::iota(code_of_rank.begin(), code_of_rank.end(), std::uint8_t{0});
  // Stable: of two codes for one level, such as FP4's zeros, the lower one comes first.
  std::stable_sort(code_of_rank.begin(), code_of_rank.end(),
                   [&](std::uint8_t a, std::uint8_t b) { return codebook[a] < codebook[b]; });
  std::vector<float> ascending;
  for (const std::uint8_t code : code_of_rank) ascending.push_back(codebook[code]);
  bounds = decision_bounds(ascending);
  zero_code = code_of_rank[body::rank_of(0, bounds.data(), static_cast<int>(bounds.size()))];
  if (reads_bins) code_of_bin = codes_of_bins(bounds, code_of_rank);
}

std::uint32_t encode_plain(const EncodePlan& plan, const float* values, std::int64_t count, const EncodedBlocks& out) {
  // Eight blocks at a time: their packed codes and zero points end at a byte's edge whatever the width of a code.
  const std::int64_t stripe = std::int64_t{8} * plan.block_size;
  std::vector<std::uint8_t> codes(stripe);
  std::uint32_t largest = 0;
  for (std::int64_t first = 0; first < count; first += stripe) {
    const std::int64_t size = std::min(stripe, count - first);
    const std::int64_t first_block = first / plan.block_size;
    std::uint8_t zero_points[8] = {};
    for (std::int64_t start = 0, b = 0; start < size; start += plan.block_size, ++b) {
      const std::int64_t n = std::min<std::int64_t>(plan.block_size, size - start);
      const float* x = values + first + start;
      if (plan.code_rule == CodeRule::nearest_level) {
        const LevelBlock block = encode_levels(plan, x, n, &codes[start]);
        out.scale[first_block + b] = block.absmax;
        largest = std::max(largest, block.largest);
        continue;
      }
      const body::LinearBlock block = body::linear_block(plan.scale_rule, plan.bits, x, n);
      for (std::int64_t i = 0; i < n; ++i) {
        codes[start + i] = static_cast<std::uint8_t>(body::linear_code(plan.scale_rule, plan.bits, block, x[i]));
      }
      out.scale[first_block + b] = block.scale;
      if (out.minimum != nullptr) out.minimum[first_block + b] = block.minimum;
      zero_points[b] = static_cast<std::uint8_t>(block.zero_point);
      largest = std::max(largest, block.largest);
    }
    std::fill_n(codes.begin() + size, -size & 7, plan.zero_code);
    body::pack_codes(codes.data(), size, plan.bits, out.packed + first * plan.bits / 8);
    if (out.zero_points != nullptr) {
      const std::int64_t blocks = (size + plan.block_size - 1) / plan.block_size;
      body::pack_codes(zero_points, blocks, plan.bits, out.zero_points + first_block * plan.bits / 8);
    }
  }
  return largest;
}

}  // namespace qlab
