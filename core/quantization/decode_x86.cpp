// Decoding codes of 4 bits with AVX2 and AVX-512: a block's 16 values stay in registers, a permutation looks them up.
#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>

#include "core/base/inline.hpp"
#include "core/base/instruction_set.hpp"
#include "core/quantization/block_body.hpp"
#include "core/quantization/decode.hpp"

namespace qlab {
namespace {

constexpr int avx2_lanes = 8;
constexpr int avx512_lanes = 16;

/// The 16 values that the codes of a block mean.
QLAB_INLINE void values_of_block(const DecodePlan& plan, std::int64_t block, float* values) {
  body::DecodeBlock constants;
  constants.scale = plan.scale[block];
  if (plan.zero_points != nullptr) constants.zero_point = static_cast<float>(body::code_at(plan.zero_points, block, 4));
  constants.has_minimum = plan.minimum != nullptr;
  if (constants.has_minimum) constants.minimum = plan.minimum[block];
  for (int code = 0; code < 16; ++code) values[code] = body::decode_level(constants, plan.levels[code]);
}

/// 8 bytes to 16 codes in 32-bit lanes, of which the look-up reads the low four bits.
QLAB_AVX512 QLAB_INLINE __m512i codes_of(const std::uint8_t* packed) {
  const __m512i bytes = _mm512_cvtepu8_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(packed)));
  return _mm512_or_si512(_mm512_srli_epi64(bytes, 4), _mm512_slli_epi64(bytes, 32));
}

QLAB_AVX512 void decode_blocks_avx512(const DecodePlan& plan, std::int64_t first, std::int64_t count, float* out) {
  alignas(64) float values[16];
  for (std::int64_t done = 0; done < count; done += plan.block_size) {
    values_of_block(plan, (first + done) / plan.block_size, values);
    const __m512 table = _mm512_load_ps(values);
    const std::uint8_t* packed = plan.packed + (first + done) / 2;
    for (int i = 0; i < plan.block_size; i += avx512_lanes) {
      _mm512_storeu_ps(out + done + i, _mm512_permutexvar_ps(codes_of(packed + i / 2), table));
    }
  }
}

/// Copies past the caches: whole lines of `to` are written without being read first.
QLAB_AVX512 void stream_copy(const float* from, std::int64_t count, float* to) {
  const auto misplaced = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(to) / sizeof(float) % avx512_lanes);
  std::int64_t i = std::min(count, (avx512_lanes - misplaced) % avx512_lanes);
  std::copy_n(from, i, to);
  for (; i + avx512_lanes <= count; i += avx512_lanes) _mm512_stream_ps(to + i, _mm512_loadu_ps(from + i));
  std::copy_n(from + i, count - i, to + i);
}

}  // namespace

QLAB_AVX512 void decode_avx512(const DecodePlan& plan, std::int64_t first, std::int64_t count, float* out) {
  if (plan.bits != 4 || plan.block_size % avx512_lanes != 0) return decode_portable(plan, first, count, out);
  const std::int64_t whole = count / plan.block_size * plan.block_size;
  if (plan.past_caches) {
    alignas(64) float scratch[max_block_size];
    const std::int64_t step = max_block_size / plan.block_size * plan.block_size;
    for (std::int64_t done = 0; done < whole; done += step) {
      const std::int64_t n = std::min(step, whole - done);
      decode_blocks_avx512(plan, first + done, n, scratch);
      stream_copy(scratch, n, out + done);
    }
    _mm_sfence();
  } else {
    decode_blocks_avx512(plan, first, whole, out);
  }
  decode_portable(plan, first + whole, count - whole, out + whole);
}

QLAB_AVX2 void decode_avx2(const DecodePlan& plan, std::int64_t first, std::int64_t count, float* out) {
  if (plan.bits != 4 || plan.block_size % avx2_lanes != 0) return decode_portable(plan, first, count, out);
  const std::int64_t whole = count / plan.block_size * plan.block_size;
  alignas(32) float values[16];
  for (std::int64_t done = 0; done < whole; done += plan.block_size) {
    values_of_block(plan, (first + done) / plan.block_size, values);
    const __m256 low = _mm256_load_ps(values);
    const __m256 high = _mm256_load_ps(values + avx2_lanes);
    const std::uint8_t* packed = plan.packed + (first + done) / 2;
    for (int i = 0; i < plan.block_size; i += avx2_lanes) {
      std::int32_t four_bytes = 0;
      std::memcpy(&four_bytes, packed + i / 2, sizeof four_bytes);
      const __m256i bytes = _mm256_cvtepu8_epi64(_mm_cvtsi32_si128(four_bytes));
      const __m256i codes = _mm256_or_si256(_mm256_srli_epi64(bytes, 4), _mm256_slli_epi64(bytes, 32));
      // Bit 3 of a code, which the look-up of 8 does not see, moves to the sign that the blend reads.
      const __m256 upper = _mm256_castsi256_ps(_mm256_slli_epi32(codes, 28));
      _mm256_storeu_ps(out + done + i, _mm256_blendv_ps(_mm256_permutevar8x32_ps(low, codes),
                                                        _mm256_permutevar8x32_ps(high, codes), upper));
    }
  }
  decode_portable(plan, first + whole, count - whole, out + whole);
}

}  // namespace qlab
#endif
