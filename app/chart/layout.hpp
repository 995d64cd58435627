// From a chart's data to a Scene: axes, ticks, legend, colours.
// SPDX-License-Identifier: MIT
#pragma once

#include "app/chart/scene.hpp"
#include "app/chart/theme.hpp"
#include "core/base/text.hpp"
#include "core/report/chart.hpp"

namespace qlab::chart {

struct Style {
  Theme theme = Theme::light;
  Language language = Language::en;
  double width = 900;     ///< pixels at scale 1, at least 320
  double height = 600;    ///< at least 240
  double font_size = 15;  ///< of tick labels and legend; kept in proportion to a small picture
  bool transparent = false;
};

/// Deterministic: the same chart and style give the same scene. Never fails: data that cannot be drawn (no finite
/// value) becomes a scene that says so. Infinite and undefined values, and values that a logarithmic axis cannot show,
/// are gaps.
Scene layout(const Chart& chart, const Style& style);

/// The spot the pointer is over: of those whose area holds it, the one whose `at` is nearest; nullptr if there is none.
const HoverSpot* spot_at(const Scene& scene, Point pointer);

}  // namespace qlab::chart
