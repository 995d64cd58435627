#include "app/views/number.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
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

/// A minus sign as it is printed, as wide as a plus.
std::string with_minus(const std::string& plain) { return plain.starts_with('-') ? "−" + plain.substr(1) : plain; }

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

bool is_part_of_a_whole(std::string_view unit) {
  constexpr std::array<std::string_view, 7> units{"GiB", "GB", "MiB", "MB", "KiB", "KB", "%"};
  return std::find(units.begin(), units.end(), unit) != units.end();
}

}  // namespace

std::string show_number(double number, int digits) {
  if (std::isnan(number)) return "–";
  if (std::isinf(number)) return number > 0 ? "∞" : "−∞";
  const double size = std::abs(number);
  if (number == std::floor(number) && size < 1e15) return with_minus(with_commas(fmt::format("{:.0f}", number + 0.0)));
  if (size >= 1e15 || size < 1e-4) {
    const std::string scientific = fmt::format("{:.{}e}", number, digits - 1);
    const std::size_t e = scientific.find('e');
    std::string mantissa = scientific.substr(0, e);
    drop_trailing_zeros(mantissa);
    return with_minus(mantissa) + "×10" + superscript(std::stoi(scientific.substr(e + 1)));
  }
  // The digits before the point are never rounded away.
  const int whole_digits = static_cast<int>(std::floor(std::log10(size))) + 1;
  std::string decimal = fmt::format("{:.{}f}", number, std::max(digits - whole_digits, size >= 1000 ? 1 : 0));
  drop_trailing_zeros(decimal);
  return with_minus(with_commas(decimal));
}

std::string show_quantity(double number, const std::string& unit, int digits) {
  std::string text = show_number(number, digits);
  if (!unit.empty()) text += " " + unit;
  return text;
}

std::vector<std::string> show_column(std::span<const double> numbers, std::string_view unit) {
  double largest = 0;
  double smallest = HUGE_VAL;
  bool whole = true;
  for (const double number : numbers) {
    if (!std::isfinite(number) || number == 0) continue;
    largest = std::max(largest, std::abs(number));
    smallest = std::min(smallest, std::abs(number));
    whole = whole && number == std::floor(number);
  }
  std::vector<std::string> shown;
  constexpr double most_decades = 1e4;
  const bool parts = is_part_of_a_whole(unit) && largest >= 1e-3;
  if (whole || largest >= 1e15 || (!parts && (smallest < 1e-4 || largest / smallest > most_decades))) {
    for (const double number : numbers) shown.push_back(show_number(number));
    return shown;
  }
  const auto decimals_for = [](double size, int digits) {
    return std::max(0, digits - 1 - static_cast<int>(std::floor(std::log10(size))));
  };
  int decimals = decimals_for(largest, 4);
  if (!parts) decimals = std::max(decimals, decimals_for(smallest, 3));
  const auto exact_with = [&](int places) {
    const double scale = std::pow(10, places);
    return std::all_of(numbers.begin(), numbers.end(), [&](double number) {
      return !std::isfinite(number) || std::abs(number * scale - std::round(number * scale)) < 1e-9 * scale * largest;
    });
  };
  while (decimals > 0 && exact_with(decimals - 1)) --decimals;
  const double least = std::pow(10, -decimals);
  for (const double number : numbers) {
    if (number != 0 && std::abs(number) < least / 2) {
      shown.push_back(fmt::format("{}<{:.{}f}", number < 0 ? "−" : "", least, decimals));
      continue;
    }
    shown.push_back(std::isfinite(number) ? with_minus(with_commas(fmt::format("{:.{}f}", number, decimals)))
                                          : show_number(number));
  }
  return shown;
}

}  // namespace qlab
