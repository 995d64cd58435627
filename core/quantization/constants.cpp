// The constants of blocks, compressed: 16 bits each, or double quantization as bitsandbytes does it.
#include <algorithm>

#include "core/base/check.hpp"
#include "core/quantization/codebooks.hpp"
#include "core/quantization/quantize.hpp"
#include "core/quantization/sum_in_torch_order.hpp"
#include "core/tensor/dtype.hpp"

namespace qlab {
namespace {

/// The format that constants are quantized with once their mean is removed.
QuantizeSettings nested_settings(int nested_block_size, Compatibility compatibility) {
  QuantizeSettings settings;
  settings.format.name = "dynamic8";
  settings.format.bits = 8;
  settings.format.codebook = dynamic_map(true);
  settings.block_size = nested_block_size;
  settings.compatibility = compatibility;
  settings.allow_nonfinite = true;  // the values themselves were asked already
  return settings;
}

}  // namespace

BlockConstants compress_constants(std::span<const float> constants, ConstantType type, int nested_block_size,
                                  Compatibility compatibility, int threads) {
  BlockConstants stored;
  stored.type = type;
  stored.nested_block_size = nested_block_size;
  if (type == ConstantType::fp32) {
    stored.fp32.assign(constants.begin(), constants.end());
  } else if (type == ConstantType::fp16) {
    stored.fp16.resize(constants.size());
    std::transform(constants.begin(), constants.end(), stored.fp16.begin(), f16_from_f32);
  } else if (!constants.empty()) {
    const float mean = sum_in_torch_order(constants) / static_cast<float>(constants.size());
    return compress_constants_around(mean, constants, nested_block_size, compatibility, threads);
  }
  return stored;
}

BlockConstants compress_constants_around(float mean, std::span<const float> constants, int nested_block_size,
                                         Compatibility compatibility, int threads) {
  BlockConstants stored;
  stored.type = ConstantType::dynamic8;
  stored.nested_block_size = nested_block_size;
  stored.offset = mean;
  std::vector<float> centred(constants.begin(), constants.end());
  for (float& constant : centred) constant -= mean;
  Result<QuantizedTensor> nested = quantize(centred, nested_settings(nested_block_size, compatibility), threads);
  QLAB_CHECK(nested);
  stored.codes = std::move(nested->packed);
  stored.nested_absmax = std::move(nested->scale.fp32);
  return stored;
}

std::int64_t BlockConstants::bytes() const {
  switch (type) {
    case ConstantType::fp32: return static_cast<std::int64_t>(fp32.size()) * 4;
    case ConstantType::fp16: return static_cast<std::int64_t>(fp16.size()) * 2;
    case ConstantType::dynamic8: break;
  }
  const std::int64_t offset_bytes = codes.empty() ? 0 : 4;
  return static_cast<std::int64_t>(codes.size() + nested_absmax.size() * 4) + offset_bytes;
}

std::vector<float> BlockConstants::decode() const {
  if (type == ConstantType::fp32) return fp32;
  std::vector<float> decoded;
  if (type == ConstantType::fp16) {
    decoded.resize(fp16.size());
    std::transform(fp16.begin(), fp16.end(), decoded.begin(), f32_from_f16);
    return decoded;
  }
  const std::vector<float> map = dynamic_map(true);
  decoded.resize(codes.size());
  for (std::size_t block = 0; block < nested_absmax.size(); ++block) {
    const std::size_t first = block * static_cast<std::size_t>(nested_block_size);
    const std::size_t last = std::min(codes.size(), first + static_cast<std::size_t>(nested_block_size));
    for (std::size_t i = first; i < last; ++i) decoded[i] = map[codes[i]] * nested_absmax[block] + offset;
  }
  return decoded;
}

}  // namespace qlab
