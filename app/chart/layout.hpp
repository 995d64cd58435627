// From a chart's data to a Scene: axes, ticks, legend, colours.
// SPDX-License-Identifier: MIT
#pragma once

#include "app/chart/scene.hpp"
#include "core/base/text.hpp"
#include "core/report/chart.hpp"

namespace qlab::chart {

enum class Theme { light, dark, projector };

struct Style {
  Theme theme = Theme::light;
  Language language = Language::en;
  double width = 900;  ///< pixels at scale 1
  double height = 600;
  double font_size = 15;
  bool transparent = false;
};

/// Deterministic: the same chart and style give the same scene. Never fails: data that cannot be drawn (no finite
/// value) becomes a scene that says so.
Scene layout(const Chart& chart, const Style& style);

}  // namespace qlab::chart
