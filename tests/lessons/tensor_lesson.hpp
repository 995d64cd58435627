// What the tests of the tensor lessons (02 to 05) need beyond run_lesson.hpp: other threads, a stop, and an error that
// is derived on paper. SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "app/views/json.hpp"
#include "tests/lessons/run_lesson.hpp"

namespace qlab::tests {

inline void keeps_its_promises(const lessons::Lesson& lesson) {
  for (const lessons::Scenario& scenario : lesson.scenarios) {
    CHECK_FALSE(scenario.expectations.empty());
    const Report report = run_lesson(lesson, scenario.name);
    CHECK(report.complete);
    for (const Check& check : report.checks) {
      CAPTURE(lesson.id, scenario.name, check.name, check.value, check.expected, check.tolerance);
      CHECK(check.passed);
    }
  }
}

/// The whole Report as JSON, every number with all its digits.
inline std::string everything(const lessons::Lesson& lesson, int threads, const Overrides& set) {
  auto parameters = lessons::parameters_of(lesson, "default");
  REQUIRE(parameters);
  for (const auto& [name, typed] : set) REQUIRE(parameters->set(name, typed));
  const auto backend = make_cpu_backend(threads);
  const Context context{*backend, std::filesystem::path(QLAB_SOURCE_ROOT) / "assets", {}, {}, {}};
  const auto run = lessons::run(lesson, "default", *std::move(parameters), context);
  REQUIRE(run);
  return views::json(*run, Language::en);
}

inline const Check& check_of(const Report& report, std::string_view name) {
  const auto found =
      std::find_if(report.checks.begin(), report.checks.end(), [&](const Check& one) { return one.name == name; });
  CAPTURE(name);
  REQUIRE(found != report.checks.end());
  return *found;
}

inline double cell(const Report& report, std::string_view table_name, std::size_t row, std::string_view column) {
  const Table* table = report.find_table(table_name);
  REQUIRE(table != nullptr);
  const auto found =
      std::find_if(table->columns.begin(), table->columns.end(), [&](const Column& one) { return one.name == column; });
  CAPTURE(table_name, row, column);
  REQUIRE(found != table->columns.end());
  REQUIRE(row < table->rows.size());
  const Cell& cell = table->rows[row][static_cast<std::size_t>(found - table->columns.begin())];
  REQUIRE(std::holds_alternative<double>(cell));
  return std::get<double>(cell);
}

/// What absmax quantization to `levels` (ascending, in [-1, 1], both ends among them) does to standard normal values in
/// blocks of `block`: the block's largest magnitude m comes back exactly, the others are normal values cut to [-m, m].
/// Simpson's rule over the distribution of m; each interval between two thresholds in closed form.
inline double expected_mse(const std::vector<double>& levels, int block) {
  const auto density = [](double x) { return std::exp(-x * x / 2) / std::sqrt(2 * 3.14159265358979323846); };
  const auto below = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
  const auto given_largest = [&](double m) {
    double sum = 0;
    for (std::size_t i = 0; i < levels.size(); ++i) {
      const double level = levels[i] * m;
      const double from = i == 0 ? -m : (levels[i - 1] + levels[i]) / 2 * m;
      const double to = i + 1 == levels.size() ? m : (levels[i] + levels[i + 1]) / 2 * m;
      sum += (1 + level * level) * (below(to) - below(from)) + (from - 2 * level) * density(from) -
             (to - 2 * level) * density(to);
    }
    return sum / (2 * below(m) - 1);
  };
  constexpr int pieces = 4000;
  constexpr double first = 0.1, last = 8.5;
  double integral = 0;
  for (int i = 0; i <= pieces; ++i) {
    const double m = first + (last - first) * i / pieces;
    const double weight = i == 0 || i == pieces ? 1 : (i % 2 == 1 ? 4 : 2);
    integral += weight * block * std::pow(2 * below(m) - 1, block - 1) * 2 * density(m) * given_largest(m);
  }
  return integral * (last - first) / pieces / 3 * (block - 1) / block;
}

inline std::vector<double> equal_steps(int highest) {
  std::vector<double> levels;
  for (int code = -highest; code <= highest; ++code) levels.push_back(static_cast<double>(code) / highest);
  return levels;
}

}  // namespace qlab::tests
