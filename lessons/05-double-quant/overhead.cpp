#include "lessons/05-double-quant/overhead.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/units.hpp"
#include "core/memory/model_shape.hpp"
#include "lessons/support/figures.hpp"

namespace qlab::lessons {
namespace {

struct Model {
  const char* label;
  const char* file;  ///< below assets/models, without .json
};
constexpr std::array models{Model{"LLaMA 7B", "llama-7b"}, Model{"LLaMA 13B", "llama-13b"},
                            Model{"LLaMA 33B", "llama-33b"}, Model{"LLaMA 65B", "llama-65b"}};

Result<double> quantized_weights(const Model& model, const std::filesystem::path& assets) {
  const auto shape = load_model_shape(assets / "models" / (std::string(model.file) + ".json"));
  if (!shape) return shape.error();
  return static_cast<double>(quantized_linears(*shape).weights);
}

const Text notes_on_paper{"notes on the paper", "某篇论文笔记"};
const Text practice{"a practice text", "某实践教材"};

void check_formulas(Report& report) {
  const Overhead paper = overhead_of(64, 256, ConstantType::fp32);
  // In whole numbers: 64 * 256 weights share 256 constants of 32 bits before; 256 codes of 8 bits and one of 32 after.
  constexpr double weights = 16384, bits_before = 8192, bits_after = 2080;
  const auto claim = [&](std::string name, Text label, double value, double truth, double printed, double half_digit,
                         const Text& source) {
    report.checks.push_back(
        make_claim_check(std::move(name), std::move(label), value, truth, 1e-9, printed, half_digit, source));
  };
  claim("paper_overhead_before",
        {"Overhead with blocks of 64 and fp32 constants, in bits", "块 64、fp32 常数的每参数开销（位）"}, paper.before,
        bits_before / weights, 0.5, 0.0005, notes_on_paper);
  claim("paper_overhead_after", {"Overhead after double quantization, in bits", "双重量化之后的每参数开销（位）"},
        paper.after(), bits_after / weights, 0.127, 0.0005, notes_on_paper);
  claim("paper_percent_before", {"Overhead before, in percent of the codes", "之前的开销，占编码的百分比"},
        100 * paper.before / 4, 100 * bits_before / (4 * weights), 12.5, 0.05, notes_on_paper);
  claim("paper_percent_after", {"Overhead after, in percent of the codes", "之后的开销，占编码的百分比"},
        100 * paper.after() / 4, 100 * bits_after / (4 * weights), 3.17, 0.005, notes_on_paper);
  claim("average_bits_per_parameter",
        {"Average overhead per parameter after double quantization, in bits", "双重量化后平均每参数的开销（位）"},
        paper.after(), bits_after / weights, 0.37, 0.005, notes_on_paper);
  claim("saved_bits_per_parameter",
        {"What is saved per parameter, in bits (the same 0.37)", "每参数节省的位数（还是那个 0.37）"}, paper.saved(),
        (bits_before - bits_after) / weights, 0.37, 0.005, notes_on_paper);
  claim("formula_without_brackets",
        {"(8 × 256 + 32) / 64 × 256 as printed, without brackets around 64 × 256",
         "照印出的 (8 × 256 + 32) / 64 × 256 计算，64 × 256 没有加括号"},
        (8.0 * 256 + 32) / 64 * 256, 4 * bits_after, 0.127, 0.0005, notes_on_paper);
}

}  // namespace

Overhead overhead_of(int block_size, int nested_block_size, ConstantType first) {
  const double constant_bits = first == ConstantType::fp16 ? 16 : 32;
  return {constant_bits / block_size, 8.0 / block_size, 32.0 / (static_cast<double>(block_size) * nested_block_size)};
}

Result<Done> add_models(Report& report, const Overhead& overhead, const std::filesystem::path& assets) {
  Table table{"saving_by_model", {"What it saves on real models", "在真实模型上省下多少"}, {}, {}};
  table.columns = {{"model", "", {"Model", "模型"}},
                   {"quantized_weights", "", {"Quantized weights", "被量化的权重数"}},
                   {"constants_before_gb", "GB", {"Constants before", "之前的常数"}},
                   {"constants_after_gb", "GB", {"Constants after", "之后的常数"}},
                   {"saved_gb", "GB", {"Saved", "节省"}}};
  Chart chart = chart_of("memory_by_model", ChartKind::grouped_bars,
                         {"Memory for the constants of a whole model", "整个模型的常数占多少显存"});
  chart.y = axis_from_zero({"memory", "显存"}, "GB");
  Series before{"before", {"before", "之前"}, {}, {}, {}, false};
  Series after{"after", {"after", "之后"}, {}, {}, {}, false};
  Series saved{"saved", {"saved", "节省"}, {}, {}, {}, false};
  for (const Model& model : models) {
    const auto weights = quantized_weights(model, assets);
    if (!weights) return weights.error();
    const double gb_per_bit = *weights / 8 / bytes_per_GB;
    table.rows.push_back({same(model.label), *weights, overhead.before * gb_per_bit, overhead.after() * gb_per_bit,
                          overhead.saved() * gb_per_bit});
    chart.x.categories.push_back(same(model.label));
    before.y.push_back(overhead.before * gb_per_bit);
    after.y.push_back(overhead.after() * gb_per_bit);
    saved.y.push_back(overhead.saved() * gb_per_bit);
  }
  chart.series = {std::move(before), std::move(after), std::move(saved)};
  chart.note = {
      "Ledger: the weights of every Linear layer but the head, as bitsandbytes quantizes them. 1 GB is 1e9 bytes.",
      "账本级：除输出头外所有 Linear 层的权重，即 bitsandbytes 量化的部分。1 GB 为 10⁹ 字节。"};
  report.tables.push_back(std::move(table));
  report.charts.push_back(std::move(chart));
  return Done{};
}

void check_constants(Report& report, const QuantizedTensor& quantized) {
  const std::int64_t n = quantized.size;
  const std::int64_t blocks = (n + quantized.block_size - 1) / quantized.block_size;
  const std::int64_t groups = (blocks + quantized.scale.nested_block_size - 1) / quantized.scale.nested_block_size;
  const std::int64_t bytes = (n + 1) / 2 + blocks + 4 * groups + 4;
  report.checks.push_back(make_check("bytes_counted_on_paper",
                                     {"Bytes of the tensor after double quantization", "双重量化之后该张量的字节数"},
                                     static_cast<double>(quantized.bytes()), static_cast<double>(bytes), 0,
                                     {"half a byte a value, a byte a block, four a group, four for the mean",
                                      "每个数值半字节，每块一字节，每组四字节，均值四字节"}));
  const auto stored =
      static_cast<double>(quantized.scale.codes.size() + quantized.minimum.codes.size() + quantized.zero_points.size());
  report.checks.push_back(make_claim_check("constants_per_block",
                                           {"Constants of a block (the text has two: a scale and a zero point)",
                                            "每块的常数个数（原文说有两个：尺度与零点）"},
                                           stored / static_cast<double>(blocks), 1, 0, 2, 0, practice));
}

Result<Done> check_printed_figures(Report& report, const std::filesystem::path& assets) {
  check_formulas(report);
  struct Published {
    const Model& model;
    double layers, hidden, mlp;  ///< Touvron et al. 2023, table 2; a layer has 4 H^2 + 3 H * mlp linear weights
    double claim, half_digit;
    Text source;
  };
  const Text measured{"a measurement with the library", "用该库的实测"};
  const std::array<Published, 3> published{Published{models[0], 32, 4096, 11008, 0.30, 0.005, measured},
                                           Published{models[1], 40, 5120, 13824, 0.59, 0.005, measured},
                                           Published{models[3], 80, 8192, 22016, 0.4, 0.05, practice}};
  const double saved_bits = overhead_of(64, 256, ConstantType::fp32).saved();
  for (const Published& row : published) {
    const auto weights = quantized_weights(row.model, assets);
    if (!weights) return weights.error();
    // Counted in blocks of 64: a byte and a 256th of four bytes stand where four bytes stood.
    const double blocks = row.layers * (4 * row.hidden * row.hidden + 3 * row.hidden * row.mlp) / 64;
    const double truth = (4 - 1 - 4.0 / 256) * blocks / bytes_per_GB;
    std::string name = fmt::format("saved_gb_{}", row.model.file);
    std::replace(name.begin(), name.end(), '-', '_');
    report.checks.push_back(make_claim_check(std::move(name),
                                             {fmt::format("GB that double quantization saves on {}", row.model.label),
                                              fmt::format("双重量化在 {} 上节省的 GB", row.model.label)},
                                             saved_bits * *weights / 8 / bytes_per_GB, truth, 1e-9, row.claim,
                                             row.half_digit, row.source));
  }
  return Done{};
}

}  // namespace qlab::lessons
