// Draws a Scene with Cairo and Pango: pixels for the window, PNG, PDF; and writes it as SVG with real text elements.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "app/chart/scene.hpp"
#include "app/chart/text.hpp"
#include "core/base/result.hpp"

namespace qlab::chart {

struct Pixels {
  int width = 0, height = 0;
  std::vector<std::uint8_t> rgba;  ///< straight alpha, rows from the top
};

/// What a picture says about itself: lesson, parameters, program version, the command line that makes it again. Keys
/// are 1 to 79 printable ASCII characters; "Title", "Author", "Subject" and "Keywords" have a place of their own in
/// PDF.
using Metadata = std::map<std::string, std::string>;

/// Any positive scale; a texture for a screen of twice the density takes 2.
Pixels rasterize(const Scene& scene, double scale);

// The bytes of a file; the same scene and metadata always give the same bytes (no dates).

/// `scale` 1 to 4. Errors: bad_argument for another scale or a picture larger than Cairo's 32767 pixels a side.
Result<std::string> encode_png(const Scene& scene, double scale, const Metadata& metadata);
/// One page of the picture's size at 96 pixels an inch. Error: io when Cairo gives up.
Result<std::string> encode_pdf(const Scene& scene, const Metadata& metadata);
std::string encode_svg(const Scene& scene, const Metadata& metadata);

}  // namespace qlab::chart
