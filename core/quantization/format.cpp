#include "core/quantization/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/quantization/codebooks.hpp"

namespace qlab {
namespace {

Format codebook_format(std::string name, Text label, Text description, int bits, std::vector<float> codebook) {
  Format format;
  format.name = std::move(name);
  format.label = std::move(label);
  format.description = std::move(description);
  format.bits = bits;
  format.codebook = std::move(codebook);
  return format;
}

Format linear_format(std::string name, int bits, ScaleRule scale_rule) {
  Format format;
  format.name = std::move(name);
  format.bits = bits;
  format.code_rule = CodeRule::linear;
  format.scale_rule = scale_rule;
  switch (scale_rule) {
    case ScaleRule::absmax:
      format.label = {fmt::format("INT{} symmetric", bits), fmt::format("INT{} 对称", bits)};
      format.description = {"Equal steps on both sides of zero, one scale a block; the lowest code never occurs.",
                            "零点两侧等间距，每块一个缩放系数；最低的编码从不出现。"};
      break;
    case ScaleRule::signed_absmax:
      format.label = {fmt::format("Q{}_0", bits), fmt::format("Q{}_0", bits)};
      format.description = {"ggml's Q4_0 rule: the scale takes the sign of the largest value, so every code is used.",
                            "ggml 的 Q4_0 规则：缩放系数带上最大值的符号，因此所有编码都用得上。"};
      break;
    case ScaleRule::min_max:
      format.label = {fmt::format("INT{} affine", bits), fmt::format("INT{} 仿射", bits)};
      format.description = {"Equal steps from the block's minimum to its maximum; two constants a block.",
                            "从块内最小值到最大值等间距；每块两个常数。"};
      break;
    case ScaleRule::min_max_zero_point:
      format.label = {fmt::format("INT{} affine, zero point", bits), fmt::format("INT{} 仿射（整数零点）", bits)};
      format.description = {"As affine, with the minimum rounded to an integer zero point, so that 0 stays exactly 0.",
                            "同仿射，但最小值取为整数零点，因此 0 仍然精确为 0。"};
      break;
  }
  return format;
}

Format nf4() {
  return codebook_format("nf4", {"NF4", "NF4"},
                         {"QLoRA's normal float: 16 quantiles of the normal distribution, scaled by the absmax.",
                          "QLoRA 的正态浮点：正态分布的 16 个分位数，按块内最大绝对值缩放。"},
                         4, normal_float_codebook());
}

Format fp4() {
  return codebook_format("fp4", {"FP4", "FP4"},
                         {"A 4-bit float (sign, two exponent bits, one mantissa bit) with bitsandbytes' levels.",
                          "4 位浮点（符号、两位指数、一位尾数），取 bitsandbytes 的数值。"},
                         4, fp4_codebook());
}

Format mirrored15() {
  return codebook_format("mirrored15", {"15 mirrored levels", "15 级对称表"},
                         {"The symmetric table that tutorials print as NF4: 15 levels, the sixteenth code is unused.",
                          "教程中常当作 NF4 印出的对称表：15 个数值，第 16 个编码不用。"},
                         4, mirrored15_codebook());
}

Format dynamic8() {
  return codebook_format("dynamic8", {"Dynamic 8-bit", "动态 8 位"},
                         {"The 8-bit map of decades that holds double quantization's constants and 8-bit optimizers.",
                          "按数量级划分的 8 位映射，用于双重量化的常数和 8 位优化器。"},
                         8, dynamic_map(true));
}

struct NamedFormat {
  const char* name;
  Format (*make)();
};
constexpr NamedFormat codebook_formats[] = {
    {"nf4", nf4}, {"fp4", fp4}, {"mirrored15", mirrored15}, {"dynamic8", dynamic8}};

struct LinearFamily {
  const char* prefix;
  const char* suffix;
  ScaleRule scale_rule;
};
constexpr LinearFamily linear_families[] = {{"int", "", ScaleRule::absmax},
                                            {"int", "_affine", ScaleRule::min_max},
                                            {"int", "_affine_zp", ScaleRule::min_max_zero_point},
                                            {"q", "_0", ScaleRule::signed_absmax}};

std::string linear_name(const LinearFamily& family, int bits) {
  return fmt::format("{}{}{}", family.prefix, bits, family.suffix);
}

}  // namespace

Result<Format> find_format(std::string_view name) {
  for (const NamedFormat& known : codebook_formats) {
    if (name == known.name) return known.make();
  }
  for (int bits = 2; bits <= 8; ++bits) {
    for (const LinearFamily& family : linear_families) {
      if (name == linear_name(family, bits)) return linear_format(std::string(name), bits, family.scale_rule);
    }
  }
  return Error{Errc::not_found, fmt::format("there is no format '{}'", name), "",
               fmt::format("use one of {} (linear ones with 2 to 8 bits)", fmt::join(format_names(), ", "))};
}

std::vector<std::string> format_names() {
  std::vector<std::string> names = {"nf4", "fp4", "mirrored15"};
  for (const int bits : {4, 8}) {
    for (const LinearFamily& family : linear_families) names.push_back(linear_name(family, bits));
  }
  names.emplace_back("dynamic8");
  return names;
}

std::vector<float> code_levels(const Format& format) {
  if (format.code_rule == CodeRule::nearest_level) return format.codebook;
  const bool around_zero = format.scale_rule == ScaleRule::absmax || format.scale_rule == ScaleRule::signed_absmax;
  std::vector<float> levels(std::size_t{1} << format.bits);
  const int lowest = around_zero ? -(1 << (format.bits - 1)) : 0;
  std::iota(levels.begin(), levels.end(), static_cast<float>(lowest));
  return levels;
}

Result<Done> check_format(const Format& format) {
  const auto refuse = [&](std::string what, std::string hint) {
    return Error{Errc::bad_argument, std::move(what), "format " + format.name, std::move(hint)};
  };
  if (format.bits < 2 || format.bits > 8) return refuse(fmt::format("bits is {}", format.bits), "use 2 to 8");
  if (format.code_rule == CodeRule::linear) return Done{};
  if (format.scale_rule != ScaleRule::absmax) return refuse("a codebook has another scale rule", "use absmax");
  const std::size_t most = std::size_t{1} << format.bits;
  if (format.codebook.size() < 2 || format.codebook.size() > most) {
    return refuse(fmt::format("the codebook has {} levels", format.codebook.size()), fmt::format("use 2 to {}", most));
  }
  for (const float level : format.codebook) {
    if (!(std::abs(level) <= 1)) return refuse(fmt::format("a level is {}", level), "use levels from -1 to 1");
  }
  return Done{};
}

}  // namespace qlab
