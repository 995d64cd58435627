#include "core/quantization/quantize.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "core/base/parallel.hpp"
#include "core/quantization/block_body.hpp"
#include "core/quantization/decode.hpp"
#include "core/quantization/encode.hpp"
#include "core/tensor/finite.hpp"

namespace qlab {
namespace {

/// Values a thread takes at once: whole stripes of eight blocks, which end at a byte's edge, about 64 Ki of them.
std::int64_t piece_size(int block_size) {
  const std::int64_t stripe = std::int64_t{8} * block_size;
  return stripe * std::max<std::int64_t>(1, 65536 / stripe);
}

std::int64_t bytes_of_codes(std::int64_t count, int bits) { return (count * bits + 7) / 8; }

void raise(std::atomic<std::uint32_t>& largest, std::uint32_t value) {
  std::uint32_t seen = largest.load();
  while (value > seen && !largest.compare_exchange_weak(seen, value)) {
  }
}

Error nonfinite_error(std::span<const float> values) {
  const std::size_t place = find_nonfinite(values).value();
  return {Errc::bad_argument, fmt::format("value {} is {}", place, name_of_nonfinite(values[place])), "",
          "mend the tensor, or keep it with --allow-nonfinite"};
}

Result<Done> check_settings(std::span<const float> values, const QuantizeSettings& settings) {
  if (Result<Done> checked = check_format(settings.format); !checked) return checked.error();
  for (const int size : {settings.block_size, settings.nested_block_size}) {
    if (size < min_block_size || size > max_block_size) {
      return Error{Errc::bad_argument, fmt::format("block size is {}", size), "",
                   fmt::format("use {} to {}", min_block_size, max_block_size)};
    }
  }
  if (values.empty()) return Error{Errc::bad_argument, "the tensor is empty", "", "use at least one value"};
  return Done{};
}

/// Replaces exact constants by their compressed form; fp32 stays as it is. Finite values can have constants that are
/// not: a range beyond fp32, an absmax beyond fp16, a mean beyond fp32. `name` is what messages call them.
Result<Done> compress(BlockConstants& constants, const QuantizeSettings& settings, int threads, const char* name) {
  const auto refuse = [&](const std::string& whose, const char* type, const char* hint) {
    return Error{Errc::bad_argument, fmt::format("the {} of {} is too large for {}", name, whose, type), "", hint};
  };
  if (!settings.allow_nonfinite) {
    if (const auto block = find_nonfinite(constants.fp32)) {
      return refuse(fmt::format("block {}", *block), "fp32", "use a format that scales by the absmax");
    }
  }
  if (settings.constants == ConstantType::fp32) return Done{};
  BlockConstants compressed = compress_constants(constants.fp32, settings.constants, settings.nested_block_size,
                                                 settings.compatibility, threads);
  compressed.fp32 = std::move(constants.fp32);  // empty, but its memory serves the next tensor
  compressed.fp32.clear();
  constants = std::move(compressed);
  if (settings.allow_nonfinite) return Done{};
  const auto high = std::find_if(constants.fp16.begin(), constants.fp16.end(),
                                 [](std::uint16_t bits) { return (bits & 0x7c00) == 0x7c00; });
  if (high != constants.fp16.end()) {
    return refuse(fmt::format("block {}", high - constants.fp16.begin()), "fp16", "use fp32 or 8-bit constants");
  }
  if (!std::isfinite(constants.offset)) return refuse("all blocks, summed,", "fp32", "use fp32 constants");
  return Done{};
}

void prepare(BlockConstants& constants, std::int64_t blocks, int nested_block_size) {
  constants.type = ConstantType::fp32;
  constants.fp16.clear();
  constants.codes.clear();
  constants.nested_absmax.clear();
  constants.offset = 0;
  constants.nested_block_size = nested_block_size;
  constants.fp32.resize(blocks);
}

}  // namespace

Result<Done> quantize_with(const EncodeDriver& encode, std::span<const float> values, const QuantizeSettings& settings,
                           int threads, QuantizedTensor& out) {
  if (Result<Done> checked = check_settings(values, settings); !checked) return checked.error();
  const EncodePlan plan(settings);
  const auto count = static_cast<std::int64_t>(values.size());
  out.format = settings.format;
  out.size = count;
  out.block_size = settings.block_size;
  const bool has_minimum = plan.scale_rule == ScaleRule::min_max;
  const bool has_zero_points = plan.scale_rule == ScaleRule::min_max_zero_point;
  out.packed.resize(bytes_of_codes(count, plan.bits));
  prepare(out.scale, out.blocks(), settings.nested_block_size);
  prepare(out.minimum, has_minimum ? out.blocks() : 0, settings.nested_block_size);
  out.zero_points.resize(has_zero_points ? bytes_of_codes(out.blocks(), plan.bits) : 0);

  EncodedBlocks all;
  all.packed = out.packed.data();
  all.scale = out.scale.fp32.data();
  if (has_minimum) all.minimum = out.minimum.fp32.data();
  if (has_zero_points) all.zero_points = out.zero_points.data();
  const Result<std::uint32_t> largest = encode(plan, values, all);
  if (!largest) return largest.error();
  if (*largest >= body::infinity_bits && !settings.allow_nonfinite) return nonfinite_error(values);
  if (Result<Done> stored = compress(out.scale, settings, threads, "scale"); !stored) return stored.error();
  return compress(out.minimum, settings, threads, "minimum");
}

Result<Done> quantize(std::span<const float> values, const QuantizeSettings& settings, int threads,
                      QuantizedTensor& out) {
  const auto encode = [threads](const EncodePlan& plan, std::span<const float> all_values,
                                const EncodedBlocks& all) -> Result<std::uint32_t> {
    std::atomic<std::uint32_t> largest{0};
    const Encode run = encode_variants().back().encode;
    for_each_piece(static_cast<std::int64_t>(all_values.size()), piece_size(plan.block_size), threads,
                   [&](std::int64_t first, std::int64_t last) {
                     raise(largest, run(plan, all_values.data() + first, last - first,
                                        all.from_block(first / plan.block_size, plan)));
                   });
    return largest.load();
  };
  return quantize_with(encode, values, settings, threads, out);
}

Result<QuantizedTensor> quantize(std::span<const float> values, const QuantizeSettings& settings, int threads) {
  QuantizedTensor tensor;
  if (Result<Done> quantized = quantize(values, settings, threads, tensor); !quantized) return quantized.error();
  return tensor;
}

Result<Done> dequantize_with(const DecodeDriver& decode, const QuantizedTensor& tensor, std::span<float> out) {
  if (static_cast<std::int64_t>(out.size()) != tensor.size) {
    return Error{Errc::bad_argument, fmt::format("{} values are to go into {}", tensor.size, out.size()), "", ""};
  }
  return decode(DecodePlan(tensor), out);
}

Result<Done> dequantize(const QuantizedTensor& tensor, std::span<float> out, int threads) {
  const auto decode = [threads](const DecodePlan& plan, std::span<float> all) -> Result<Done> {
    const Decode run = decode_variants().back().decode;
    for_each_piece(static_cast<std::int64_t>(all.size()), piece_size(plan.block_size), threads,
                   [&](std::int64_t first, std::int64_t last) { run(plan, first, last - first, all.data() + first); });
    return Done{};
  };
  return dequantize_with(decode, tensor, out);
}

std::int64_t QuantizedTensor::bytes() const {
  return static_cast<std::int64_t>(packed.size() + zero_points.size()) + scale.bytes() + minimum.bytes();
}

double QuantizedTensor::bits_per_parameter() const {
  return 8.0 * static_cast<double>(bytes()) / static_cast<double>(size);
}

std::vector<std::uint8_t> unpack_codes(const QuantizedTensor& tensor) {
  std::vector<std::uint8_t> codes;
  codes.reserve(tensor.size);
  for (std::int64_t i = 0; i < tensor.size; ++i) {
    codes.push_back(static_cast<std::uint8_t>(body::code_at(tensor.packed.data(), i, tensor.format.bits)));
  }
  return codes;
}

}  // namespace qlab
