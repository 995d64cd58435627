// The encoding loops for AVX2 and AVX-512, and AVX-512's own kernel for codebooks of at most 16 levels.
//
// Levels that lie far enough apart, as NF4's do, take no search: [-1, 1] is cut into 30 equal bins, each holding at
// most one bound, and two table look-ups in a register give a value's lowest possible code and the one bound to compare
// with. The bin function only has to be monotone for that to be exact; its table is made by asking the function itself.
// Other codebooks are searched, four look-ups deep. Both read a block once from memory.
#if defined(__x86_64__)
#include <immintrin.h>

#include "core/base/instruction_set.hpp"
#include "core/quantization/encode_loops.hpp"

namespace qlab {
namespace {

constexpr int lanes = 16;
constexpr int bins = 32;

/// The bin of v in [-1 - ulp, 1 + ulp], 1 to 31: the low bits of 15 v + 16 + 2^23, rounded once.
QLAB_AVX512 inline __m512i bin_of(__m512 v) {
  return _mm512_castps_si512(_mm512_fmadd_ps(v, _mm512_set1_ps(15), _mm512_set1_ps(8388608 + 16)));
}

struct BinTable {
  bool usable = false;  ///< no bin holds two bounds, and codes rise by one from level to level
  alignas(64) float bound[bins];
  alignas(64) std::int32_t code[bins];
};

QLAB_AVX512 BinTable make_bins(const EncodePlan& plan) {
  BinTable table;
  std::fill_n(table.bound, bins, body::float_of(body::infinity_bits));
  int held[bins] = {};
  for (const float bound : plan.bounds) {
    const int bin = _mm512_cvtsi512_si32(bin_of(_mm512_set1_ps(bound))) & (bins - 1);
    table.bound[bin] = bound;
    ++held[bin];
  }
  int below = 0;
  for (int bin = 0; bin < bins; ++bin) {
    table.code[bin] = plan.code_of_rank[below];
    below += held[bin];
  }
  const bool rising = std::all_of(plan.few_steps.begin(), plan.few_steps.begin() + plan.bounds.size(),
                                  [](std::int32_t step) { return step == 1; });
  table.usable = rising && *std::max_element(held, held + bins) <= 1;
  return table;
}

/// Codes by bins. v > bound, and the code that is one higher.
struct BinCoder {
  __m512 bound_low, bound_high;
  __m512i code_low, code_high;

  QLAB_AVX512 explicit BinCoder(const BinTable& table)
      : bound_low(_mm512_load_ps(table.bound)),
        bound_high(_mm512_load_ps(table.bound + lanes)),
        code_low(_mm512_load_si512(table.code)),
        code_high(_mm512_load_si512(table.code + lanes)) {}

  QLAB_AVX512 QLAB_INLINE __m512i operator()(__m512 v) const {
    const __m512i bin = bin_of(v);  // the look-ups read its low five bits only
    const __m512 bound = _mm512_permutex2var_ps(bound_low, bin, bound_high);
    const __m512i code = _mm512_permutex2var_epi32(code_low, bin, code_high);
    const __mmask16 above = _mm512_cmp_ps_mask(v, bound, _CMP_GT_OQ);
    return _mm512_mask_add_epi32(code, above, code, _mm512_set1_epi32(1));
  }
};

/// Codes by binary search among 15 bounds: bound 8 of 1..15 first.
struct SearchCoder {
  __m512 bounds;  // bound k in lane k, lane 0 unused
  __m512i codes;

  QLAB_AVX512 explicit SearchCoder(const EncodePlan& plan) {
    alignas(64) float bound_in_lane[lanes] = {};
    alignas(64) std::int32_t code_in_lane[lanes] = {};
    std::copy(plan.few.begin(), plan.few.end(), bound_in_lane + 1);
    std::copy(plan.code_of_rank.begin(), plan.code_of_rank.end(), code_in_lane);
    bounds = _mm512_load_ps(bound_in_lane);
    codes = _mm512_load_si512(code_in_lane);
  }

