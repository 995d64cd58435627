#include "core/tensor/tensor.hpp"

#include <cstring>

#include <fmt/format.h>

#include "core/base/check.hpp"

namespace qlab {
namespace {

// A mapped file promises no alignment, so elements are copied out; the compiler turns that into plain loads.
template <class Stored, class Widen>
void widen(std::span<const std::byte> bytes, std::span<float> out, Widen to_f32) {
  const std::byte* at = bytes.data();
  for (std::size_t i = 0; i < out.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, at + i * sizeof stored, sizeof stored);
    out[i] = to_f32(stored);
  }
}

}  // namespace

std::int64_t TensorView::size() const {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  return count;
}

Result<Done> read_f32(const TensorView& tensor, std::int64_t first, std::span<float> out) {
  const auto count = static_cast<std::int64_t>(out.size());
  QLAB_CHECK(first >= 0 && first + count <= tensor.size());
  const auto bytes = tensor.bytes.subspan(static_cast<std::size_t>(first * bytes_of(tensor.dtype)),
                                          static_cast<std::size_t>(count * bytes_of(tensor.dtype)));
  switch (tensor.dtype) {
    case Dtype::f32:
      if (count > 0) std::memcpy(out.data(), bytes.data(), bytes.size());
      return Done{};
    case Dtype::f16: widen<std::uint16_t>(bytes, out, f32_from_f16); return Done{};
    case Dtype::bf16: widen<std::uint16_t>(bytes, out, f32_from_bf16); return Done{};
    case Dtype::f64: widen<double>(bytes, out, [](double value) { return static_cast<float>(value); }); return Done{};
    default:
      return Error{Errc::unsupported, fmt::format("tensor '{}' is {}", tensor.name, name_of(tensor.dtype)), "",
                   "use a tensor of F32, F16, BF16 or F64"};
  }
}

}  // namespace qlab
