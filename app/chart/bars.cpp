// Grouped and stacked bars, standing or lying.
#include <algorithm>
#include <cmath>

#include "app/chart/marks.hpp"
#include "app/chart/number.hpp"

namespace qlab::chart {
namespace {

constexpr double share_of_slot = 0.74;  // the rest parts the groups

class Bars {
 public:
  Bars(Draft& draft, const Frame& frame)
      : draft_(draft),
        chart_(draft.chart),
        frame_(frame),
        places_(frame.lying ? frame.y : frame.x),
        values_(frame.lying ? frame.x : frame.y),
        count_(static_cast<std::size_t>(std::lround(places_.hi - places_.lo))),
        slot_(places_.length() / static_cast<double>(count_)) {}

  void draw_grouped() {
    const auto series_count = static_cast<double>(chart_.series.size());
    const double width = std::min(slot_ * share_of_slot / series_count, 6 * draft_.size.font);
    const double gap = width > 6 ? 1 : 0;
    for (std::size_t s = 0; s < chart_.series.size(); ++s) {
      const std::vector<double>& y = chart_.series[s].y;
      for (const std::size_t i : shown(y)) {
        const double value = tame(y[i], values_.logarithmic);
        if (std::isnan(value)) continue;
        const double from = places_(static_cast<double>(i)) + (static_cast<double>(s) - series_count / 2) * width;
        const Rectangle area = box(from, from + width - gap, foot(), pixel(value), series_color(draft_.look, s));
        draft_.add(area);
        add_hover(area, s, i, value < 0);
        offer_label(figure(y[i], 4), area, value < 0, chart_.series.size() == 1 ? slot_ * 0.95 : width, false);
      }
    }
    add_labels();
  }

  void draw_stacked() {
    const double width = std::min(slot_ * share_of_slot, 8 * draft_.size.font);
    std::vector<double> sums(count_);
    for (const Series& series : chart_.series) {
      for (std::size_t i = 0; i < series.y.size(); ++i)
        sums[i] += std::isfinite(series.y[i]) ? std::abs(series.y[i]) : 0;
    }
    totals_ = std::none_of(chart_.series.begin(), chart_.series.end(), [](const Series& series) {
      return std::any_of(series.y.begin(), series.y.end(), [](double value) { return value < 0; });
    });
    for (const std::size_t i : shown(sums)) draw_stack(i, width);
    add_labels();
  }

 private:
  /// Pixel of the foot all bars stand on: zero, or the low end of a logarithmic axis.
  double foot() const { return values_.logarithmic ? values_.from : pixel(0); }
  double pixel(double value) const {
    return std::clamp(values_(value), std::min(values_.from, values_.to), std::max(values_.from, values_.to));
  }

  /// All places, or where several share a pixel the one with the longest bar.
  std::vector<std::size_t> shown(const std::vector<double>& y) const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < y.size(); ++i) {
      const auto column = [&](std::size_t place) { return std::floor(places_(static_cast<double>(place))); };
      if (slot_ < 1 && !out.empty() && column(out.back()) == column(i)) {
        if (!(std::abs(y[out.back()]) >= std::abs(y[i]))) out.back() = i;
      } else {
        out.push_back(i);
      }
    }
    return out;
  }

  /// A bar of whole pixels from one place to another and from one value to another; at least a pixel each way.
  Rectangle box(double place0, double place1, double value0, double value1, const Color& color) const {
    const auto span = [](double a, double b) {
      const double low = snap(std::min(a, b));
      return std::pair{low, std::max(1.0, snap(std::max(a, b)) - low)};
    };
    const auto [place, breadth] = span(place0, place1);
    auto [value, length] = span(value0, value1);
    if (!frame_.lying && value0 >= value1) value = snap(value0) - length;  // a flat bar stands above its foot
    return frame_.lying ? Rectangle{{value, place}, length, breadth, color}
                        : Rectangle{{place, value}, breadth, length, color};
  }

