// Ui: what views draw with: fonts, colours, scale and the pictures of the charts. And the few drawing helpers that
// every view needs. SPDX-License-Identifier: MIT
#pragma once

#include <imgui.h>

#include <string>
#include <string_view>

#include "app/gui/chart_textures.hpp"
#include "app/gui/fonts.hpp"
#include "app/gui/palette.hpp"

namespace qlab::gui {

struct Ui {
  Fonts fonts;
  ChartTextures charts;
  const Palette* palette = nullptr;
  float scale = 1;        ///< window coordinates of one design pixel
  float chart_scale = 1;  ///< the same for charts, whose projector theme has larger type of its own
  float pixel_ratio = 1;  ///< screen pixels of one window coordinate

  float px(double design) const { return static_cast<float>(design) * scale; }
};

/// A colour as draw lists take it, faded by `alpha`.
ImU32 ink(const chart::Color& color, double alpha = 1);
ImVec4 vec4(const chart::Color& color);

/// Sets ImGui's own style to the palette and the scale.
void apply_style(const Ui& ui);

/// One line of text in a face and a colour, in the layout.
void write(const Ui& ui, Face face, const chart::Color& color, std::string_view text);

/// Text at a place, outside the layout.
void write_at(const Ui& ui, ImVec2 at, Face face, const chart::Color& color, std::string_view text);

float text_width(const Ui& ui, Face face, std::string_view text);

/// The text, or its beginning and an ellipsis, so that it is no wider than `width`.
std::string shortened(const Ui& ui, Face face, std::string_view text, float width);

}  // namespace qlab::gui
