#include "app/chart/draft.hpp"

#include <algorithm>
#include <cmath>

#include "app/chart/number.hpp"

namespace qlab::chart {

Draft::Draft(const Chart& of_chart, const Style& of_style)
    : chart(of_chart), style(of_style), look(chart::look(of_style.theme)) {
  const double width = std::max(320.0, std::round(style.width)), height = std::max(240.0, std::round(style.height));
  size.font = std::min({std::max(6.0, style.font_size) * look.type, width / 22, height / 17});
  size.small = size.font * 0.87;
  size.title = size.font * 1.25;
  size.margin = std::max(8.0, size.font * 0.9);
  const double weight = std::max(0.75, size.font / 15 / look.type) * look.stroke;
  size.line = 2 * weight;
  size.hair = std::max(1.0, std::round(weight));
  size.mark = 3.8 * weight;

  scene.width = width;
  scene.height = height;
  scene.background = look.background;
  if (style.transparent) scene.background.a = 0;
  scene.title = text(chart.title);
  scene.language = style.language;
}

std::string Draft::axis_title(const Axis& axis, int exponent) const {
  std::string in_brackets = exponent == 0 ? "" : power_of_ten(exponent);
  if (!axis.unit.empty()) in_brackets += (in_brackets.empty() ? "" : " ") + clean(axis.unit);
  std::string label = text(axis.label);
  if (in_brackets.empty()) return label;
  if (label.empty()) return in_brackets;
  return style.language == Language::zh ? label + "（" + in_brackets + "）" : label + " (" + in_brackets + ")";
}

std::string Draft::read_out(const Axis& axis, double value) const {
  if (axis.categories.empty()) return labelled(axis, with_unit(figure(value, 5), clean(axis.unit)));
  const double last = static_cast<double>(axis.categories.size()) - 1;
  return labelled(axis, text(axis.categories[static_cast<std::size_t>(std::clamp(std::round(value), 0.0, last))]));
}

std::string Draft::read_out_range(const Axis& axis, double from, double to) const {
  return labelled(axis, with_unit(figure(from, 5) + " – " + figure(to, 5), clean(axis.unit)));
}

std::string Draft::labelled(const Axis& axis, const std::string& shown) const {
  const std::string label = text(axis.label);
  return label.empty() ? shown : label + (style.language == Language::zh ? "：" : ": ") + shown;
}

double snap(double pixel) { return std::round(pixel); }

double snap_line(double pixel, double width) {
  const bool odd = static_cast<long>(std::round(width)) % 2 != 0;
  return odd ? std::floor(pixel) + 0.5 : std::round(pixel);
}

}  // namespace qlab::chart
