#include "core/report/report.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace qlab {
namespace {

template <class T>
const T* find_named(const std::vector<T>& items, std::string_view name) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const T& item) { return item.name == name; });
  return found == items.end() ? nullptr : &*found;
}

}  // namespace

const char* name_of(ChartKind kind) {
  switch (kind) {
    case ChartKind::line: return "line";
    case ChartKind::staircase: return "staircase";
    case ChartKind::scatter: return "scatter";
    case ChartKind::grouped_bars: return "grouped_bars";
    case ChartKind::stacked_bars: return "stacked_bars";
    case ChartKind::stacked_area: return "stacked_area";
    case ChartKind::histogram: return "histogram";
    case ChartKind::heat_map: return "heat_map";
    case ChartKind::timeline: return "timeline";
  }
  return "line";
}

Check make_check(std::string name, Text label, double value, double expected, double tolerance, Text source) {
  const bool passed = value == expected || std::abs(value - expected) <= tolerance;
  return {std::move(name), std::move(label), value, expected, tolerance, passed, std::move(source), {}, true};
}

Check make_bound_check(std::string name, Text label, double value, Relation relation, double bound, Text source) {
  Check check = make_check(std::move(name), std::move(label), value, bound, 0, std::move(source));
  check.relation = relation;
  if (relation == Relation::at_least) check.passed = value >= bound;
  if (relation == Relation::at_most) check.passed = value <= bound;
  return check;
}

Check make_claim_check(std::string name, Text label, double value, double truth, double tolerance, double claim,
                       double claim_tolerance, Text source) {
  Check check = make_check(std::move(name), std::move(label), value, truth, tolerance, std::move(source));
  check.claim = claim;
  check.claim_holds = std::abs(value - claim) <= claim_tolerance;
  return check;
}

void Report::add_value(std::string name, double number, std::string unit, Text label) {
  values.push_back({std::move(name), number, std::move(unit), std::move(label)});
}

const Value* Report::find_value(std::string_view name) const { return find_named(values, name); }
const Table* Report::find_table(std::string_view name) const { return find_named(tables, name); }
const Chart* Report::find_chart(std::string_view name) const { return find_named(charts, name); }

bool Report::all_checks_passed() const {
  return std::all_of(checks.begin(), checks.end(), [](const Check& check) { return check.passed; });
}

}  // namespace qlab
