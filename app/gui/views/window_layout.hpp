// Where the parts of the window stand. SPDX-License-Identifier: MIT
#pragma once

#include "app/gui/app_state.hpp"
#include "app/gui/ui.hpp"

namespace qlab::gui {

/// Draws the whole window into ImGui's main viewport. The controls come first, then what has been computed is taken in,
/// then the page: a quick experiment's new picture stands in the same frame as the slider's move.
void draw_window(AppState& state, Ui& ui);

}  // namespace qlab::gui
