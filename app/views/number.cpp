#include "app/views/number.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

namespace qlab {
namespace {

/// Commas into the whole part of a plain decimal: from five digits on, so that 4096 stays as people know it.
std::string with_commas(std::string plain) {
  const std::size_t first = plain.starts_with('-') ? 1 : 0;
  const std::size_t end = std::min(plain.find('.'), plain.size());
  if (end - first < 5) return plain;
  for (std::size_t i = end; i > first + 3;) {
    i -= 3;
    plain.insert(i, 1, ',');
  }
  return plain;
}

void drop_trailing_zeros(std::string& decimal) {
  if (decimal.find('.') == std::string::npos) return;
  decimal.erase(decimal.find_last_not_of('0') + 1);
  if (decimal.ends_with('.')) decimal.pop_back();
}

std::string superscript(int exponent) {
  constexpr std::string_view digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text = exponent < 0 ? "⁻" : "";
  for (const char digit : std::to_string(std::abs(exponent))) text += digits[digit - '0'];
  return text;
}

}  // namespace

std::string show_number(double number, int digits) {
  if (std::isnan(number)) return "–";
  if (std::isinf(number)) return number > 0 ? "∞" : "−∞";
  const double size = std::abs(number);
  if (number == std::floor(number) && size < 1e15) return with_commas(fmt::format("{:.0f}", number + 0.0));
  if (size >= 1e15 || size < 1e-4) {
    const std::string scientific = fmt::format("{:.{}e}", number, digits - 1);
    const std::size_t e = scientific.find('e');
    std::string mantissa = scientific.substr(0, e);
    drop_trailing_zeros(mantissa);
    return mantissa + "×10" + superscript(std::stoi(scientific.substr(e + 1)));
  }
  // The digits before the point are never rounded away.
  const int whole_digits = static_cast<int>(std::floor(std::log10(size))) + 1;
  std::string decimal = fmt::format("{:.{}f}", number, std::max(digits - whole_digits, size >= 1000 ? 1 : 0));
  drop_trailing_zeros(decimal);
  return with_commas(decimal);
}

std::string show_quantity(double number, const std::string& unit, int digits) {
  std::string text = show_number(number, digits);
  if (!unit.empty()) text += " " + unit;
  return text;
}

}  // namespace qlab
