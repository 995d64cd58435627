// Draws a Scene with Cairo and Pango: pixels for the window, PNG, PDF; and writes it as SVG with real text elements.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "app/chart/scene.hpp"
#include "core/base/result.hpp"

namespace qlab::chart {

struct Pixels {
  int width = 0, height = 0;
  std::vector<std::uint8_t> rgba;  ///< straight alpha, rows from the top
};

/// What a picture says about itself: lesson, parameters, program version, the command line that makes it again.
using Metadata = std::map<std::string, std::string>;

Pixels rasterize(const Scene& scene, double scale);

/// The bytes of a file; the same scene and metadata always give the same bytes (no dates). `scale` 1 to 4.
Result<std::string> encode_png(const Scene& scene, double scale, const Metadata& metadata);
Result<std::string> encode_pdf(const Scene& scene, const Metadata& metadata);
std::string encode_svg(const Scene& scene, const Metadata& metadata);

/// Width in pixels of a text as Pango sets it.
double text_width(const std::string& text, double size, bool bold);

}  // namespace qlab::chart