  void draw_stack(std::size_t place, double width) {
    double above = 0, below = 0;
    const std::size_t parts = parts_at(place);
    const double from = places_(static_cast<double>(place)) - width / 2;
    Rectangle last;
    for (std::size_t s = 0; s < chart_.series.size(); ++s) {
      const std::vector<double>& y = chart_.series[s].y;
      const double value = place < y.size() ? tame(y[place], false) : 0;
      if (std::isnan(value) || value == 0) continue;
      double& base = value < 0 ? below : above;
      const double next = tame(base + value, false);
      last = box(from, from + width, pixel_of_sum(base), pixel_of_sum(next), series_color(draft_.look, s));
      base = next;
      draft_.add(last);
      add_hover(last, s, place, value < 0);
      Label label =
          word(figure(value, 4), {last.corner.x + last.width / 2, last.corner.y + last.height / 2}, Anchor::middle);
      label.color = ink_on(last.fill);
      const Rectangle text = bounds(label);
      if (parts > 1 && text.width < last.width - 4 && text.height < last.height - 1)
        draft_.words.push_back({label, last.fill});
    }
    if (parts > 0 && totals_) offer_label(figure(above, 4), last, false, slot_ - 3, true);
  }

  std::size_t parts_at(std::size_t place) const {
    return static_cast<std::size_t>(
        std::count_if(chart_.series.begin(), chart_.series.end(), [&](const Series& series) {
          return place < series.y.size() && std::isfinite(series.y[place]) && series.y[place] != 0;
        }));
  }

  double pixel_of_sum(double sum) const {
    const double tamed = tame(sum, values_.logarithmic);
    return std::isnan(tamed) ? foot() : pixel(tamed);
  }

  /// A label whose middle height is at `at`.
  Label word(std::string text, Point at, Anchor anchor) const {
    Label label;
    label.text = std::move(text);
    label.size = draft_.size.small;
    label.baseline = {at.x, at.y + cap_height * label.size / 2};
    label.color = draft_.look.text;
    label.anchor = anchor;
    label.role = Role::value;
    return label;
  }

  /// The label past the end of a bar; it must not be broader than `breadth`, and one without room hides all.
  void offer_label(std::string text, const Rectangle& area, bool negative, double breadth, bool bold) {
    const double size = draft_.size.small, gap = 0.35 * size;
    Label label;
    if (frame_.lying) {
      const double end = negative ? area.corner.x - gap : area.right() + gap;
      label = word(std::move(text), {end, area.corner.y + area.height / 2}, negative ? Anchor::end : Anchor::start);
    } else {
      const double end =
          negative ? area.bottom() + gap + cap_height * size / 2 : area.corner.y - gap - cap_height * size / 2;
      label = word(std::move(text), {area.corner.x + area.width / 2, end}, Anchor::middle);
    }
    label.bold = bold;
    const Rectangle text_box = bounds(label), &plot = frame_.plot;
    const double slack = 0.5 * size;
    const bool inside = text_box.corner.x > plot.corner.x - slack && text_box.right() < plot.right() + slack &&
                        text_box.corner.y > plot.corner.y - slack && text_box.bottom() < plot.bottom() + slack;
    const bool narrow = frame_.lying ? cap_height * size <= breadth : text_box.width <= breadth - 2;
    labels_fit_ = labels_fit_ && inside && narrow;
    if (labels_fit_) labels_.push_back(std::move(label));
  }

  void add_labels() {
    if (!labels_fit_) return;
    for (Label& label : labels_) draft_.words.push_back({std::move(label), draft_.scene.background});
  }

  void add_hover(const Rectangle& area, std::size_t series, std::size_t place, bool negative) {
    HoverSpot spot;
    spot.area = area;
    if (frame_.lying) spot.at = {negative ? area.corner.x : area.right(), area.corner.y + area.height / 2};
    if (!frame_.lying) spot.at = {area.corner.x + area.width / 2, negative ? area.bottom() : area.corner.y};
    const std::vector<Text>& names = chart_.x.categories;
    spot.text = place < names.size() ? draft_.text(names[place]) : std::to_string(place + 1);
    const std::string name = draft_.text(chart_.series[series].label);
    if (!name.empty()) spot.text += "\n" + name;
    spot.text += "\n" + draft_.read_out(chart_.y, chart_.series[series].y[place]);
    spot.series = series;
    spot.point = place;
    draft_.scene.hover.push_back(std::move(spot));
  }

  Draft& draft_;
  const Chart& chart_;
  const Frame& frame_;
  const Scale& places_;
  const Scale& values_;
  std::size_t count_;
  double slot_;
  std::vector<Label> labels_;
  bool labels_fit_ = true;
  bool totals_ = false;  ///< a stack with negative parts has no end to write its total at
};

}  // namespace

void draw_bars(Draft& draft, const Frame& frame) {
  Bars bars(draft, frame);
  if (draft.chart.kind == ChartKind::stacked_bars) {
    bars.draw_stacked();
  } else {
    bars.draw_grouped();
  }
}

}  // namespace qlab::chart
