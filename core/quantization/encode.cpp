#include "core/quantization/encode.hpp"

#include <cmath>
#include <numeric>

#include "core/base/instruction_set.hpp"
#include "core/quantization/codebooks.hpp"
#include "core/quantization/encode_loops.hpp"

namespace qlab {
namespace {

/// Which bin a number falls into rises with the number, so below and above a bin's bound all is decided.
bool arrange_bins(EncodePlan& plan, int shift) {
  std::uint32_t smallest = body::magnitude(1);
  for (const float bound : plan.bounds) {
    if (bound != 0) smallest = std::min(smallest, body::magnitude(bound));
  }
  plan.bin_shift = shift;
  plan.bin_floor = smallest >> shift << shift;
  const std::size_t side = ((body::magnitude(1) - plan.bin_floor) >> shift) + 1;
  plan.bins.assign(2 * side, {body::float_of(body::infinity_bits), {0, 0}});
  for (const float bound : plan.bounds) {
    EncodePlan::Bin& bin = plan.bins[loops::bin_of(bound, plan.bin_floor, shift, side)];
    if (std::isfinite(bin.bound)) return false;
    bin.bound = bound;
  }
  std::size_t rank = 0;
  const auto fill = [&](EncodePlan::Bin& bin) {
    bin.code_above[0] = plan.code_of_rank[rank];
    if (std::isfinite(bin.bound)) ++rank;
    bin.code_above[1] = plan.code_of_rank[rank];
  };
  std::for_each(plan.bins.rbegin(), plan.bins.rbegin() + static_cast<std::ptrdiff_t>(side), fill);
  std::for_each(plan.bins.begin(), plan.bins.begin() + static_cast<std::ptrdiff_t>(side), fill);
  return true;
}

void prepare_bins(EncodePlan& plan) {
  for (int kept_bits = 6; kept_bits <= 8; ++kept_bits) {  // of the mantissa; 64 to 256 bins an octave
    if (arrange_bins(plan, 23 - kept_bits)) return;
  }
  plan.bins.clear();
}

void prepare_few(EncodePlan& plan) {
  plan.has_few = true;
  plan.few.fill(body::float_of(body::infinity_bits));
  for (std::size_t k = 0; k < plan.bounds.size(); ++k) {
    plan.few[k] = plan.bounds[k];
    plan.few_steps[k] = plan.code_of_rank[k + 1] - plan.code_of_rank[k];
  }
}

/// bitsandbytes' table: each bin gets the code of the one point of [-1, 1] that stands for it.
void prepare_library_codes(EncodePlan& plan) {
  constexpr int bins = 65536;
  std::size_t rank = 0;
  for (int bin = 0; bin < bins; ++bin) {
    const float point = -1.0F + 2.0F * static_cast<float>(bin) / static_cast<float>(bins - 1);
    while (rank < plan.bounds.size() && point > plan.bounds[rank]) ++rank;
    plan.library_codes.push_back(plan.code_of_rank[rank]);
  }
}

}  // namespace

EncodePlan::EncodePlan(const QuantizeSettings& settings)
    : bits(settings.format.bits),
      block_size(settings.block_size),
      code_rule(settings.format.code_rule),
      scale_rule(settings.format.scale_rule) {
  if (code_rule == CodeRule::linear) {
    const bool around_zero = scale_rule == ScaleRule::absmax || scale_rule == ScaleRule::signed_absmax;
    zero_code = static_cast<std::uint8_t>(around_zero ? 1 << (bits - 1) : 0);
    return;
  }
  short_block_divides = bits < 8;
  const std::vector<float>& codebook = settings.format.codebook;
  code_of_rank.resize(codebook.size());
  std::iota(code_of_rank.begin(), code_of_rank.end(), std::uint8_t{0});
  // Stable: of two codes for one level, such as FP4's zeros, the lower one comes first.
  std::stable_sort(code_of_rank.begin(), code_of_rank.end(),
                   [&](std::uint8_t a, std::uint8_t b) { return codebook[a] < codebook[b]; });
  std::vector<float> ascending;
  for (const std::uint8_t code : code_of_rank) ascending.push_back(codebook[code]);
  bounds = decision_bounds(ascending);
  for (float& bound : bounds) bound += 0.0F;  // -0 would be told from 0 by its bits
  zero_code = code_of_rank[body::rank_of(0, bounds.data(), static_cast<int>(bounds.size()))];
  if (bounds.size() <= few_bounds) {
    prepare_few(*this);
  } else {
    prepare_bins(*this);
  }
  if (bits == 8 && settings.compatibility == Compatibility::bitsandbytes) prepare_library_codes(*this);
}

EncodedBlocks EncodedBlocks::from_block(std::int64_t block, const EncodePlan& plan) const {
  EncodedBlocks later;
  later.packed = packed + block * plan.block_size * plan.bits / 8;
  later.scale = scale + block;
  if (minimum != nullptr) later.minimum = minimum + block;
  if (zero_points != nullptr) later.zero_points = zero_points + block * plan.bits / 8;
  return later;
}

std::uint32_t encode_plain(const EncodePlan& plan, const float* values, std::int64_t count, const EncodedBlocks& out) {
  return loops::encode_run<true>(plan, values, count, out);
}

std::uint32_t encode_portable(const EncodePlan& plan, const float* values, std::int64_t count,
                              const EncodedBlocks& out) {
  return loops::encode_run<false>(plan, values, count, out);
}

std::vector<EncodeVariant> encode_variants() {
  std::vector<EncodeVariant> variants = {{"plain", encode_plain}, {"portable", encode_portable}};
#if defined(__x86_64__)
  if (has_avx2()) variants.push_back({"avx2", encode_avx2});
  if (has_avx512()) variants.push_back({"avx512", encode_avx512});
#endif
  return variants;
}

}  // namespace qlab
