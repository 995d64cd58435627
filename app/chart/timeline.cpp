// Timelines: spans in lanes.
#include <algorithm>
#include <cmath>

#include "app/chart/marks.hpp"
#include "app/chart/room.hpp"

namespace qlab::chart {
namespace {

constexpr double share_of_lane = 0.62;

}  // namespace

void draw_timeline(Draft& draft, const Frame& frame) {
  const double lane = frame.plot.height / (frame.y.hi - frame.y.lo);
  const double height = std::max(1.0, snap(std::min(lane * share_of_lane, 4 * draft.size.font)));
  for (std::size_t s = 0; s < draft.chart.series.size(); ++s) {
    const Series& series = draft.chart.series[s];
    const std::string name = draft.text(series.label);
    double painted = -1e9, painted_lane = -1;  // spans of less than a pixel that share one are painted once
    for (std::size_t i = 0; i < series.y.size() && 2 * i + 1 < series.x.size(); ++i) {
      const auto across = [&](double value) {
        return std::clamp(frame.x(tame(value, frame.x.logarithmic)), frame.plot.corner.x, frame.plot.right());
      };
      const double start = across(series.x[2 * i]), end = across(series.x[2 * i + 1]);
      if (std::isnan(start) || std::isnan(end) || !(series.y[i] >= 0 && series.y[i] < frame.y.hi)) continue;
      const double at_lane = std::floor(series.y[i]);
      const double left = snap(std::min(start, end)), right = std::max(snap(std::max(start, end)), left + 1);
      if (right <= painted && at_lane == painted_lane) continue;
      painted = right;
      painted_lane = at_lane;
      const double middle = frame.y(at_lane);
      const double seam = right - left > 6 ? 1 : 0;  // spans that follow each other stay apart
      const Rectangle area = {
          {left, snap(middle - height / 2)}, right - left - seam, height, series_color(draft.look, s)};
      draft.add(area);
      // A span that lies on another hides its words.
      std::erase_if(draft.words, [&](const Word& word) { return overlap(bounds(word.label), area); });

      const std::string label = i < series.point_labels.size() ? draft.text(series.point_labels[i]) : std::string();
      Label word;
      word.text = label.empty() ? name : label;
      word.size = draft.size.small;
      word.color = ink_on(area.fill);
      word.anchor = Anchor::middle;
      word.role = Role::value;
      word.baseline = {area.corner.x + area.width / 2, middle + cap_height * word.size / 2};
      const Rectangle box = bounds(word);
      if (!word.text.empty() && box.width < area.width - 6 && box.height < area.height + 2)
        draft.words.push_back({word, area.fill});

      HoverSpot spot;
      spot.area = area;
      spot.at = {area.corner.x + area.width / 2, middle};
      if (!name.empty()) spot.text = name + "\n";
      if (!label.empty()) spot.text += label + "\n";
      const auto index = static_cast<std::size_t>(at_lane);
      if (index < draft.chart.y.categories.size()) spot.text += draft.read_out(draft.chart.y, at_lane) + "\n";
      spot.text += draft.read_out_range(draft.chart.x, series.x[2 * i], series.x[2 * i + 1]);
      spot.series = s;
      spot.point = i;
      draft.scene.hover.push_back(std::move(spot));
    }
  }
}

}  // namespace qlab::chart
