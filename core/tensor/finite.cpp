#include "core/tensor/finite.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace qlab {
namespace {

bool is_nonfinite(float value) { return (std::bit_cast<std::uint32_t>(value) & 0x7f800000) == 0x7f800000; }

}  // namespace

std::optional<std::size_t> find_nonfinite(std::span<const float> values) {
  // A block is asked as a whole, which the compiler vectorizes; only a block that has one is searched.
  constexpr std::size_t block = 1024;
  for (std::size_t first = 0; first < values.size(); first += block) {
    const auto part = values.subspan(first, std::min(block, values.size() - first));
    bool any = false;
    for (const float value : part) any |= is_nonfinite(value);
    if (!any) continue;
    const auto found = std::find_if(part.begin(), part.end(), is_nonfinite);
    return first + static_cast<std::size_t>(found - part.begin());
  }
  return std::nullopt;
}

const char* name_of_nonfinite(float value) {
  if (std::isnan(value)) return "NaN";
  return value > 0 ? "infinity" : "-infinity";
}

}  // namespace qlab
