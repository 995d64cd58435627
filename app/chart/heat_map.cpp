// Heat maps: a smooth field with labelled contour lines, or a table of coloured cells.
#include "app/chart/heat_map.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "app/chart/annotate.hpp"
#include "app/chart/clip.hpp"
#include "app/chart/contour.hpp"
#include "app/chart/marks.hpp"
#include "app/chart/number.hpp"
#include "app/chart/room.hpp"

namespace qlab::chart {
namespace {

constexpr std::size_t least_field = 6;    // samples a side from which a grid is taken for a function
constexpr std::size_t most_spots = 4096;  // hover read-outs
constexpr double sample_pixels = 2;       // a field is sampled this finely and blended between

bool rises(const std::vector<double>& values, const Axis& axis) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = tame(values[i], axis.logarithmic);
    if (std::isnan(value) || (i > 0 && value <= tame(values[i - 1], axis.logarithmic))) return false;
  }
  return !values.empty();
}

/// The middles between coordinates, and the ends as far out as the nearest middle.
std::vector<double> edges(const std::vector<double>& at, const Axis& axis) {
  if (!axis.categories.empty()) {
    std::vector<double> out;
    for (std::size_t i = 0; i <= at.size(); ++i) out.push_back(static_cast<double>(i) - 0.5);
    return out;
  }
  const auto into = [&](double v) { return axis.logarithmic ? std::log10(v) : v; };
  const auto back = [&](double v) { return axis.logarithmic ? std::pow(10, v) : v; };
  if (at.size() == 1)
    return axis.logarithmic ? std::vector{at[0] / 2, at[0] * 2} : std::vector{at[0] - 0.5, at[0] + 0.5};
  std::vector<double> out;
  for (std::size_t i = 0; i <= at.size(); ++i) {
    const std::size_t right = std::clamp<std::size_t>(i, 1, at.size() - 1);
    const double a = into(at[right - 1]), b = into(at[right]);
    const double middle = a / 2 + b / 2, half = b / 2 - a / 2;
    out.push_back(back(i == 0 ? a - half : i == at.size() ? b + half : middle));
  }
  return out;
}

class HeatMap {
 public:
  HeatMap(Draft& draft, const Frame& frame)
      : draft_(draft), chart_(draft.chart), grid_(draft.chart.grid), frame_(frame) {
    for (const double z : grid_.z) values_.push_back(tame(z, chart_.z.logarithmic));
  }

  void draw() {
    if (is_field(chart_)) {
      draw_field();
      draw_contours();
    } else {
      draw_cells();
    }
    add_hover();
  }

 private:
  double share(double z) const { return (*frame_.z)(z); }
  double z(std::size_t column, std::size_t row) const { return values_[row * grid_.x.size() + column]; }

  /// For every sample along an axis the grid line before it and how far it is to the next.
  struct Step {
    std::size_t before;
    double part;
  };
  static std::vector<Step> steps(const std::vector<double>& at, double first, double pixels, int count) {
    std::vector<Step> out;
    const bool rising = at.back() > at.front();
    std::size_t k = 0;
    for (int i = 0; i < count; ++i) {
      const double pixel = first + (i + 0.5) * pixels / count;
      if (rising) {
        while (k + 2 < at.size() && at[k + 1] < pixel) ++k;
      } else if (i == 0) {
        k = at.size() - 2;
      }
      if (!rising) {
        while (k > 0 && at[k] < pixel) --k;
      }
      out.push_back({k, std::clamp((pixel - at[k]) / (at[k + 1] - at[k]), 0.0, 1.0)});
    }
    return out;
  }

  std::vector<double> pixels_of(const std::vector<double>& values, const Scale& scale) const {
    std::vector<double> out;
    for (const double value : values) out.push_back(scale(tame(value, scale.logarithmic)));
    return out;
  }

