#include "core/training/rotary.hpp"

#include <bit>

#include "core/base/normal.hpp"

namespace qlab::training {
namespace {

/// x to the nearest whole number, |x| < 2^51.
double nearest_whole(double x) {
  constexpr double shift = 0x1.8p52;
  return (x + shift) - shift;
}

}  // namespace

// e^x = 2^n e^r, |r| <= ln 2 / 2: 14 terms of the series leave 2^-60.
double exponential(double x) {
  const double n = nearest_whole(x * 0x1.71547652b82fep+0);
  const double r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33;
  double series = 1;
  for (int k = 14; k > 0; --k) series = 1 + series * r / k;
  const auto power = static_cast<std::uint64_t>(static_cast<std::int64_t>(n) + 1023) << 52;
  return series * std::bit_cast<double>(power);
}

// x = n pi/2 + r, |r| <= pi/4; pi/2 in three parts, the first two exact times n below 2^20.
CosineSine cosine_sine(double x) {
  const double n = nearest_whole(x * 0x1.45f306dc9c883p-1);
  const double r = ((x - n * 0x1.921fb544p+0) - n * 0x1.0b4611a6p-34) - n * 0x1.3198a2e037073p-69;
  const double square = r * r;
  double cosine = 1;
  double sine = 1;
  for (int k = 9; k > 0; --k) {  // 1 - r^2 / (1 2) (1 - r^2 / (3 4) (...))
    cosine = 1 - square / (2 * k * (2 * k - 1)) * cosine;
    sine = 1 - square / (2 * k * (2 * k + 1)) * sine;
  }
  sine *= r;
  switch (static_cast<std::int64_t>(n) & 3) {
    case 0: return {cosine, sine};
    case 1: return {-sine, cosine};
    case 2: return {-cosine, -sine};
    default: return {sine, -cosine};
  }
}

RotaryTable::RotaryTable(std::int64_t positions, std::int64_t head_dim, double theta) : half_(head_dim / 2) {
  const double log_theta = natural_log(theta);
  cosine_.reserve(static_cast<std::size_t>(positions * half_));
  sine_.reserve(static_cast<std::size_t>(positions * half_));
  std::vector<double> frequency;
  for (std::int64_t i = 0; i < half_; ++i) {
    frequency.push_back(exponential(-2.0 * static_cast<double>(i) / static_cast<double>(head_dim) * log_theta));
  }
  for (std::int64_t position = 0; position < positions; ++position) {
    for (const double one : frequency) {
      const auto [cosine, sine] = cosine_sine(static_cast<double>(position) * one);
      cosine_.push_back(static_cast<float>(cosine));
      sine_.push_back(static_cast<float>(sine));
    }
  }
}

}  // namespace qlab::training
