#include "app/chart/axis.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace qlab::chart {
namespace {

constexpr double cheap = 0.12;  // of the axis: what a round end may cost

/// Range in the coordinate that is even along the axis.
struct Span {
  double lo, hi;
};

Span even(const AxisPlan& plan) {
  return plan.logarithmic ? Span{std::log10(plan.lo), std::log10(plan.hi)} : Span{plan.lo, plan.hi};
}

double back(double coordinate, bool logarithmic) {
  return logarithmic ? std::pow(10, std::clamp(coordinate, -306.0, 306.0)) : coordinate;
}

/// Moves open ends out by the pixels that marks and labels need.
AxisPlan with_room(AxisPlan plan, double length) {
  const double at_lo = plan.open_lo ? plan.room_lo : 0, at_hi = plan.open_hi ? plan.room_hi : 0;
  if (at_lo + at_hi == 0) return plan;
  const Span span = even(plan);
  const double per_pixel = (span.hi - span.lo) / std::max(length - at_lo - at_hi, length / 2);
  plan.lo = back(span.lo - at_lo * per_pixel, plan.logarithmic);
  plan.hi = back(span.hi + at_hi * per_pixel, plan.logarithmic);
  return plan;
}

bool labels_have_room(const Ticks& ticks, const Scale& scale, bool horizontal, double font) {
  double free_from = -1e9;
  for (const Tick& tick : ticks.major) {
    const double at = horizontal ? scale(tick.at) : -scale(tick.at);
    const double half = horizontal ? text_width(tick.label, font, false) / 2 : (ascent + descent) * font / 2;
    if (at - half < free_from) return false;
    free_from = at + half + (horizontal ? 0.8 : 0.3) * font;
  }
  return true;
}

Ticks choose_ticks(const AxisPlan& plan, const Scale& scale, bool horizontal, double font) {
  const double length = scale.length();
  // Airy where there is space, closer where the plot is low, but never fewer than it takes to read a value.
  const double spacing = horizontal ? std::max(4 * font, length / 11)
                                    : std::max(length / 9, std::clamp(length / 4, 1.6 * font, 2.4 * font));
  const int most = std::max(2, static_cast<int>(length / spacing) + 1);
  std::vector<Ticks> choices = plan.logarithmic
                                   ? logarithmic_ticks(plan.lo, plan.hi, plan.binary, plan.binary ? 2 * most : most)
                                   : linear_ticks(plan.lo, plan.hi, most);
  for (Ticks& choice : choices) {
    if (labels_have_room(choice, scale, horizontal, font)) return std::move(choice);
  }
  return {};
}

/// Moves open ends out to the next tick where that costs little.
AxisPlan rounded(AxisPlan plan, const Ticks& ticks) {
  if (ticks.major.size() < 2) return plan;
  const auto coordinate = [&](double value) { return plan.logarithmic ? std::log10(value) : value; };
  const Span span = even(plan);
  const double first = coordinate(ticks.major[0].at), step = coordinate(ticks.major[1].at) - first;
  const double last = coordinate(ticks.major.back().at), reach = cheap * (span.hi - span.lo);
  const bool uneven = plan.logarithmic && std::abs(coordinate(ticks.major.back().at) - first -
                                                   step * (static_cast<double>(ticks.major.size()) - 1)) > 1e-6 * step;
  if (uneven) return plan;
  if (plan.open_lo && first > span.lo && span.lo - (first - step) < reach)
    plan.lo = back(first - step, plan.logarithmic);
  if (plan.open_hi && last < span.hi && last + step - span.hi < reach) plan.hi = back(last + step, plan.logarithmic);
  return plan;
}

bool is_number(const std::string& name) {
  const bool has_digit = name.find_first_of("0123456789") != std::string::npos;
  return name.empty() || (has_digit && name.find_first_not_of("0123456789.,+-−%× ") == std::string::npos);
}

}  // namespace

PlacedAxis place_axis(const AxisPlan& asked, const AxisPlace& place, double font) {
  AxisPlan plan = with_room(asked, std::abs(place.to - place.from));
  const auto scale = [&] { return Scale{plan.logarithmic, plan.lo, plan.hi, place.from, place.to}; };
  if (!plan.names.empty()) return {scale(), {}};
  plan = rounded(plan, choose_ticks(plan, scale(), place.horizontal, font));
  return {scale(), choose_ticks(plan, scale(), place.horizontal, font)};
}

NameLabels place_names(const std::vector<std::string>& names, double slot, double font, double max_height) {
  const double line = line_spacing * font, gap = 0.6 * font;
  NameLabels labels;
  labels.lines.resize(names.size());
  const auto width = [&](const std::string& name) { return text_width(name, font, false); };

  if (std::all_of(names.begin(), names.end(), is_number)) {  // numbers are read as a scale: every n-th will do
    double widest = 0;
    for (std::size_t i = 0; i < names.size(); i += 1 + names.size() / 1000) widest = std::max(widest, width(names[i]));
    const auto stride = static_cast<std::size_t>(std::max(1.0, std::ceil((widest + gap) / slot)));
    for (std::size_t i = 0; i < names.size(); i += stride) labels.lines[i] = {names[i]};
    labels.height = line;
    return labels;
  }

  const auto most_lines = static_cast<std::size_t>(std::clamp(max_height / 2 / line, 1.0, 3.0));
  const auto fits_whole = [&](const std::vector<std::string>& lines) {
    return !lines.empty() && !lines.back().ends_with("…");
  };
  bool whole = slot > 1.5 * font;
  for (std::size_t i = 0; whole && i < names.size(); ++i) {
    labels.lines[i] = wrap(names[i], font, false, slot - gap, most_lines);
    labels.height = std::max(labels.height, static_cast<double>(labels.lines[i].size()) * line);
    whole = names[i].empty() || fits_whole(labels.lines[i]);
  }
  if (whole) return labels;

  // Slanted lines lie apart by slot * sin(slant); where that is less than a line, only every n-th name is set.
  labels = {std::vector<std::vector<std::string>>(names.size()), true, 0};
  const double lean = -slant_degrees * std::numbers::pi / 180;
  const double room = (max_height - font * std::cos(lean)) / std::sin(lean);
  const auto stride = static_cast<std::size_t>(std::max(1.0, std::ceil(line / (slot * std::sin(lean)))));
  for (std::size_t i = 0; i < names.size(); i += stride) {
    const std::string name = shorten(names[i], font, false, room);
    if (name.empty()) continue;
    labels.lines[i] = {name};
    labels.height = std::max(labels.height, width(name) * std::sin(lean) + font * std::cos(lean));
  }
  return labels;
}

}  // namespace qlab::chart