  void draw_field() {
    const std::vector<double> x = pixels_of(grid_.x, frame_.x), y = pixels_of(grid_.y, frame_.y);
    const Rectangle whole = {{x.front(), y.back()}, x.back() - x.front(), y.front() - y.back(), {}};
    Image image;
    image.area = clipped(whole, frame_.plot);
    if (!(image.area.width > 0 && image.area.height > 0)) return;
    image.columns = std::max(2, static_cast<int>(image.area.width / sample_pixels));
    image.rows = std::max(2, static_cast<int>(image.area.height / sample_pixels));
    image.rgba.resize(static_cast<std::size_t>(image.columns) * image.rows * 4);
    const std::vector<Step> across = steps(x, image.area.corner.x, image.area.width, image.columns);
    const std::vector<Step> down = steps(y, image.area.corner.y, image.area.height, image.rows);
    const Ramp ramp(draft_.style.theme);
    std::vector<double> shares;  // interpolated as colours are: evenly along the ramp
    for (const double value : values_) shares.push_back(share(value));
    const std::size_t columns = grid_.x.size();
    std::uint8_t* to = image.rgba.data();
    for (const Step& row : down) {
      const double* one = &shares[row.before * columns];
      const double* next = one + columns;
      for (const Step& column : across) {
        const std::size_t k = column.before;
        const double a = one[k] + column.part * (one[k + 1] - one[k]);
        const double b = next[k] + column.part * (next[k + 1] - next[k]);
        const double value = a + row.part * (b - a);
        if (!std::isnan(value)) std::copy_n(ramp.at(value).begin(), 4, to);
        to += 4;
      }
    }
    draft_.add(std::move(image));
  }

  /// What the chart asks for, or where the colour bar is marked; between few decades 2 and 5 as well.
  std::vector<Tick> contour_levels() const {
    std::vector<Tick> levels;
    for (const double level : grid_.levels) {
      if (!std::isnan(tame(level, chart_.z.logarithmic))) levels.push_back({level, figure(level, 3)});
    }
    if (!levels.empty()) return levels;
    const bool few_decades = frame_.z->hi / frame_.z->lo < 1e5 && frame_.z_ticks.major.size() < 6;
    if (!chart_.z.logarithmic || !few_decades) return frame_.z_ticks.major;
    const int first = static_cast<int>(std::floor(std::log10(frame_.z->lo)));
    const int last = static_cast<int>(std::ceil(std::log10(frame_.z->hi)));
    for (int decade = first; decade <= last; ++decade) {
      for (const int multiple : {1, 2, 5}) {
        const double level = multiple * std::pow(10, decade);
        if (level > frame_.z->lo && level < frame_.z->hi) levels.push_back({level, figure(level, 1)});
      }
    }
    return levels;
  }

  void draw_contours() {
    Field field{pixels_of(grid_.x, frame_.x), pixels_of(grid_.y, frame_.y), values_};
    const bool logarithmic = chart_.z.logarithmic;
    if (logarithmic) {  // between samples a line follows the logarithm, as the colours do
      for (double& value : field.z) value = std::log10(value);
    }
    Room room(frame_.plot, {}, 0);
    for (const Polyline& line : reference_lines(draft_, frame_)) room.see(line);
    for (const Tick& tick : contour_levels()) {
      const double level = logarithmic ? std::log10(tick.at) : tick.at;
      const Color ink =
          mix(ink_on(ramp(draft_.style.theme, share(tick.at))), ramp(draft_.style.theme, share(tick.at)), 0.15);
      for (const std::vector<Point>& line : contour(field, level)) {
        for (const std::vector<Point>& piece : clipped(line, frame_.plot)) draw_contour(piece, tick.label, ink, room);
      }
    }
  }

