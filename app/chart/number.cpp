#include "app/chart/number.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

namespace qlab::chart {
namespace {

constexpr const char* minus = "−";

bool is_zero(const std::string& digits) { return digits.find_first_of("123456789") == std::string::npos; }

std::string grouped_by_thousands(const std::string& digits) {
  const std::size_t whole = std::min(digits.find('.'), digits.size());
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && i < whole && (whole - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string without_trailing_zeros(std::string digits) {
  if (digits.find('.') == std::string::npos) return digits;
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.') digits.pop_back();
  return digits;
}

std::string signed_text(bool negative, const std::string& digits) {
  return negative && !is_zero(digits) ? minus + digits : digits;
}

}  // namespace

std::string plain(double value, int decimals, bool grouped) {
  const std::string digits = fmt::format("{:.{}f}", std::abs(value), decimals);
  return signed_text(value < 0, grouped ? grouped_by_thousands(digits) : digits);
}

std::string power_of_ten(int exponent) {
  static constexpr const char* superscripts[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out = exponent < 0 ? "10⁻" : "10";
  for (const char digit : std::to_string(std::abs(exponent))) out += superscripts[digit - '0'];
  return out;
}

std::string figure(double value, int digits) {
  if (std::isnan(value)) return "–";
  if (std::isinf(value)) return value > 0 ? "∞" : "−∞";
  // The exponent after rounding: 999.96 to four digits is 1000.
  const std::string scientific = fmt::format("{:.{}e}", std::abs(value), digits - 1);
  const std::size_t e = scientific.find('e');
  const int exponent = std::atoi(scientific.c_str() + e + 1);
  if (value == 0) return "0";
  if (exponent >= -3 && exponent < 7) {
    const int decimals = std::max(0, digits - 1 - exponent);
    return signed_text(
        value < 0,
        without_trailing_zeros(exponent >= 4 ? grouped_by_thousands(fmt::format("{:.{}f}", std::abs(value), decimals))
                                             : fmt::format("{:.{}f}", std::abs(value), decimals)));
  }
  return signed_text(value < 0, without_trailing_zeros(scientific.substr(0, e)) + "×" + power_of_ten(exponent));
}

std::string with_unit(const std::string& number, const std::string& unit) {
  return unit.empty() ? number : number + " " + unit;
}

}  // namespace qlab::chart
