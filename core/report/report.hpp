// Report: everything an experiment found, as data. The window, the command line, JSON, CSV, JUnit and every picture are
// views of the same Report; nothing here knows how it will be shown.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/text.hpp"
#include "core/report/chart.hpp"

namespace qlab {

/// One figure. Infinite and undefined figures are legal (SQNR without error is +inf); JSON writes them as null.
struct Value {
  std::string name;  ///< stable snake_case English
  double number = 0;
  std::string unit;  ///< "GiB", "dB", "bits/parameter", empty for a pure number
  Text label;
};

/// A cell of a table: a number, or a text in both languages, or nothing (shown as a dash, null in JSON).
using Cell = std::variant<std::monostate, double, Text>;

struct Column {
  std::string name;  ///< stable snake_case English
  std::string unit;
  Text label;
};

struct Table {
  std::string name;
  Text title;
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
};

enum class Relation { equals, at_least, at_most };

/// A statement that was tested here and now. `value` is computed, `expected` comes from elsewhere (the paper, a
/// library, a printed figure or a second derivation), never from the same code. When a claim is in circulation, `claim`
/// holds the printed figure, and `claim_holds` says whether the computation confirms it; a refuted claim is no failure
/// of the check.
struct Check {
  std::string name;
  Text label;
  double value = 0;
  double expected = 0;
  double tolerance = 0;  ///< absolute
  bool passed = false;
  Text source;
  std::optional<double> claim;
  bool claim_holds = true;
  Relation relation = Relation::equals;  ///< how `value` must stand to `expected`
};

/// |value - expected| <= tolerance; NaN never passes.
Check make_check(std::string name, Text label, double value, double expected, double tolerance, Text source);

/// value >= bound or value <= bound; NaN never passes.
Check make_bound_check(std::string name, Text label, double value, Relation relation, double bound, Text source);

/// A check of a printed figure: passes when `value` agrees with the independent `truth`; the claim holds when it lies
/// within `claim_tolerance` of the value.
Check make_claim_check(std::string name, Text label, double value, double truth, double tolerance, double claim,
                       double claim_tolerance, Text source);

struct Document {
  std::string name;
  std::string type;  ///< "log", "python", "toml", "text"
  std::string text;
};

struct Report {
  std::string device = "cpu";
  bool complete = true;  ///< false in growing Reports and in the last one of a cancelled run
  std::vector<Value> values;
  std::vector<Table> tables;
  std::vector<Chart> charts;
  std::vector<Check> checks;
  std::vector<Document> documents;
  std::vector<Text> notes;  ///< what a reader must know: a sampled file, a level of truth

  void add_value(std::string name, double number, std::string unit, Text label);
  const Value* find_value(std::string_view name) const;  ///< nullptr if there is none
  const Table* find_table(std::string_view name) const;
  const Chart* find_chart(std::string_view name) const;
  bool all_checks_passed() const;
};

}  // namespace qlab
