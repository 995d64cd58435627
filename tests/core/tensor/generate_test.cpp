#include "core/tensor/generate.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include "core/base/normal.hpp"
#include "core/tensor/philox.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;

constexpr Distribution all_distributions[] = {Distribution::normal, Distribution::laplace, Distribution::student_t,
                                              Distribution::uniform, Distribution::outliers};

std::vector<float> make(const GeneratorSpec& spec, std::int64_t first, std::size_t count, int threads = 1) {
  std::vector<float> values(count);
  REQUIRE(generate(spec, first, values, threads));
  return values;
}

std::vector<std::uint32_t> bits_of(const std::vector<float>& values) {
  std::vector<std::uint32_t> bits;
  for (const float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

struct Moments {
  double mean = 0, deviation = 0, kurtosis = 0;
};

Moments moments_of(const std::vector<float>& values) {
  double sum = 0, square = 0, fourth = 0;
  for (const double x : values) {
    sum += x;
    square += x * x;
    fourth += x * x * x * x;
  }
  const auto n = static_cast<double>(values.size());
  return {sum / n, std::sqrt(square / n), fourth / n / (square / n * square / n)};
}

/// Largest distance between the empirical distribution and `cdf`, times sqrt(n): above 1.95 once in 1000 tensors.
template <class Cdf>
double kolmogorov(std::vector<float> values, Cdf cdf) {
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  double worst = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double p = cdf(static_cast<double>(values[i]));
    worst = std::max({worst, std::abs(p - static_cast<double>(i) / n), std::abs(p - static_cast<double>(i + 1) / n)});
  }
  return worst * std::sqrt(n);
}

TEST_CASE("philox gives the words that its authors publish", "[core][tensor][golden]") {
  const auto words = [](PhiloxBlock counter, std::uint64_t key) {
    const PhiloxBlock block = philox4x32_10(counter, key);
    return std::vector<std::uint32_t>(block.word, block.word + 4);
  };
  using Words = std::vector<std::uint32_t>;
  CHECK(words({{0, 0, 0, 0}}, 0) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(words({{~0U, ~0U, ~0U, ~0U}}, ~0ULL) == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(words({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0x299f31d0a4093822) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a uniform draw lies strictly between 0 and 1 and is symmetric", "[core][tensor]") {
  CHECK(uniform_from(0, 0) == 0x1p-53);
  CHECK(uniform_from(~0U, ~0U) == 1 - 0x1p-53);
  CHECK(uniform_from(0, 0x80000000) == 0.5 + 0x1p-53);
}

TEST_CASE("the first elements of every distribution are pinned to the bit", "[core][tensor][golden]") {
  // Written down from a Python program of the same definition (its own big integers, statistics.NormalDist, math.log).
  // Any change here changes every figure that a lesson prints.
  using Words = std::vector<std::uint32_t>;
  const auto first_bits = [](Distribution distribution, int nu) {
    GeneratorSpec spec;
    spec.distribution = distribution;
    spec.nu = nu;
    spec.outlier_rate = 0.5;
    return bits_of(make(spec, 0, 4));
  };
  CHECK(first_bits(Distribution::normal, 4) == Words{0x3fa03c14, 0x3f92b1a2, 0x3e118328, 0xbfe56989});
  CHECK(first_bits(Distribution::laplace, 4) == Words{0x3f8cfb7b, 0x3f79aa22, 0x3dada640, 0xbfecc832});
  CHECK(first_bits(Distribution::student_t, 4) == Words{0x3f769f13, 0x3fd2b0d6, 0x3e4f4f4b, 0xbf7f0de9});
  CHECK(first_bits(Distribution::student_t, 5) == Words{0x3f964c6c, 0x3ff0d4eb, 0x3e3ce684, 0xbf9c2f8f});
  CHECK(first_bits(Distribution::uniform, 4) == Words{0x3faf0153, 0x3fa5e213, 0x3e486b7e, 0xbfcd7fb1});
  CHECK(first_bits(Distribution::outliers, 4) == Words{0x3fa03c14, 0x3f92b1a2, 0x3e118328, 0xc18f61f6});
}

TEST_CASE("a piece of a tensor is the same bits for any start and any number of threads", "[core][tensor][property]") {
  for (const Distribution distribution : all_distributions) {
    GeneratorSpec spec;
    spec.distribution = distribution;
    spec.seed = 0x123456789abcdef0;
    const auto whole = bits_of(make(spec, 0, 100000));
    CHECK(bits_of(make(spec, 0, 100000, 7)) == whole);
    const auto piece = bits_of(make(spec, 33333, 40001, 3));
    CHECK(std::equal(piece.begin(), piece.end(), whole.begin() + 33333));
  }
}

TEST_CASE("elements past 2^32 and other seeds are other numbers", "[core][tensor]") {
  const auto low = make({}, 0, 1000), high = make({}, std::int64_t{1} << 32, 1000);
  GeneratorSpec other;
  other.seed = 1ULL << 32 | 1;  // the same low word
  const auto seeded = make(other, 0, 1000);
  int equal = 0;
  for (std::size_t i = 0; i < 1000; ++i) equal += low[i] == high[i] || low[i] == seeded[i] || high[i] == seeded[i];
  CHECK(equal == 0);
}

TEST_CASE("moments agree with theory within four standard errors", "[core][tensor][property]") {
  constexpr std::size_t n = 1 << 18;
  constexpr double sigma = 0.02;
  struct Case {
    Distribution distribution;
    int nu;
    double kurtosis, kurtosis_error;  // its standard error at n, from the moments up to the eighth
  };
  // Student-t: kurtosis 3 + 6 / (nu - 4) where that and the eighth moment exist.
  const Case cases[] = {{Distribution::normal, 4, 3, 0.0096},
                        {Distribution::laplace, 4, 6, 0.085},
                        {Distribution::uniform, 4, 1.8, 0.0021},
                        {Distribution::student_t, 30, 3 + 6.0 / 26, 0.015}};
  for (const Case& c : cases) {
    GeneratorSpec spec;
    spec.distribution = c.distribution;
    spec.sigma = sigma;
    spec.nu = c.nu;
    const Moments moments = moments_of(make(spec, 0, n));
    CAPTURE(static_cast<int>(c.distribution), moments.mean, moments.deviation, moments.kurtosis);
    CHECK(std::abs(moments.mean) < 4 * sigma / std::sqrt(n));
    CHECK(std::abs(moments.deviation / sigma - 1) < 4 * std::sqrt((c.kurtosis - 1) / (4.0 * n)));
    CHECK(std::abs(moments.kurtosis - c.kurtosis) < 4 * c.kurtosis_error);
  }
}

TEST_CASE("distributions pass Kolmogorov's test", "[core][tensor][property]") {
  constexpr std::size_t n = 1 << 16;
  GeneratorSpec spec;
  spec.seed = 7;
  CHECK(kolmogorov(make(spec, 0, n), [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }) < 1.95);
  spec.distribution = Distribution::uniform;
  CHECK(kolmogorov(make(spec, 0, n), [](double x) { return (x / std::sqrt(3.0) + 1) / 2; }) < 1.95);
  spec.distribution = Distribution::laplace;
  CHECK(kolmogorov(make(spec, 0, n), [](double x) {
          const double tail = 0.5 * std::exp(-std::abs(x) * std::sqrt(2.0));
          return x < 0 ? tail : 1 - tail;
        }) < 1.95);
  // Closed forms of Student's distribution for 3 and 4 degrees of freedom; here of variance 1, so t = x
  // sqrt(nu/(nu-2)).
  spec.distribution = Distribution::student_t;
  spec.nu = 3;
  CHECK(kolmogorov(make(spec, 0, n), [](double x) {
          const double r = x * std::sqrt(3.0) / std::sqrt(3.0);
          return 0.5 + (r / (1 + r * r) + std::atan(r)) / std::acos(-1.0);
        }) < 1.95);
  spec.nu = 4;
  CHECK(kolmogorov(make(spec, 0, n), [](double x) {
          const double t = x * std::sqrt(2.0), q = t * t / (1 + t * t / 4);
          return 0.5 + 0.375 * t / std::sqrt(1 + t * t / 4) * (1 - q / 12);
        }) < 1.95);
}

TEST_CASE("outliers are the normal tensor with a share of its values enlarged", "[core][tensor]") {
  GeneratorSpec spec;
  const auto normal = make(spec, 0, 100000);
  spec.distribution = Distribution::outliers;
  spec.outlier_rate = 0.01;
  spec.outlier_size = 16;  // a power of two, so that the product is exact
  const auto values = make(spec, 0, 100000);
  int enlarged = 0, other = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] == 16 * normal[i]) {
      ++enlarged;
    } else {
      other += values[i] != normal[i];
    }
  }
  CHECK(other == 0);
  CHECK(std::abs(enlarged - 1000) < 4 * 32);  // 1000 expected, standard deviation 31.5
}

TEST_CASE("figures out of range are refused with their range", "[core][tensor]") {
  std::vector<float> out(1);
  const auto message = [&](auto change) {
    GeneratorSpec spec;
    change(spec);
    const auto result = generate(spec, 0, out, 1);
    return result ? std::string("accepted") : result.error().message();
  };
  CHECK(message([](GeneratorSpec& spec) { spec.sigma = 0; }) == "sigma is 0: use 1e-20 to 1e20");
  CHECK(message([](GeneratorSpec& spec) { spec.sigma = std::nan(""); }) == "sigma is nan: use 1e-20 to 1e20");
  CHECK(message([](GeneratorSpec& spec) {
          spec.distribution = Distribution::student_t;
          spec.nu = 2;
        }) == "nu is 2: use a whole number from 3 to 30");
  CHECK(message([](GeneratorSpec& spec) {
          spec.distribution = Distribution::outliers;
          spec.outlier_rate = 1.5;
        }) == "outlier_rate is 1.5: use 0 to 1");
  CHECK(message([](GeneratorSpec& spec) {
          spec.distribution = Distribution::outliers;
          spec.outlier_size = 0.5;
        }) == "outlier_size is 0.5: use 1 to 1e6");
}

}  // namespace