  QLAB_AVX512 QLAB_INLINE __m512i operator()(__m512 v) const {
    __m512i rank = _mm512_setzero_si512();
    for (const int step : {8, 4, 2, 1}) {
      const __m512i candidate = _mm512_add_epi32(rank, _mm512_set1_epi32(step));
      const __mmask16 above = _mm512_cmp_ps_mask(v, _mm512_permutexvar_ps(candidate, bounds), _CMP_GT_OQ);
      rank = _mm512_mask_mov_epi32(rank, above, candidate);
    }
    return _mm512_permutexvar_epi32(rank, codes);
  }
};

QLAB_AVX512 QLAB_INLINE __m512i magnitudes(const float* x) {
  return _mm512_and_si512(_mm512_loadu_si512(x), _mm512_set1_epi32(0x7fffffff));
}

/// 16 codes in 32-bit lanes to 8 bytes, the earlier code in the high half.
QLAB_AVX512 QLAB_INLINE __m128i pack_pairs(__m512i codes) {
  return _mm512_cvtepi64_epi8(_mm512_or_si512(_mm512_slli_epi64(codes, 4), _mm512_srli_epi64(codes, 32)));
}

/// Whole blocks of a multiple of 16 values.
template <class Coder>
QLAB_AVX512 QLAB_INLINE std::uint32_t encode_whole_blocks(const EncodePlan& plan, const Coder& coder,
                                                          const float* values, std::int64_t blocks,
                                                          const EncodedBlocks& out) {
  const int size = plan.block_size;
  std::uint32_t largest = 0;
  for (std::int64_t b = 0; b < blocks; ++b) {
    const float* x = values + b * size;
    std::uint8_t* packed = out.packed + b * size / 2;
    __m512i most = magnitudes(x);
    for (int i = lanes; i < size; i += lanes) most = _mm512_max_epu32(most, magnitudes(x + i));
    const std::uint32_t block_largest = _mm512_reduce_max_epu32(most);
    largest = std::max(largest, block_largest);
    if (block_largest >= body::infinity_bits) {
      encode_plain(plan, x, size, out.from_block(b, plan));  // NaN has its own rule
      continue;
    }
    const float absmax = body::float_of(block_largest);
    out.scale[b] = absmax;
    const __m512 factor = _mm512_set1_ps(1 / body::usable_absmax(absmax));
    for (int i = 0; i < size; i += lanes) {
      const __m512i codes = coder(_mm512_mul_ps(_mm512_loadu_ps(x + i), factor));
      _mm_storel_epi64(reinterpret_cast<__m128i*>(packed + i / 2), pack_pairs(codes));
    }
  }
  return largest;
}

QLAB_AVX512 std::uint32_t encode_few_levels(const EncodePlan& plan, const float* values, std::int64_t blocks,
                                            const EncodedBlocks& out) {
  const BinTable table = make_bins(plan);
  if (table.usable) return encode_whole_blocks(plan, BinCoder(table), values, blocks, out);
  return encode_whole_blocks(plan, SearchCoder(plan), values, blocks, out);
}

QLAB_AVX512 std::uint32_t encode_loops_avx512(const EncodePlan& plan, const float* values, std::int64_t count,
                                              const EncodedBlocks& out) {
  return loops::encode_run<false>(plan, values, count, out);
}

}  // namespace

QLAB_AVX2 std::uint32_t encode_avx2(const EncodePlan& plan, const float* values, std::int64_t count,
                                    const EncodedBlocks& out) {
  return loops::encode_run<false>(plan, values, count, out);
}

std::uint32_t encode_avx512(const EncodePlan& plan, const float* values, std::int64_t count, const EncodedBlocks& out) {
  if (!plan.has_few || plan.bits != 4 || plan.block_size % lanes != 0) {
    return encode_loops_avx512(plan, values, count, out);
  }
  const std::int64_t blocks = count / plan.block_size;
  const std::int64_t done = blocks * plan.block_size;
  const std::uint32_t largest = encode_few_levels(plan, values, blocks, out);
  if (done == count) return largest;
  return std::max(largest, encode_plain(plan, values + done, count - done, out.from_block(blocks, plan)));
}

}  // namespace qlab
#endif
