// The window's font atlas: the looks and sizes that the views use, rasterized at the screen's real pixels, and holding
// the characters of the texts that are shown. SPDX-License-Identifier: MIT
#pragma once

#include <imgui.h>

#include <array>

#include "app/gui/code_points.hpp"
#include "core/base/result.hpp"

namespace qlab::gui {

enum class Face { body, strong, emphasis, code, small, heading, title, count_ };

class Fonts {
 public:
  /// Builds the atlas of the current ImGui context. One design pixel is `layout_scale` in window coordinates, and the
  /// screen has `pixel_ratio` pixels for each of those. Errors: no font is installed, or one cannot be read.
  Result<Done> build(const CodePoints& code_points, double layout_scale, double pixel_ratio);

  ImFont* operator[](Face face) const { return fonts_[static_cast<std::size_t>(face)]; }

 private:
  std::array<ImFont*, static_cast<std::size_t>(Face::count_)> fonts_{};
};

/// Height of a face in window coordinates, blank above and below included.
float line_height(const ImFont* font);

}  // namespace qlab::gui
