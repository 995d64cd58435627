#include "app/chart/annotate.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace qlab::chart {
namespace {

constexpr std::size_t most_named_points = 200;  // more names than a page can hold
constexpr double cost_of_silence = 1.2;         // of a label left out: a worse place is worse than none
constexpr double cost_of_clash = 2.5;           // of two labels on each other

/// A reference line in pixels; `vertical` as drawn.
struct Placed {
  bool vertical = false;
  double at = 0;
  const ReferenceLine* line = nullptr;
};

std::vector<Placed> place(const Draft& draft, const Frame& frame) {
  std::vector<Placed> out;
  for (const ReferenceLine& line : draft.chart.lines) {
    const bool vertical = line.vertical != frame.lying;
    const Scale& scale = vertical ? frame.x : frame.y;
    const double value = tame(line.at, scale.logarithmic);
    const bool within = value >= std::min(scale.lo, scale.hi) && value <= std::max(scale.lo, scale.hi);
    if (within) out.push_back({vertical, scale(value), &line});  // NaN is not within
  }
  return out;
}

/// Colours lie under the words and lines.
bool is_covered(const Draft& draft) {
  return draft.chart.kind == ChartKind::heat_map || draft.chart.kind == ChartKind::stacked_area;
}

Label word_in_plot(const Draft& draft, std::string text, Role role) {
  Label label;
  label.text = std::move(text);
  label.size = draft.size.small;
  label.color = draft.look.text;
  label.role = role;
  return label;
}

/// Adds the label with its box here, on a patch of the background that hides grid lines and colours under it.
void put(Draft& draft, Label label, const Rectangle& box, bool patched) {
  if (patched) {
    const double rim = 0.15 * label.size;
    Color color = draft.look.background;
    if (is_covered(draft)) color.a = 0.85;
    draft.add(Rectangle{{box.corner.x - rim, box.corner.y + rim}, box.width + 2 * rim, box.height - 2 * rim, color});
  }
  label.baseline = {box.corner.x, box.corner.y + ascent * label.size};
  draft.add(std::move(label));
}

/// One place for one label.
struct Place {
  Rectangle box;
  double cost = 0;
};

/// A label of a point with the places it could go; `chosen` is none when it is left out.
struct Named {
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  Label label;
  Point at;
  std::vector<Place> places;
  std::size_t chosen = none;
};

/// The box with the blank that words on one line need between them.
Rectangle apart(Rectangle box, double font) {
  const double blank = 0.5 * font;
  box.corner.x -= blank;
  box.width += 2 * blank;
  return box;
}

/// Rings around the mark: right first, then left, above, below, and the slants between.
std::vector<Place> places_around(Point at, double radius, const Rectangle& size, double font, const Room& room) {
  struct Side {
    double x, y, effort;
  };
  static constexpr Side sides[] = {{1, 0, 0},        {-1, 0, 0.1},    {0, -1, 0.12},     {0, 1, 0.16},
                                   {0.8, -0.8, 0.2}, {0.8, 0.8, 0.2}, {-0.8, -0.8, 0.3}, {-0.8, 0.8, 0.3}};
  std::vector<Place> places;
  for (const double ring : {0.3, 1.3, 2.4, 3.8}) {
    const double off = radius + ring * font;
    for (const Side& side : sides) {
      Rectangle box = size;
      box.corner = {at.x + side.x * (off + box.width / 2) - box.width / 2,
                    at.y + side.y * (off * 0.7 + box.height / 2) - box.height / 2};
      if (!room.inside(box) || room.on_words(apart(box, font))) continue;
      const double cost = 4 * room.ink(box) + side.effort + 0.2 * (ring - 0.3);
      if (cost < cost_of_silence) places.push_back({box, cost});
    }
  }
  return places;
}

/// Lets every label in turn take the place that is cheapest given the others, until none moves.
void settle(std::vector<Named>& labels) {
  const auto cost_among_others = [&](std::size_t self, const Place& place) {
    double cost = place.cost;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (i == self || labels[i].chosen == Named::none) continue;
      if (overlap(apart(place.box, labels[i].label.size), labels[i].places[labels[i].chosen].box))
        cost += cost_of_clash;
    }
    return cost;
  };
  for (int sweep = 0; sweep < 12; ++sweep) {
    bool moved = false;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      // In the first sweeps a label may sit on another: the other then looks for a better place.
      double least = sweep < 4 ? cost_of_silence + cost_of_clash : cost_of_silence;
      std::size_t best = Named::none;
      for (std::size_t k = 0; k < labels[i].places.size(); ++k) {
        const double cost = cost_among_others(i, labels[i].places[k]);
        if (cost >= least) continue;
        least = cost;
        best = k;
      }
      moved = moved || best != labels[i].chosen;
      labels[i].chosen = best;
    }
    if (!moved && sweep >= 4) return;
  }
}

double distance_to(const Rectangle& box, Point point) {
  const double dx = std::max({box.corner.x - point.x, 0.0, point.x - box.right()});
  const double dy = std::max({box.corner.y - point.y, 0.0, point.y - box.bottom()});
  return std::hypot(dx, dy);
}

}  // namespace

std::vector<Polyline> reference_lines(const Draft& draft, const Frame& frame) {
  std::vector<Polyline> lines;
  const double width = std::max(1.0, 0.6 * draft.size.line);
  for (const Placed& placed : place(draft, frame)) {
    const double at = snap_line(placed.at, width);
    const Rectangle& plot = frame.plot;
    const Point start = placed.vertical ? Point{at, plot.corner.y} : Point{plot.corner.x, at};
    const Point end = placed.vertical ? Point{at, plot.bottom()} : Point{plot.right(), at};
    lines.push_back({{start, end}, {draft.look.reference, width, {5 * width, 3 * width}}});
  }
  return lines;
}

