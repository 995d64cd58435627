// Stacked areas: series over the x of the first one, each on top of those before it.
#include <algorithm>
#include <cmath>

#include "app/chart/clip.hpp"
#include "app/chart/marks.hpp"
#include "app/chart/room.hpp"

namespace qlab::chart {
namespace {

/// A series' value at a place; what is undefined, missing or negative adds nothing.
double height_at(const Series& series, std::size_t i) {
  const double value = i < series.y.size() ? tame(series.y[i], false) : 0;
  return value > 0 ? value : 0;
}

class Areas {
 public:
  Areas(Draft& draft, const Frame& frame) : draft_(draft), chart_(draft.chart), frame_(frame) {
    const std::vector<double>& x = chart_.series.front().x;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double at = frame.x(tame(x[i], frame.x.logarithmic));
      if (!std::isnan(at)) places_.push_back({i, at});
    }
    thin_out();
  }

  void draw() {
    std::vector<double> tops(places_.size());
    std::vector<std::vector<double>> edges{tops};  // the foot, then the top of each series
    for (const Series& series : chart_.series) {
      for (std::size_t k = 0; k < places_.size(); ++k)
        tops[k] = tame(tops[k] + height_at(series, places_[k].index), false);
      edges.push_back(tops);
    }
    // From the last to the first, each down to the foot: neighbours leave no seam between them.
    for (std::size_t s = chart_.series.size(); s-- > 0;) draw_area(edges[s + 1], series_color(draft_.look, s));
    for (std::size_t s = 0; s < chart_.series.size(); ++s) {
      add_hover(s, edges[s], edges[s + 1]);
      mark_named_points(s, edges[s + 1]);
    }
  }

 private:
  struct Place {
    std::size_t index = 0;
    double pixel = 0;
  };

  /// Of the places that share a column of pixels the first and the highest: the same picture.
  void thin_out() {
    const auto sum = [&](const Place& place) {
      double total = 0;
      for (const Series& series : chart_.series) total += height_at(series, place.index);
      return total;
    };
    std::vector<Place> kept;
    for (std::size_t i = 0; i < places_.size();) {
      std::size_t end = i + 1, highest = i;
      while (end < places_.size() && std::floor(places_[end].pixel) == std::floor(places_[i].pixel)) {
        if (sum(places_[end]) > sum(places_[highest])) highest = end;
        ++end;
      }
      kept.push_back(places_[i]);
      if (highest != i) kept.push_back(places_[highest]);
      i = end;
    }
    places_ = std::move(kept);
  }

  double pixel_of(double sum) const {
    const double pixel = frame_.y(tame(sum, frame_.y.logarithmic));
    return std::isnan(pixel) ? frame_.plot.bottom() : pixel;
  }

  void draw_area(const std::vector<double>& tops, const Color& color) {
    if (places_.empty()) return;
    const double foot = frame_.y.logarithmic ? frame_.plot.bottom() : pixel_of(0);
    std::vector<Point> outline{{places_.front().pixel, foot}};
    for (std::size_t k = 0; k < places_.size(); ++k) outline.push_back({places_[k].pixel, pixel_of(tops[k])});
    outline.push_back({places_.back().pixel, foot});
    std::vector<Point> inside = clipped_polygon(outline, frame_.plot);
    if (inside.size() > 2) draft_.add(Polygon{std::move(inside), color});
  }

  /// The band of a series from half way to the neighbour before to half way to the one after.
  void add_hover(std::size_t series, const std::vector<double>& feet, const std::vector<double>& tops) {
    const std::string name = draft_.text(chart_.series[series].label);
    for (std::size_t k = 0; k < places_.size(); ++k) {
      if (!(tops[k] > feet[k])) continue;
      const double at = places_[k].pixel;
      const double left = k > 0 ? (places_[k - 1].pixel + at) / 2 : at;
      const double right = k + 1 < places_.size() ? (places_[k + 1].pixel + at) / 2 : at;
      const double top = pixel_of(tops[k]), bottom = pixel_of(feet[k]);
      const Rectangle band = clipped({{left, top}, right - left, bottom - top, {}}, frame_.plot);
      if (!(band.width > 0 && band.height > 1)) continue;
      HoverSpot spot;
      spot.area = band;
      spot.at = {band.corner.x + band.width / 2, band.corner.y};
      if (!name.empty()) spot.text = name + "\n";
      const std::size_t i = places_[k].index;
      spot.text += draft_.read_out(chart_.x, chart_.series.front().x[i]) + "\n" +
                   draft_.read_out(chart_.y, height_at(chart_.series[series], i));
      spot.series = series;
      spot.point = i;
      draft_.scene.hover.push_back(std::move(spot));
    }
  }

  /// A point with a name gets a mark on its top, and the name above it.
  void mark_named_points(std::size_t series, const std::vector<double>& tops) {
    const std::vector<Text>& names = chart_.series[series].point_labels;
    for (std::size_t k = 0; k < places_.size(); ++k) {
      if (places_[k].index >= names.size() || names[places_[k].index].empty()) continue;
      const Point at{places_[k].pixel, pixel_of(tops[k])};
      const Rectangle& plot = frame_.plot;
      if (at.x < plot.corner.x || at.x > plot.right() || at.y < plot.corner.y || at.y > plot.bottom()) continue;
      draft_.add(Circle{at, 1.35 * draft_.size.mark, draft_.look.background});
      draft_.add(Circle{at, draft_.size.mark, draft_.look.text});
      Label name;
      name.text = shorten(draft_.text(names[places_[k].index]), draft_.size.small, true, plot.width);
      name.size = draft_.size.small;
      name.bold = true;
      name.color = draft_.look.text;
      name.role = Role::point;
      const double width = text_width(name.text, name.size, true);
      name.anchor = Anchor::start;
      name.baseline = {std::clamp(at.x - width / 2, plot.corner.x, std::max(plot.corner.x, plot.right() - width)),
                       std::max(at.y - 2 * draft_.size.mark, plot.corner.y + ascent * name.size)};
      // A name that would lie on another is left out; its mark stays.
      const Rectangle box = bounds(name);
      const auto lies_on = [&](const Word& word) { return overlap(bounds(word.label), box); };
      if (std::ranges::any_of(draft_.words, lies_on)) continue;
      draft_.words.push_back({std::move(name), draft_.scene.background});
    }
  }

  Draft& draft_;
  const Chart& chart_;
  const Frame& frame_;
  std::vector<Place> places_;
};

}  // namespace

void draw_areas(Draft& draft, const Frame& frame) { Areas(draft, frame).draw(); }

}  // namespace qlab::chart
