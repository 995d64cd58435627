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
/// The panel of the export button: what, how and where to write. Call it where the button is, every frame.
void draw_export_panel(AppState& state, const Ui& ui, ImVec2 below);

void draw_status_bar(AppState& state, const Ui& ui);

/// Width below which a chart has no room for its axes, in the charts' design pixels.
inline constexpr float least_chart_width = 330;

/// The middle: title, values, and side by side the tabs (text, tables, checks, documents) and the charts.
void draw_page(AppState& state, Ui& ui);

// Parts of the page.
void draw_charts(AppState& state, Ui& ui);
void draw_values(const AppState& state, const Ui& ui);
void draw_text(AppState& state, const Ui& ui);
void draw_tables(const AppState& state, const Ui& ui);
void draw_checks(const AppState& state, const Ui& ui);
void draw_documents(const AppState& state, const Ui& ui);

}  // namespace qlab::gui
