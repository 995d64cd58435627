// Draws inline spans (looks, links) and plain sentences, wrapped as text_flow says.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "app/gui/ui.hpp"
#include "app/views/markdown.hpp"

namespace qlab::gui {

struct TextLook {
  Face face = Face::body;  ///< of what has no look of its own
  chart::Color color;
  double line_spacing = 1.15;  ///< of the face's own line height
  markdown::Align align = markdown::Align::start;
};

/// Draws the spans at the cursor on lines of at most `width` and moves the cursor below them. Returns the link that was
/// clicked, empty if none.
std::string draw_spans(const Ui& ui, const markdown::Spans& spans, float width, const TextLook& look);

/// The same for one plain text.
void draw_wrapped(const Ui& ui, std::string_view text, float width, const TextLook& look);

/// Height that draw_wrapped() takes.
float text_height(const Ui& ui, std::string_view text, float width, const TextLook& look);

/// Width of the spans on a single line.
float spans_width(const Ui& ui, const markdown::Spans& spans, Face face);

/// Tooltip of the item drawn last: one sentence, wrapped at a readable width. An empty text shows none.
void explain_item(const Ui& ui, std::string_view text);

}  // namespace qlab::gui
