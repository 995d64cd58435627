#include "app/chart/layout.hpp"

#include "app/chart/draft.hpp"
#include "app/chart/frame.hpp"
#include "app/chart/marks.hpp"
#include "app/chart/plan.hpp"

namespace qlab::chart {

bool has_bars(ChartKind kind) {
  return kind == ChartKind::grouped_bars || kind == ChartKind::stacked_bars || kind == ChartKind::histogram;
}

Scene layout(const Chart& chart, const Style& style) {
  Draft draft(chart, style);
  const Plan planned = plan(draft);
  const Frame frame = build_frame(draft, planned);
  switch (chart.kind) {
    case ChartKind::line:
    case ChartKind::staircase:
    case ChartKind::scatter: draw_points(draft, frame); break;
    case ChartKind::grouped_bars:
    case ChartKind::stacked_bars: draw_bars(draft, frame); break;
    case ChartKind::histogram: draw_histogram(draft, frame); break;
    case ChartKind::heat_map:
    case ChartKind::timeline: break;
  }
  finish_frame(draft, frame, planned);
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