  /// The line with a gap for its label where it runs straightest.
  void draw_contour(const std::vector<Point>& line, const std::string& text, const Color& ink, Room& room) {
    const double size = draft_.size.small;
    const Stroke stroke = draft_.stroke(ink, std::max(1.0, 0.55 * draft_.size.line));
    std::vector<double> length = {0};
    for (std::size_t i = 1; i < line.size(); ++i) {
      length.push_back(length.back() + std::hypot(line[i].x - line[i - 1].x, line[i].y - line[i - 1].y));
    }
    const double width = text_width(text, size, true), gap = width + 0.7 * size;
    const auto at = [&](double where) {
      const auto after = std::upper_bound(length.begin() + 1, length.end() - 1, where);
      const auto k = static_cast<std::size_t>(after - length.begin());
      const double part = (where - length[k - 1]) / std::max(length[k] - length[k - 1], 1e-9);
      return Point{line[k - 1].x + part * (line[k].x - line[k - 1].x),
                   line[k - 1].y + part * (line[k].y - line[k - 1].y)};
    };
    double best = -1, least = 1e9;
    Label label;
    label.text = text;
    label.size = size;
    label.bold = true;
    label.color = ink;
    label.anchor = Anchor::middle;
    label.role = Role::contour;
    Label chosen = label;
    if (length.back() > 1.8 * gap) {
      const double last = length.back() - gap;
      for (int i = 0; i <= 40; ++i) {
        const double from = last * (0.02 + 0.96 * i / 40.0);
        const Point a = at(from), b = at(from + gap), middle = at(from + gap / 2);
        const double chord = std::hypot(b.x - a.x, b.y - a.y);
        double angle = std::atan2(b.y - a.y, b.x - a.x);
        if (angle > std::numbers::pi / 2) angle -= std::numbers::pi;
        if (angle < -std::numbers::pi / 2) angle += std::numbers::pi;
        label.rotation_degrees = angle * 180 / std::numbers::pi;
        label.baseline = {middle.x - cap_height / 2 * size * std::sin(angle),
                          middle.y + cap_height / 2 * size * std::cos(angle)};
        const Rectangle box = bounds(label);
        if (!room.inside(box) || room.on_words(box)) continue;
        // Straight, level, and away from both ends of the line.
        const double cost = 8 * (1 - chord / gap) + 8 * room.ink(box) + 0.5 * std::abs(std::sin(angle)) +
                            0.6 * std::abs(from / last - 0.5);
        if (cost < least) {
          least = cost;
          best = from;
          chosen = label;
        }
      }
    }
    const auto part = [&](double from, double to) {
      Polyline piece{{at(from)}, stroke};
      for (std::size_t i = 0; i < line.size(); ++i) {
        if (length[i] > from && length[i] < to) piece.points.push_back(line[i]);
      }
      piece.points.push_back(at(to));
      draft_.add(std::move(piece));
    };
    if (best < 0) {
      if (line.size() > 1) draft_.add(Polyline{line, stroke});
      return;
    }
    part(0, best);
    part(best + gap, length.back());
    room.take(bounds(chosen));
    draft_.add(chosen);
  }

  void draw_cells() {
    const Extents extents = extents_of(chart_);
    const std::vector<double> x = pixels_of(extents.x, frame_.x), y = pixels_of(extents.y, frame_.y);
    // Numbers in a table line up: the same decimals for all, unless the small ones would vanish.
    double largest = 0, smallest = 1e301;
    for (const double value : values_) {
      if (std::isnan(value) || value == 0) continue;
      largest = std::max(largest, std::abs(value));
      smallest = std::min(smallest, std::abs(value));
    }
    const int decimals = largest == 0 ? 0 : std::max(0, 2 - static_cast<int>(std::floor(std::log10(largest))));
    const bool even = largest < 1e7 && decimals <= 4 && smallest * std::pow(10, decimals) >= 0.95;
    std::vector<Word> labels;
    bool labels_fit = true;
    for (std::size_t row = 0; row < grid_.y.size(); ++row) {
      for (std::size_t column = 0; column < grid_.x.size(); ++column) {
        const double value = z(column, row);
        if (std::isnan(value)) continue;
        const double top = snap(std::min(y[row], y[row + 1])), bottom = snap(std::max(y[row], y[row + 1]));
        const Rectangle cell =
            clipped({{snap(x[column]), top}, snap(x[column + 1]) - snap(x[column]), bottom - top, {}}, frame_.plot);
        if (!(cell.width > 0 && cell.height > 0)) continue;
        const double seam = cell.width > 12 && cell.height > 12 ? 1 : 0;
        const Color color = ramp(draft_.style.theme, share(value));
        draft_.add(Rectangle{cell.corner, cell.width - seam, cell.height - seam, color});
        Label label;
        label.text = even ? plain(value, decimals, largest >= 10000) : figure(value, 3);
        label.size = draft_.size.font;
        label.color = ink_on(color);
        label.anchor = Anchor::middle;
        label.role = Role::value;
        label.baseline = {cell.corner.x + (cell.width - seam) / 2,
                          cell.corner.y + (cell.height - seam) / 2 + cap_height * label.size / 2};
        const Rectangle box = bounds(label);
        labels_fit = labels_fit && labels.size() < 400 && box.width < cell.width - 6 && box.height < cell.height;
        if (labels_fit) labels.push_back({label, color});
      }
    }
    if (labels_fit) {
      for (Word& word : labels) draft_.words.push_back(std::move(word));
    }
  }

