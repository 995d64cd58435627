#include "core/quantization/piecewise.hpp"

#include <fmt/format.h>

#include <numeric>
#include <utility>

#include "core/base/check.hpp"
#include "core/experiment/backend.hpp"
#include "core/tensor/finite.hpp"

namespace qlab {
namespace {

std::int64_t blocks_of(std::int64_t size, int block_size) { return (size + block_size - 1) / block_size; }

bool has_minimum(const Format& format) { return format.scale_rule == ScaleRule::min_max; }

}  // namespace

PartSizes part_sizes(const QuantizeSettings& settings, std::int64_t size) {
  QLAB_CHECK(settings.constants != ConstantType::fp16);
  const std::int64_t blocks = blocks_of(size, settings.block_size);
  const bool nested = settings.constants == ConstantType::dynamic8;
  const std::int64_t nested_bytes = nested ? 4 * blocks_of(blocks, settings.nested_block_size) : 0;
  PartSizes sizes;
  sizes.codes = (size * settings.format.bits + 7) / 8;
  sizes.scale = nested ? blocks : 4 * blocks;
  sizes.scale_nested = nested_bytes;
  sizes.offsets = nested ? 4 : 0;
  if (has_minimum(settings.format)) {
    sizes.minimum = sizes.scale;
    sizes.minimum_nested = nested_bytes;
    sizes.offsets *= 2;
  }
  if (settings.format.scale_rule == ScaleRule::min_max_zero_point) {
    sizes.zero_points = (blocks * settings.format.bits + 7) / 8;
  }
  return sizes;
}

std::int64_t piece_unit(int block_size, int nested_block_size) {
  return block_size * std::lcm<std::int64_t>(nested_block_size, 8);  // 8 codes of any width end at a byte's edge
}

PiecewiseQuantizer::PiecewiseQuantizer(QuantizeSettings settings, std::int64_t size)
    : settings_(std::move(settings)),
      blocks_(blocks_of(size, settings_.block_size)),
      next_block_(0),
      scale_sum_(blocks_),
      minimum_sum_(has_minimum(settings_.format) ? blocks_ : 0) {
  QLAB_CHECK(settings_.constants != ConstantType::fp16);
}

Result<QuantizedTensor> PiecewiseQuantizer::with_exact_constants(Backend& backend, std::span<const float> piece) {
  QuantizeSettings exact = settings_;
  exact.constants = ConstantType::fp32;
  exact.allow_nonfinite = true;  // asked below, where the piece's place in the tensor is known
  const std::int64_t first_block = std::exchange(
      next_block_, next_block_ + blocks_of(static_cast<std::int64_t>(piece.size()), settings_.block_size));
  if (!settings_.allow_nonfinite) {
    if (const auto bad = find_nonfinite(piece)) {
      return Error{Errc::bad_argument,
                   fmt::format("value {} is {}", first_block * settings_.block_size + static_cast<std::int64_t>(*bad),
                               name_of_nonfinite(piece[*bad])),
                   "", "mend the tensor, or keep it with --allow-nonfinite"};
    }
  }
  auto quantized = backend.quantize(piece, exact);
  if (!quantized || settings_.allow_nonfinite) return quantized;
  // Finite values can have a range that is not.
  if (const auto bad = find_nonfinite(quantized->scale.fp32)) {
    return Error{
        Errc::bad_argument,
        fmt::format("the range of block {} is too large for fp32", first_block + static_cast<std::int64_t>(*bad)), "",
        "use a format that scales by the absmax"};
  }
  return quantized;
}

Result<Done> PiecewiseQuantizer::survey(Backend& backend, std::span<const float> piece) {
  const auto quantized = with_exact_constants(backend, piece);
  if (!quantized) return quantized.error();
  scale_sum_.add(quantized->scale.fp32);
  minimum_sum_.add(quantized->minimum.fp32);
  if (next_block_ == blocks_) next_block_ = 0;
  return Done{};
}

Result<QuantizedTensor> PiecewiseQuantizer::quantize(Backend& backend, std::span<const float> piece) {
  auto quantized = with_exact_constants(backend, piece);
  if (!quantized || !needs_survey()) return quantized;
  const auto compress = [&](BlockConstants& constants, float mean) {
    constants = compress_constants_around(mean, constants.fp32, settings_.nested_block_size, settings_.compatibility);
  };
  compress(quantized->scale, scale_mean());
  if (has_minimum(settings_.format)) compress(quantized->minimum, minimum_mean());
  return quantized;
}

float PiecewiseQuantizer::scale_mean() const { return scale_sum_.sum() / static_cast<float>(blocks_); }
float PiecewiseQuantizer::minimum_mean() const { return minimum_sum_.sum() / static_cast<float>(blocks_); }

}  // namespace qlab
