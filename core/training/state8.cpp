#include "core/training/state8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "core/quantization/codebooks.hpp"
#include "core/tensor/tensor_file.hpp"

namespace qlab::training {

/// The levels, and a table that finds the nearest one in a few comparisons: by the bits of a float above its lowest
/// 2^shift, ordered like the numbers.
struct State8::Map {
  explicit Map(bool is_signed) : levels(dynamic_map(is_signed)), bounds(decision_bounds(levels)) {
    const auto zero_level = std::ranges::find(levels, 0.0F);
    zero = static_cast<std::uint8_t>(zero_level - levels.begin());
    for (std::uint32_t cell = 0; cell < cells; ++cell) {
      const float lowest = number_of(cell << shift);
      start[cell] = static_cast<std::uint8_t>(std::ranges::lower_bound(bounds, lowest) - bounds.begin());
    }
  }

  /// Bits in the order of the numbers: negative ones turned over.
  static std::uint32_t ordered(float x) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
  }
  static float number_of(std::uint32_t order) {
    const float x = std::bit_cast<float>((order & 0x80000000U) != 0 ? order & 0x7fffffffU : ~order);
    return std::isnan(x) ? (std::signbit(x) ? -INFINITY : INFINITY) : x;
  }

  std::uint8_t code_of(float x) const {
    std::size_t code = start[ordered(x) >> shift];
    while (code < bounds.size() && x > bounds[code]) ++code;
    return static_cast<std::uint8_t>(code);
  }

  static constexpr int shift = 18;
  static constexpr std::uint32_t cells = 1U << (32 - shift);
  std::vector<float> levels;
  std::vector<float> bounds;
  std::array<std::uint8_t, cells> start{};
  std::uint8_t zero = 0;
};

const State8::Map& State8::map(bool is_signed) {
  static const Map with_sign(true);
  static const Map without_sign(false);
  return is_signed ? with_sign : without_sign;
}

State8::State8(Memory& memory, std::int64_t size, bool is_signed)
    : map_(map(is_signed)),
      codes_(static_cast<std::size_t>(size), map_.zero),
      absmax_(static_cast<std::size_t>((size + block - 1) / block), 0.0F),
      counted_(memory.reserve(static_cast<std::int64_t>(codes_.size() + absmax_.size() * sizeof(float)),
                              MemoryKind::optimizer)) {}

void State8::decode(std::int64_t first, std::int64_t count, float* out) const {
  for (std::int64_t i = 0; i < count; ++i) {
    const auto place = static_cast<std::size_t>(first + i);
    out[i] = map_.levels[codes_[place]] * absmax_[place / block];
  }
}

void State8::encode(std::int64_t first, std::int64_t count, const float* values) {
  for (std::int64_t start = 0; start < count; start += block) {
    const std::int64_t end = std::min(count, start + block);
    float largest = 0;
    for (std::int64_t i = start; i < end; ++i) largest = std::max(largest, std::abs(values[i]));
    absmax_[static_cast<std::size_t>((first + start) / block)] = largest;
    std::uint8_t* const codes = codes_.data() + first;
    if (largest == 0) {
      std::fill(codes + start, codes + end, map_.zero);
      continue;
    }
    for (std::int64_t i = start; i < end; ++i) codes[i] = map_.code_of(values[i] / largest);
  }
}

void State8::append_to(std::vector<NamedBytes>& tensors, const std::string& name,
                       std::vector<std::int64_t> shape) const {
  tensors.push_back(
      {{name + ".codes", Dtype::u8, std::move(shape)}, [this](SafetensorsWriter& file, std::size_t index) {
         return file.write(index, 0, std::as_bytes(std::span(codes_)));
       }});
  tensors.push_back(named_floats(name + ".absmax", {static_cast<std::int64_t>(absmax_.size())}, absmax_));
}

Result<Done> State8::read(const TensorFile& file, const std::string& name) {
  const auto codes = file.find(name + ".codes");
  if (!codes) return codes.error();
  const auto absmax = file.find(name + ".absmax");
  if (!absmax) return absmax.error();
  if ((*codes)->bytes.size() != codes_.size() || (*absmax)->bytes.size() != absmax_.size() * sizeof(float)) {
    return Error{Errc::bad_file, fmt::format("{} has another size than the run's", name), file.path.string(),
                 "resume with the model and the options that the run began with"};
  }
  std::memcpy(codes_.data(), (*codes)->bytes.data(), codes_.size());
  return read_f32(**absmax, 0, absmax_);
}

}  // namespace qlab::training