  void add_hover() {
    const Extents extents = extents_of(chart_);
    const bool field = is_field(chart_);
    const auto stride =
        static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(grid_.z.size()) / most_spots)));
    const std::vector<double> x = pixels_of(field ? grid_.x : extents.x, frame_.x);
    const std::vector<double> y = pixels_of(field ? grid_.y : extents.y, frame_.y);
    // A field's spot reaches half way to its neighbours, a cell's spot is the cell.
    const auto reach = [&](const std::vector<double>& at, std::size_t i) {
      if (!field) return std::pair{at[i], at[i + 1]};
      const std::size_t before = i < stride ? i : i - stride, after = std::min(i + stride, at.size() - 1);
      return std::pair{(at[before] + at[i]) / 2, (at[i] + at[after]) / 2};
    };
    for (std::size_t row = 0; row < grid_.y.size(); row += stride) {
      for (std::size_t column = 0; column < grid_.x.size(); column += stride) {
        const auto [left, right] = reach(x, column);
        const auto [one, other] = reach(y, row);
        HoverSpot spot;
        spot.area = clipped({{left, std::min(one, other)}, right - left, std::abs(other - one), {}}, frame_.plot);
        if (!(spot.area.width > 0 && spot.area.height > 0)) continue;
        spot.at = field ? Point{x[column], y[row]} : Point{(left + right) / 2, (one + other) / 2};
        const auto coordinate = [](const Axis& axis, const std::vector<double>& at, std::size_t i) {
          return axis.categories.empty() ? at[i] : static_cast<double>(i);
        };
        spot.text = draft_.read_out(chart_.x, coordinate(chart_.x, grid_.x, column)) + "\n" +
                    draft_.read_out(chart_.y, coordinate(chart_.y, grid_.y, row)) + "\n" +
                    draft_.read_out(chart_.z, grid_.z[row * grid_.x.size() + column]);
        spot.point = row * grid_.x.size() + column;
        draft_.scene.hover.push_back(std::move(spot));
      }
    }
  }

  Draft& draft_;
  const Chart& chart_;
  const Grid& grid_;
  const Frame& frame_;
  std::vector<double> values_;
};

}  // namespace

bool is_sound(const Chart& chart) {
  const Grid& grid = chart.grid;
  const auto fits = [](const std::vector<double>& at, const Axis& axis) {
    return axis.categories.empty() ? rises(at, axis) : at.size() == axis.categories.size();
  };
  return fits(grid.x, chart.x) && fits(grid.y, chart.y) && grid.z.size() == grid.x.size() * grid.y.size();
}

bool is_field(const Chart& chart) {
  return chart.x.categories.empty() && chart.y.categories.empty() && chart.grid.x.size() >= least_field &&
         chart.grid.y.size() >= least_field;
}

Extents extents_of(const Chart& chart) {
  if (is_field(chart)) return {chart.grid.x, chart.grid.y};
  return {edges(chart.grid.x, chart.x), edges(chart.grid.y, chart.y)};
}

void draw_heat_map(Draft& draft, const Frame& frame) { HeatMap(draft, frame).draw(); }

}  // namespace qlab::chart
