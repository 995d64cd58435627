// A Scene on a Cairo context, whatever surface lies behind it.
// SPDX-License-Identifier: MIT
#pragma once

#include "app/chart/scene.hpp"

using cairo_t = struct _cairo;

namespace qlab::chart {

/// Paints background and shapes at the context's present transformation.
void paint(cairo_t* cairo, const Scene& scene);

}  // namespace qlab::chart
