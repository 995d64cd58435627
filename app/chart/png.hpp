// Writes pixels as PNG. SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "app/chart/draw.hpp"

namespace qlab::chart {

struct PngOptions {
  bool opaque = false;  ///< leaves the alpha channel out
  double scale = 1;     ///< pixels of the file per pixel of the picture, at 96 of those an inch
  Metadata metadata;    ///< as text chunks
};

/// Error: io when libpng gives up (no memory).
Result<std::string> write_png(const Pixels& pixels, const PngOptions& options);

}  // namespace qlab::chart
