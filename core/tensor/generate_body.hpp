// The element of each distribution as a function of its index, compiled by g++ and nvcc alike: integer arithmetic and
// IEEE + - * / sqrt only, so that CPU and GPU make the same bits. Drivers: generate.cpp, and the GPU's.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "core/base/hd.hpp"
#include "core/base/normal.hpp"
#include "core/tensor/generate.hpp"
#include "core/tensor/philox.hpp"

namespace qlab {

/// The uniform draws of one element: draws 0 and 1 come from counter {i, 0}, draws 2 and 3 from {i, 1} and so on.
struct ElementDraws {
  std::uint64_t seed;
  std::uint64_t element;

  QLAB_HD PhiloxBlock block(std::uint32_t number) const {
    return philox4x32_10({{static_cast<std::uint32_t>(element), static_cast<std::uint32_t>(element >> 32), number, 0}},
                         seed);
  }
  QLAB_HD double uniform(std::uint32_t draw) const {
    const PhiloxBlock bits = block(draw / 2);
    return draw % 2 == 0 ? uniform_from(bits.word[0], bits.word[1]) : uniform_from(bits.word[2], bits.word[3]);
  }
};

struct NormalElement {
  std::uint64_t seed;
  double sigma;
  QLAB_HD float operator()(std::int64_t i) const {
    const ElementDraws draws{seed, static_cast<std::uint64_t>(i)};
    return static_cast<float>(sigma * normal_quantile(draws.uniform(0)));
  }
};

struct LaplaceElement {
  std::uint64_t seed;
  double sigma;
  QLAB_HD float operator()(std::int64_t i) const {
    const ElementDraws draws{seed, static_cast<std::uint64_t>(i)};
    const double u = draws.uniform(0);
    const double b = sigma * 0x1.6a09e667f3bcdp-1;  // the variance is 2 b^2, so b = sigma sqrt(1/2)
    return static_cast<float>(u < 0.5 ? b * natural_log(2 * u) : -b * natural_log(2 * (1 - u)));
  }
};

struct StudentTElement {
  std::uint64_t seed;
  double sigma;
  int nu;
  QLAB_HD float operator()(std::int64_t i) const {
    const ElementDraws draws{seed, static_cast<std::uint64_t>(i)};
    const double normal = normal_quantile(draws.uniform(0));
    // chi^2 of 2 degrees is -2 ln u; nu <= 30 keeps the product above 2^-795, far from denormals.
    std::uint32_t next = 1;
    double product = 1;
    for (int pair = 0; pair < nu / 2; ++pair) product *= draws.uniform(next++);
    double chi_square = -2 * natural_log(product);
    if (nu % 2 == 1) {
      const double one_more = normal_quantile(draws.uniform(next));
      chi_square += one_more * one_more;
    }
    // t = normal / sqrt(chi^2 / nu) has variance nu / (nu - 2).
    return static_cast<float>(sigma * normal * std::sqrt((nu - 2) / chi_square));
  }
};

struct UniformElement {
  std::uint64_t seed;
  double sigma;
  QLAB_HD float operator()(std::int64_t i) const {
    const ElementDraws draws{seed, static_cast<std::uint64_t>(i)};
    const double half_width = sigma * 0x1.bb67ae8584caap+0;  // sigma sqrt(3)
    return static_cast<float>(half_width * (2 * draws.uniform(0) - 1));
  }
};

struct OutlierElement {
  std::uint64_t seed;
  double sigma;
  double rate;
  double size;
  QLAB_HD float operator()(std::int64_t i) const {
    const ElementDraws draws{seed, static_cast<std::uint64_t>(i)};
    const PhiloxBlock bits = draws.block(0);
    const double normal = sigma * normal_quantile(uniform_from(bits.word[0], bits.word[1]));
    return static_cast<float>(uniform_from(bits.word[2], bits.word[3]) < rate ? normal * size : normal);
  }
};

/// What `use` makes of the element function of a spec that check_generator() accepts.
template <class Use>
auto visit_element(const GeneratorSpec& spec, Use use) {
  switch (spec.distribution) {
    case Distribution::normal: return use(NormalElement{spec.seed, spec.sigma});
    case Distribution::laplace: return use(LaplaceElement{spec.seed, spec.sigma});
    case Distribution::student_t: return use(StudentTElement{spec.seed, spec.sigma, spec.nu});
    case Distribution::uniform: return use(UniformElement{spec.seed, spec.sigma});
    case Distribution::outliers: break;
  }
  return use(OutlierElement{spec.seed, spec.sigma, spec.outlier_rate, spec.outlier_size});
}

}  // namespace qlab