void draw_reference_lines(Draft& draft, const Frame& frame) {
  for (Polyline& line : reference_lines(draft, frame)) {
    if (is_covered(draft)) {  // a rim keeps the dashes visible on dark and light
      Color rim = draft.look.background;
      const bool field = draft.chart.kind == ChartKind::heat_map;
      rim.a = field ? 0.75 : 0.35;
      draft.add(Polyline{line.points, {rim, (field ? 2.2 : 1.4) * line.stroke.width, {}}});
    }
    draft.add(std::move(line));
  }
}

void draw_words(Draft& draft, const Frame& frame) {
  const std::vector<Placed> lines = place(draft, frame);
  for (Word& word : draft.words) {
    const Rectangle box = bounds(word.label);
    const bool crossed = std::any_of(lines.begin(), lines.end(), [&](const Placed& line) {
      return line.vertical ? line.at > box.corner.x - 2 && line.at < box.right() + 2
                           : line.at > box.corner.y && line.at < box.bottom();
    });
    if (crossed) {
      const double inset = 0.18 * word.label.size;
      draft.add(
          Rectangle{{box.corner.x - 2, box.corner.y + inset}, box.width + 4, box.height - 1.6 * inset, word.ground});
    }
    draft.add(std::move(word.label));
  }
  draft.words.clear();
}

void label_reference_lines(Draft& draft, const Frame& frame, Room& room) {
  const std::vector<Placed> lines = place(draft, frame);
  const Rectangle& plot = frame.plot;
  for (const Placed& placed : lines) {
    Label label = word_in_plot(draft, draft.text(placed.line->label), Role::reference);
    label.text = shorten(label.text, label.size, false, 0.6 * plot.width);
    if (label.text.empty()) continue;
    Rectangle box = bounds(label);
    const double gap = 0.4 * label.size;
    std::optional<Rectangle> best;
    double least = 1e9;
    const auto consider = [&](Point corner, double effort) {
      box.corner = corner;
      if (!room.inside(box) || room.on_words(box)) return;
      double cost = 14 * room.ink(box) + effort;
      for (const Placed& other : lines) {
        const bool crossed = other.vertical ? other.at > box.corner.x - gap && other.at < box.right() + gap
                                            : other.at > box.corner.y && other.at < box.bottom();
        if (crossed) cost += 3;
      }
      if (cost >= least) return;
      least = cost;
      best = box;
    };
    constexpr int steps = 12;  // along the line, its end preferred
    for (int i = 0; i < steps; ++i) {
      const double along = static_cast<double>(i) / (steps - 1);
      if (placed.vertical) {
        const double y = plot.corner.y + gap + along * (plot.height - box.height - 2 * gap);
        consider({placed.at + gap + 1, y}, along);
        consider({placed.at - gap - 1 - box.width, y}, along + 0.05);
      } else {
        const double x = plot.right() - gap - box.width - along * (plot.width - box.width - 2 * gap);
        consider({x, placed.at - box.height - 0.5}, along);
        consider({x, placed.at + 1.5}, along + 0.05);
      }
    }
    if (!best) continue;
    room.take(*best);
    put(draft, std::move(label), *best, is_covered(draft) || (!draft.style.transparent && room.ink(*best) == 0));
  }
}

void label_points(Draft& draft, const Frame& frame, Room& room) {
  const double radius = draft.size.mark;
  std::vector<Named> labels;
  for (const Series& series : draft.chart.series) {
    const std::size_t count = std::min({series.x.size(), series.y.size(), series.point_labels.size()});
    for (std::size_t i = 0; i < count && labels.size() < most_named_points; ++i) {
      const Point at = {frame.x(tame(series.x[i], frame.x.logarithmic)),
                        frame.y(tame(series.y[i], frame.y.logarithmic))};
      if (!room.inside({at, 0, 0, {}})) continue;  // NaN too
      Named named;
      named.label = word_in_plot(draft, draft.text(series.point_labels[i]), Role::point);
      named.label.text = shorten(named.label.text, named.label.size, false, 0.45 * frame.plot.width);
      if (named.label.text.empty()) continue;
      named.at = at;
      named.places = places_around(at, radius, bounds(named.label), named.label.size, room);
      labels.push_back(std::move(named));
    }
  }
  settle(labels);
  for (Named& named : labels) {
    if (named.chosen == Named::none) continue;
    const Rectangle& box = named.places[named.chosen].box;
    if (room.on_words(apart(box, named.label.size))) continue;  // two that never came apart: the first stays
    room.take(box);
    if (distance_to(box, named.at) > radius + 0.6 * named.label.size) {
      const Point to = {std::clamp(named.at.x, box.corner.x, box.right()),
                        std::clamp(named.at.y, box.corner.y, box.bottom())};
      const double start = (radius + 1.5) / std::hypot(to.x - named.at.x, to.y - named.at.y);
      draft.add(Polyline{{{named.at.x + start * (to.x - named.at.x), named.at.y + start * (to.y - named.at.y)}, to},
                         Draft::stroke(draft.look.muted, draft.size.hair)});
    }
    put(draft, std::move(named.label), box, !draft.style.transparent && room.ink(box) == 0);
  }
}

}  // namespace qlab::chart
