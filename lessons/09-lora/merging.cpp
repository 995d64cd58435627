// What merging an adapter into its weight changes, when the weight is 4-bit and the sum is stored in one way or
// another.
#include <algorithm>
#include <cmath>
#include <utility>

#include "core/tensor/dtype.hpp"
#include "lessons/09-lora/lora.hpp"
#include "lessons/support/figures.hpp"
#include "lessons/support/study.hpp"

namespace qlab::lessons {
namespace {

constexpr std::int64_t tokens = 64;

double norm_of(const std::vector<float>& values) {
  double squares = 0;
  for (const float value : values) squares += static_cast<double>(value) * static_cast<double>(value);
  return std::sqrt(squares);
}

double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double off = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    squares += off * off;
  }
  return std::sqrt(squares);
}

/// x W^T in fp32: x [n, k], w [m, k] -> [n, m], k = x.size() / n.
std::vector<float> product(const std::vector<float>& x, const std::vector<float>& w, std::int64_t n, std::int64_t m) {
  const std::int64_t k = static_cast<std::int64_t>(x.size()) / n;
  std::vector<float> y(static_cast<std::size_t>(n * m));
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < m; ++j) {
      float sum = 0;
      for (std::int64_t l = 0; l < k; ++l) {
        sum += x[static_cast<std::size_t>(i * k + l)] * w[static_cast<std::size_t>(j * k + l)];
      }
      y[static_cast<std::size_t>(i * m + j)] = sum;
    }
  }
  return y;
}

/// B A: [rows, columns].
std::vector<float> product_of(const LowRank& low, std::int64_t rows, std::int64_t columns) {
  std::vector<float> sum(static_cast<std::size_t>(rows * columns));
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t k = 0; k < low.rank; ++k) {
      const float b = low.b[static_cast<std::size_t>(i * low.rank + k)];
      for (std::int64_t j = 0; j < columns; ++j) {
        sum[static_cast<std::size_t>(i * columns + j)] += b * low.a[static_cast<std::size_t>(k * columns + j)];
      }
    }
  }
  return sum;
}

Result<std::vector<float>> through_nf4(const std::vector<float>& weight, Backend& backend) {
  const auto quantized = backend.quantize(weight, {.format = known_format("nf4")});
  if (!quantized) return quantized.error();
  std::vector<float> decoded(weight.size());
  auto done = backend.dequantize(*quantized, decoded);
  if (!done) return done.error();
  return decoded;
}

}  // namespace

Result<Merging> merging_of(const LowRank& low, std::int64_t rows, std::int64_t columns, double alpha,
                           double update_percent, Backend& backend) {
  std::vector<float> weight(static_cast<std::size_t>(rows * columns));
  std::vector<float> x(static_cast<std::size_t>(tokens * columns));
  if (auto done = backend.generate({.seed = 101, .sigma = 0.02}, 0, weight); !done) return done.error();
  if (auto done = backend.generate({.seed = 102}, 0, x); !done) return done.error();
  const auto frozen = through_nf4(weight, backend);
  if (!frozen) return frozen.error();

  // (alpha / r) B A shall have the stated share of the weight's norm; B is what training would have scaled.
  const auto scale = static_cast<float>(alpha / static_cast<double>(low.rank));
  std::vector<float> update = product_of(low, rows, columns);
  const auto stretch =
      static_cast<float>(update_percent / 100 * norm_of(*frozen) / (static_cast<double>(scale) * norm_of(update)));
  LowRank adapter = low;
  for (float& b : adapter.b) b *= stretch;
  update = product_of(adapter, rows, columns);
  for (float& value : update) value *= scale;

  std::vector<float> beside = product(product(x, adapter.a, tokens, low.rank), adapter.b, tokens, rows);
  for (float& value : beside) value *= scale;
  const double part = norm_of(beside);
  std::vector<float> outputs = product(x, *frozen, tokens, rows);
  for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i] += beside[i];

  std::vector<float> merged = *frozen;
  for (std::size_t i = 0; i < merged.size(); ++i) merged[i] += update[i];
  std::vector<float> rounded = merged;
  for (float& value : rounded) value = f32_from_bf16(bf16_from_f32(value));
  const auto requantized = through_nf4(merged, backend);
  if (!requantized) return requantized.error();

  Merging result;
  result.update_share = norm_of(update) / norm_of(*frozen);
  const std::vector<float> in_fp32 = product(x, merged, tokens, rows);
  result.in_fp32 = distance(in_fp32, outputs) / part;
  result.in_bf16 = distance(product(x, rounded, tokens, rows), outputs) / part;
  result.in_nf4 = distance(product(x, *requantized, tokens, rows), outputs) / part;
  double largest = 0;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    result.largest_difference = std::max(result.largest_difference,
                                         std::abs(static_cast<double>(in_fp32[i]) - static_cast<double>(outputs[i])));
    largest = std::max(largest, std::abs(static_cast<double>(outputs[i])));
  }
  result.largest_difference /= largest;
  return result;
}

Chart merging_chart(const Merging& merging) {
  Chart chart = chart_of("merging", ChartKind::grouped_bars, {"What merging costs", "合并的代价"});
  chart.x.categories = {{"merged, fp32", "合并为 fp32"},
                        {"merged, bf16", "合并为 bf16"},
                        {"merged, 4 bits again", "合并后再量化为 4 位"}};
  chart.y = logarithmic_axis({"Change of the outputs beside the adapter's part", "输出的变化与适配器贡献之比"}, "%");
  Series series{.name = "change", .label = {"Error of the adapter's effect", "适配器效果的误差"}};
  series.x = {0, 1, 2};
  series.y = {100 * merging.in_fp32, 100 * merging.in_bf16, 100 * merging.in_nf4};
  chart.series = {std::move(series)};
  chart.note = {"y = x Wᵀ + (α / r)(x Aᵀ) Bᵀ with an NF4 weight, against one product with the sum stored in each type.",
                "以 NF4 权重计算 y = x Wᵀ + (α / r)(x Aᵀ) Bᵀ，对比把和存成各类型后只做一次乘法。"};
  return chart;
}

}  // namespace qlab::lessons
