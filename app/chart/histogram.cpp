// Histograms: one as solid bins, several as outlines over a light fill, so that none hides another.
#include <algorithm>
#include <cmath>

#include "app/chart/marks.hpp"

namespace qlab::chart {
namespace {

struct Bin {
  double left, right, top;  // pixels
  std::size_t index;
};

/// The bins that can be drawn; of those that share a pixel column the highest.
std::vector<Bin> bins_of(const Frame& frame, const Series& series) {
  std::vector<Bin> bins;
  for (std::size_t i = 0; i < series.y.size() && i + 1 < series.x.size(); ++i) {
    const auto across = [&](double value) {
      return std::clamp(frame.x(tame(value, frame.x.logarithmic)), frame.plot.corner.x, frame.plot.right());
    };
    Bin bin{snap(across(series.x[i])), snap(across(series.x[i + 1])), 0, i};
    const double height = tame(series.y[i], frame.y.logarithmic);
    if (std::isnan(bin.left) || std::isnan(bin.right) || std::isnan(height) || height == 0) continue;
    if (bin.left > bin.right) std::swap(bin.left, bin.right);
    bin.top = snap(std::clamp(frame.y(height), frame.plot.corner.y, frame.plot.bottom()));
    if (!bins.empty() && bin.right - bins.back().left < 1) {
      bins.back().top = std::min(bins.back().top, bin.top);
    } else {
      bin.right = std::max(bin.right, bin.left + 1);
      bins.push_back(bin);
    }
  }
  return bins;
}

double foot_of(const Frame& frame) {
  return frame.y.logarithmic ? frame.plot.bottom()
                             : snap(std::clamp(frame.y(0), frame.plot.corner.y, frame.plot.bottom()));
}

/// The upper edges of runs of bins that touch, from the foot and back to it.
std::vector<std::vector<Point>> outlines(const std::vector<Bin>& bins, double foot) {
  std::vector<std::vector<Point>> out;
  for (std::size_t i = 0; i < bins.size(); ++i) {
    const Bin& bin = bins[i];
    if (i == 0 || bin.left > bins[i - 1].right + 0.5) out.push_back({{bin.left, foot}});
    out.back().push_back({bin.left, bin.top});
    out.back().push_back({bin.right, bin.top});
    if (i + 1 == bins.size() || bins[i + 1].left > bin.right + 0.5) out.back().push_back({bin.right, foot});
  }
  return out;
}

void draw_solid(Draft& draft, const std::vector<Bin>& bins, double foot, const Color& color) {
  for (const Bin& bin : bins) {
    const double gap = bin.right - bin.left > 5 ? 1 : 0;
    const double top = std::min(bin.top, foot), height = std::max(1.0, std::abs(foot - bin.top));
    draft.add(Rectangle{{bin.left, top}, bin.right - bin.left - gap, height, color});
  }
}

/// One light area without seams under its outline.
void draw_light(Draft& draft, const std::vector<Bin>& bins, double foot, std::size_t series) {
  Color color = series_color(draft.look, series);
  color.a = 0.22;
  for (std::vector<Point>& outline : outlines(bins, foot)) {
    draft.add(Polygon{outline, color});
    draft.add(Polyline{std::move(outline), series_stroke(draft, series)});
  }
}

void add_hover(Draft& draft, const Frame& frame, std::size_t index, const std::vector<Bin>& bins) {
  const Series& series = draft.chart.series[index];
  const std::string name = draft.text(series.label);
  for (const Bin& bin : bins) {
    HoverSpot spot;
    spot.area = {{bin.left, frame.plot.corner.y}, bin.right - bin.left, frame.plot.height, {}};
    spot.at = {(bin.left + bin.right) / 2, bin.top};
    if (!name.empty()) spot.text = name + "\n";
    spot.text += draft.read_out_range(draft.chart.x, series.x[bin.index], series.x[bin.index + 1]) + "\n" +
                 draft.read_out(draft.chart.y, series.y[bin.index]);
    spot.series = index;
    spot.point = bin.index;
    draft.scene.hover.push_back(std::move(spot));
  }
}

}  // namespace

void draw_histogram(Draft& draft, const Frame& frame) {
  const double foot = foot_of(frame);
  const bool several = draft.chart.series.size() > 1;
  for (std::size_t s = 0; s < draft.chart.series.size(); ++s) {
    const std::vector<Bin> bins = bins_of(frame, draft.chart.series[s]);
    if (several) {
      draw_light(draft, bins, foot, s);
    } else {
      draw_solid(draft, bins, foot, series_color(draft.look, s));
    }
    add_hover(draft, frame, s, bins);
  }
}

}  // namespace qlab::chart
