#include "app/chart/layout.hpp"

#include "app/chart/annotate.hpp"
#include "app/chart/draft.hpp"
#include "app/chart/frame.hpp"
#include "app/chart/marks.hpp"
#include "app/chart/plan.hpp"
#include "app/chart/room.hpp"

namespace qlab::chart {

namespace {

void draw_marks(Draft& draft, const Frame& frame) {
  switch (draft.chart.kind) {
    case ChartKind::line:
    case ChartKind::staircase:
    case ChartKind::scatter: draw_points(draft, frame); break;
    case ChartKind::grouped_bars:
    case ChartKind::stacked_bars: draw_bars(draft, frame); break;
    case ChartKind::stacked_area: draw_areas(draft, frame); break;
    case ChartKind::histogram: draw_histogram(draft, frame); break;
    case ChartKind::heat_map: draw_heat_map(draft, frame); break;
    case ChartKind::timeline: draw_timeline(draft, frame); break;
  }
}

bool has_points(ChartKind kind) {
  return kind == ChartKind::line || kind == ChartKind::staircase || kind == ChartKind::scatter;
}

}  // namespace

Scene layout(const Chart& chart, const Style& style) {
  Draft draft(chart, style);
  const Plan planned = plan(draft);
  const Frame frame = build_frame(draft, planned);
  if (!planned.drawable) return std::move(draft.scene);
  const std::size_t first_mark = draft.scene.shapes.size();
  draw_marks(draft, frame);
  Room room(frame.plot, draft.scene.shapes, first_mark);
  for (const Word& word : draft.words) room.take(bounds(word.label));
  draw_axis_lines(draft, frame);
  draw_reference_lines(draft, frame);
  draw_words(draft, frame);
  label_reference_lines(draft, frame, room);
  for (const Polyline& line : reference_lines(draft, frame)) room.see(line);
  if (has_points(chart.kind)) label_points(draft, frame, room);
  return std::move(draft.scene);
}

const HoverSpot* spot_at(const Scene& scene, Point pointer) {
  const HoverSpot* nearest = nullptr;
  double least = 0;
  for (const HoverSpot& spot : scene.hover) {
    const Rectangle& area = spot.area;
    if (pointer.x < area.corner.x || pointer.x > area.right() || pointer.y < area.corner.y || pointer.y > area.bottom())
      continue;
    const double dx = pointer.x - spot.at.x, dy = pointer.y - spot.at.y;
    if (nearest != nullptr && dx * dx + dy * dy >= least) continue;
    nearest = &spot;
    least = dx * dx + dy * dy;
  }
  return nearest;
}

}  // namespace qlab::chart
