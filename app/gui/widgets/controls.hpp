// The window's own controls: calmer than ImGui's, with a place for units, and drawn from the palette.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "app/gui/ui.hpp"

namespace qlab::gui {

enum class Emphasis { primary, quiet };

/// A button with a word on it. A disabled one is greyed and never clicked.
bool button(const Ui& ui, const char* label, Emphasis emphasis = Emphasis::quiet, bool enabled = true);

/// A small square button with one sign ("↺"), without a frame until the pointer is over it.
bool sign_button(const Ui& ui, const char* id, const char* sign, bool enabled = true);

/// One of a few, side by side in one frame. `width` 0: as wide as the words. Returns the clicked index, or -1.
int segments(const Ui& ui, const char* id, std::span<const std::string> labels, int selected, float width = 0);

/// Width that segments() takes for these labels, at least.
float segments_width(const Ui& ui, std::span<const std::string> labels);

/// Names of pages to turn to, the open one underlined. Returns the clicked index, or -1.
int tabs(const Ui& ui, const char* id, std::span<const std::string> labels, int selected);

/// Width that tabs() takes for these labels.
float tabs_width(const Ui& ui, std::span<const std::string> labels);

/// A switch with its word at the right. Returns whether it was clicked.
bool toggle(const Ui& ui, const char* label, bool on);

/// A horizontal slider over 0 to 1 with a round knob. `mark` is the place of the value that a reset brings back.
struct SliderState {
  bool moved = false;  ///< `position` was changed by the pointer
  bool ctrl_clicked = false;
  bool clicked = false;
};
SliderState slider(const Ui& ui, const char* id, float width, double& position, double mark, bool focused);

/// A box that shows the chosen one of many and opens a list of them. Returns the clicked index, or -1.
int combo(const Ui& ui, const char* id, std::span<const std::string> labels, int selected, float width);

/// A small word to click, filled when it is chosen.
bool chip(const Ui& ui, const char* label, ImVec2 size, bool chosen);

/// A thin bar with `fraction` of it filled.
void progress_bar(const Ui& ui, ImVec2 size, double fraction);

}  // namespace qlab::gui
