// A small lesson with every kind of parameter, its experiment, and its folder on disk.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "lessons/engine/lesson.hpp"
#include "lessons/engine/run.hpp"
#include "tests/support/temporary_folder.hpp"

namespace qlab::test {

inline constexpr std::string_view small_lesson_toml = R"(schema = 1
experiment = "small"
title = { en = "Small", zh = "小" }
summary = { en = "One sentence.", zh = "一句话。" }

[[parameters]]
name = "block_size"
symbol = "block"
kind = "integer"
label = { en = "Block size", zh = "块大小" }
help = { en = "Values that share a constant", zh = "共用一个常数的值" }
unit = "values"
minimum = 16
maximum = 4096
step = 16
logarithmic = true
default = 64

[[parameters]]
name = "sigma"
kind = "number"
label = { en = "Spread", zh = "标准差" }
minimum = 0.5
maximum = 10
default = 1

[[parameters]]
name = "constants"
kind = "choice"
label = { en = "Constants", zh = "常数" }
choices = [ { id = "fp32", label = { en = "fp32", zh = "fp32" } }, { id = "fp16", label = { en = "fp16", zh = "fp16" } } ]
default = "fp32"

[[parameters]]
name = "sorted"
kind = "flag"
label = { en = "Sorted", zh = "排序" }
default = false

[[parameters]]
name = "source"
kind = "tensor"
label = { en = "Tensor", zh = "张量" }
default = "normal"

[[scenarios]]
name = "default"
title = { en = "Defaults", zh = "默认" }
[[scenarios.expect]]
value = "product"
equals = 64
source = { en = "block times spread", zh = "块乘标准差" }

[[scenarios]]
name = "wide"
title = { en = "A wider spread", zh = "更宽" }
set = { block = 128, sigma = 2.5, constants = "fp16", sorted = true, source = "laplace" }
[[scenarios.expect]]
value = "product"
at_least = 300
at_most = 330
source = { en = "block times spread", zh = "块乘标准差" }
[[scenarios.expect]]
value = "half"
equals = 160
tolerance = 0.5
source = { en = "half of it", zh = "一半" }
)";

/// product = block_size * sigma, half of it, and nothing else.
inline Result<Report> small_experiment(const Parameters& parameters, const Context&) {
  Report report;
  const double product = parameters.number("block_size") * parameters.number("sigma");
  report.add_value("product", product, "values", {"Product", "乘积"});
  report.add_value("half", product / 2, "", {"Half", "一半"});
  return report;
}

inline constexpr std::array<lessons::NamedExperiment, 1> small_experiments{{{"small", small_experiment}}};

/// `text` with its first `from` replaced, which must be there.
inline std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out(text);
  const std::size_t place = out.find(from);
  if (place == std::string::npos) throw std::logic_error("the text to replace is missing: " + std::string(from));
  return out.replace(place, from.size(), to);
}

inline std::filesystem::path write_lesson(const std::filesystem::path& folder, std::string_view toml) {
  std::filesystem::create_directories(folder);
  put(folder / "lesson.toml", std::string(toml));
  put(folder / "en.md", "# Small\n");
  put(folder / "zh.md", "# 小\n");
  return folder;
}

inline Result<lessons::Lesson> load_small(const std::filesystem::path& folder, std::string_view toml,
                                          std::span<const lessons::Lesson> built_in = {}) {
  return lessons::load_lesson(write_lesson(folder, toml), built_in, small_experiments);
}

}  // namespace qlab::test
