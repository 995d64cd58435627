#include "app/chart/ticks.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "app/chart/number.hpp"

namespace qlab::chart {
namespace {

constexpr double slack = 1e-9;  // of a step: a tick at the very end of the axis counts

/// 10^exponent without the double rounding of pow at both ends of the range.
double ten_to(int exponent) { return std::pow(10.0, exponent); }

/// An exponent in steps of three when plain labels would be long.
int common_exponent(double largest, double step) {
  const int magnitude = static_cast<int>(std::floor(std::log10(largest) + slack));
  if (magnitude >= 6 || step < 0.99e-3) return static_cast<int>(std::floor(magnitude / 3.0)) * 3;
  return 0;
}

Ticks every(double lo, double hi, double step) {
  Ticks ticks;
  const double largest = std::max(std::abs(lo), std::abs(hi));
  ticks.exponent = common_exponent(largest, step);
  const double unit = ten_to(ticks.exponent);
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step / unit) + slack)));
  const bool grouped = largest / unit >= 10000 * (1 - slack);
  for (double i = std::ceil(lo / step - slack); i <= std::floor(hi / step + slack); ++i) {
    const double at = i * step;
    ticks.major.push_back({at == 0 ? 0 : at, plain(at / unit, decimals, grouped)});
  }
  return ticks;
}

/// "0.01" or, when any label of the axis would be long, "10⁻²" for all of them.
std::string decade_label(int multiple, int exponent, bool in_powers, bool grouped) {
  if (!in_powers) return plain(multiple * ten_to(exponent), std::max(0, -exponent), grouped);
  return multiple == 1 ? power_of_ten(exponent) : std::to_string(multiple) + "×" + power_of_ten(exponent);
}

std::string power_label(double value, bool grouped) {
  return value >= 1 && value < 1e7 ? plain(value, 0, grouped) : figure(value, 4);
}

/// Labels for `multiples` of every `stride`th power of `base`.
Ticks powers(double lo, double hi, double base, int stride, const std::vector<int>& multiples) {
  Ticks ticks;
  const double step = std::log10(base);
  const int first = static_cast<int>(std::floor(std::log10(lo) / step - slack));
  const int last = static_cast<int>(std::ceil(std::log10(hi) / step + slack));
  const auto inside = [&](double at) { return at >= lo * (1 - slack) && at <= hi * (1 + slack); };
  const bool thin = last - first > 40;  // minor ticks would be a smear
  const bool in_powers = lo < 0.99e-3 || hi > 1.01e6;
  const bool grouped = hi >= 10000 * (1 - slack);
  for (int k = first; k <= last; ++k) {
    const double power = std::pow(base, k);
    const bool labelled = ((k % stride) + stride) % stride == 0;
    for (int multiple = 1; multiple < static_cast<int>(base); ++multiple) {
      const double at = power * multiple;
      if (!inside(at)) continue;
      if (labelled && std::find(multiples.begin(), multiples.end(), multiple) != multiples.end()) {
        ticks.major.push_back(
            {at, base == 2 ? power_label(at, grouped) : decade_label(multiple, k, in_powers, grouped)});
      } else if (!thin && (multiple == 1 || stride == 1)) {
        ticks.minor.push_back(at);
      }
    }
  }
  return ticks;
}

}  // namespace

std::vector<Ticks> linear_ticks(double lo, double hi, int most) {
  std::vector<Ticks> choices;
  const double span = hi - lo;
  int exponent = static_cast<int>(std::floor(std::log10(span / std::max(1, most))));
  for (int i = 0; i < 12; ++exponent) {
    for (const int multiple : {1, 2, 5}) {
      const double step = multiple * ten_to(exponent);
      const double count = std::floor(hi / step + slack) - std::ceil(lo / step - slack) + 1;
      if (count > most) continue;
      if (count < 1) return choices;
      choices.push_back(every(lo, hi, step));
      ++i;
    }
  }
  return choices;
}

std::vector<Ticks> logarithmic_ticks(double lo, double hi, bool binary, int most) {
  std::vector<Ticks> choices;
  const auto offer = [&](Ticks ticks) {
    const auto count = static_cast<int>(ticks.major.size());
    if (count >= 2 && count <= most) choices.push_back(std::move(ticks));
  };
  if (binary) {
    for (int stride = 1; stride <= 64; ++stride) offer(powers(lo, hi, 2, stride, {1}));
    if (!choices.empty()) return choices;
  }
  if (hi / lo < 3) return linear_ticks(lo, hi, most);
  if (hi / lo < 300) {
    if (hi / lo < 5) offer(powers(lo, hi, 10, 1, {1, 2, 3, 4, 5, 6, 7, 8, 9}));
    offer(powers(lo, hi, 10, 1, {1, 2, 5}));
    offer(powers(lo, hi, 10, 1, {1, 3}));
  }
  for (int stride = 1; stride <= 300; stride = stride < 6 ? stride + 1 : stride + 5) {
    offer(powers(lo, hi, 10, stride, {1}));
  }
  return choices;
}

}  // namespace qlab::chart
