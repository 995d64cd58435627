// The page of a lesson: its title and values, and below them tabs. The first has the text and, beside it, the charts;
// the others (tables, checks, documents) take the whole width.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "app/gui/strings.hpp"
#include "app/gui/views/views.hpp"
#include "app/gui/widgets/controls.hpp"
#include "app/gui/widgets/rich_text.hpp"

namespace qlab::gui {
namespace {

constexpr float least_text_width = 200;  // design pixels

void draw_heading(const AppState& state, const Ui& ui) {
  const lessons::Lesson& lesson = state.lesson();
  const float width = ImGui::GetContentRegionAvail().x;
  draw_wrapped(ui, lesson.title.in(state.language), width, {Face::title, ui.palette->text, 1});
  draw_wrapped(ui, lesson.summary.in(state.language), width, {Face::body, ui.palette->muted, 1.05});
  ImGui::Dummy({0, ui.px(4)});
}

/// Why the newest parameters have no picture; below it stands that of the last allowed ones.
void draw_error(const AppState& state, const Ui& ui) {
  const Page& page = state.page();
  if (!page.error) return;
  const Palette& palette = *ui.palette;
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x;
  ImGui::SetCursorScreenPos({corner.x + ui.px(14), corner.y + ui.px(8)});
  ImGui::BeginGroup();
  draw_wrapped(ui, page.error->message(), width - ui.px(28), {Face::body, palette.bad, 1.05});
  if (page.run) {
    draw_wrapped(ui, say(Phrase::older_picture, state.language), width - ui.px(28), {Face::small, palette.muted});
  }
  ImGui::EndGroup();
  const float bottom = ImGui::GetItemRectMax().y + ui.px(8);
  ImDrawList& list = *ImGui::GetWindowDrawList();
  list.AddRect(corner, {corner.x + width, bottom}, ink(palette.bad, 0.6), ui.px(6));
  list.AddRectFilled(corner, {corner.x + ui.px(4), bottom}, ink(palette.bad), ui.px(2));
  ImGui::SetCursorScreenPos({corner.x, bottom + ui.px(8)});
}

/// "31/31": how many checks passed.
std::string passed_of_all(const AppState& state) {
  if (!state.page().run) return "";
  const auto& checks = state.page().run->report.checks;
  const auto passed = std::count_if(checks.begin(), checks.end(), [](const Check& check) { return check.passed; });
  return checks.empty() ? "" : fmt::format(" {}/{}", passed, checks.size());
}

void draw_tabs(AppState& state, const Ui& ui) {
  const bool has_documents = state.page().run && !state.page().run->report.documents.empty();
  std::vector<std::string> labels{say(Phrase::tab_text, state.language), say(Phrase::tab_tables, state.language),
                                  say(Phrase::tab_checks, state.language)};
  if (has_documents) labels.emplace_back(say(Phrase::tab_documents, state.language));
  if (state.tab == Tab::documents && !has_documents) state.tab = Tab::text;
  const std::string passed = passed_of_all(state);
  if (tabs_width(ui, labels) + text_width(ui, Face::strong, passed) <= ImGui::GetContentRegionAvail().x) {
    labels[static_cast<std::size_t>(Tab::checks)] += passed;
  }
  const int clicked = tabs(ui, "tabs", labels, static_cast<int>(state.tab));
  if (clicked >= 0) state.tab = static_cast<Tab>(clicked);
  ImGui::Dummy({0, ui.px(4)});
  // An ID of its own for each lesson and tab: every one keeps its place when one comes back to it.
  ImGui::PushID(static_cast<int>(state.current));
  ImGui::PushID(static_cast<int>(state.tab));
  ImGui::BeginChild("tab", {0, 0}, false, state.tab == Tab::text ? 0 : ImGuiWindowFlags_HorizontalScrollbar);
  switch (state.tab) {
    case Tab::text: draw_text(state, ui); break;
    case Tab::tables: draw_tables(state, ui); break;
    case Tab::checks: draw_checks(state, ui); break;
    case Tab::documents: draw_documents(state, ui); break;
  }
  ImGui::EndChild();
  ImGui::PopID();
  ImGui::PopID();
}

/// The line between text and charts; dragging it gives the one more room and the other less.
void draw_splitter(AppState& state, const Ui& ui, ImVec2 room, float gap) {
  ImGui::InvisibleButton("splitter", {gap, room.y});
  const bool hot = ImGui::IsItemHovered() || ImGui::IsItemActive();
  if (ImGui::IsItemActive()) state.text_share += ImGui::GetIO().MouseDelta.x / room.x;
  if (hot) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
  const ImVec2 corner = ImGui::GetItemRectMin();
  const float x = std::round(corner.x + gap / 2);
  ImGui::GetWindowDrawList()->AddLine({x, corner.y}, {x, corner.y + room.y},
                                      ink(hot ? ui.palette->accent : ui.palette->line), ui.px(hot ? 2 : 1));
}

}  // namespace

void draw_page(AppState& state, Ui& ui) {
  draw_heading(state, ui);
  draw_error(state, ui);
  draw_values(state, ui);
  const ImVec2 room = ImGui::GetContentRegionAvail();
  if (state.enlarged) {
    ImGui::BeginChild("charts", room);
    draw_charts(state, ui);
    ImGui::EndChild();
    return;
  }
  if (state.tab != Tab::text) return draw_tabs(state, ui);
  const float gap = ui.px(20);
  const float most_text = room.x - gap - least_chart_width * ui.chart_scale;
  state.text_share = std::clamp(state.text_share, least_text_width * ui.scale / room.x, most_text / room.x);
  ImGui::BeginChild("tabs", {std::round(room.x * state.text_share), room.y});
  draw_tabs(state, ui);
  ImGui::EndChild();
  ImGui::SameLine(0, 0);
  draw_splitter(state, ui, room, gap);
  ImGui::SameLine(0, 0);
  ImGui::BeginChild("charts", {0, room.y});
  draw_charts(state, ui);
  ImGui::EndChild();
}

}  // namespace qlab::gui
