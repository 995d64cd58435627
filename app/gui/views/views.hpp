// The parts of the window, one a file. Each draws into the ImGui child window that window.cpp opened for it, reads the
// state and calls app_state's functions for what is clicked.
// SPDX-License-Identifier: MIT
#pragma once

#include "app/gui/app_state.hpp"
#include "app/gui/ui.hpp"

namespace qlab::gui {

void draw_top_bar(AppState& state, const Ui& ui);
void draw_lesson_list(AppState& state, const Ui& ui);
void draw_parameters(AppState& state, const Ui& ui);
void draw_status_bar(AppState& state, const Ui& ui);

/// The middle: title, charts, values, and the tabs below (beside them in a wide window).
void draw_page(AppState& state, Ui& ui);

// Parts of the page.
void draw_charts(AppState& state, Ui& ui);
void draw_values(const AppState& state, const Ui& ui);
void draw_text(AppState& state, const Ui& ui);
void draw_tables(const AppState& state, const Ui& ui);
void draw_checks(const AppState& state, const Ui& ui);
void draw_documents(const AppState& state, const Ui& ui);

}  // namespace qlab::gui
