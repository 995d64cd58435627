// Rotary positions: the angles by which pairs (i, i + head_dim / 2) of queries and keys are turned.
// Source: Su et al. 2021 (RoFormer), in the half-split order of Llama's code. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

namespace qlab::training {

/// Cosine and sine of position * theta^(-2 i / head_dim), i < head_dim / 2, as [positions, head_dim / 2] each.
/// Worked out in double by IEEE operations only and rounded once, so that every machine turns by the same angles.
struct RotaryTable {
  RotaryTable(std::int64_t positions, std::int64_t head_dim, double theta);

  const float* cosine(std::int64_t position) const { return cosine_.data() + position * half_; }
  const float* sine(std::int64_t position) const { return sine_.data() + position * half_; }

 private:
  std::int64_t half_;
  std::vector<float> cosine_;
  std::vector<float> sine_;
};

/// e^x for |x| < 700, within 2 units of the last place, without libm.
double exponential(double x);
/// Cosine and sine for |x| < 10^6, within 2^-50 of the angle's unit, without libm.
struct CosineSine {
  double cosine;
  double sine;
};
CosineSine cosine_sine(double x);

}  // namespace qlab::training
