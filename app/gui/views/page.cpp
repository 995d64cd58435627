// The page of a lesson: its title, the charts with their values, and text, tables, checks and documents in tabs. In a
// wide window the tabs stand at the left of the charts, else below them, so that the charts are always in sight.
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

constexpr double wide_from = 1150;  // design pixels of the page

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

std::string checks_label(const AppState& state) {
  std::string label = say(Phrase::tab_checks, state.language);
  if (!state.page().run) return label;
  const auto& checks = state.page().run->report.checks;
  const auto passed = std::count_if(checks.begin(), checks.end(), [](const Check& check) { return check.passed; });
  return checks.empty() ? label : fmt::format("{} {}/{}", label, passed, checks.size());
}

void draw_tabs(AppState& state, const Ui& ui) {
  const bool has_documents = state.page().run && !state.page().run->report.documents.empty();
  std::vector<std::string> labels{say(Phrase::tab_text, state.language), say(Phrase::tab_tables, state.language),
                                  checks_label(state)};
  if (has_documents) labels.emplace_back(say(Phrase::tab_documents, state.language));
  if (state.tab == Tab::documents && !has_documents) state.tab = Tab::text;
  const int clicked = segments(ui, "tabs", labels, static_cast<int>(state.tab));
  if (clicked >= 0) state.tab = static_cast<Tab>(clicked);
  ImGui::Dummy({0, ui.px(4)});
  // An ID of its own for each lesson and tab: every one keeps its place when one comes back to it.
  ImGui::PushID(static_cast<int>(state.current));
  ImGui::PushID(static_cast<int>(state.tab));
  ImGui::BeginChild("tab", {0, 0});
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

void draw_results(AppState& state, Ui& ui, ImVec2 size) {
  ImGui::BeginChild("results", size);
  const float values_height = ui.px(58);
  ImGui::BeginChild("charts", {0, ImGui::GetContentRegionAvail().y - values_height - ImGui::GetStyle().ItemSpacing.y});
  draw_charts(state, ui);
  ImGui::EndChild();
  draw_values(state, ui);
  ImGui::EndChild();
}

}  // namespace

void draw_page(AppState& state, Ui& ui) {
  draw_heading(state, ui);
  draw_error(state, ui);
  const ImVec2 room = ImGui::GetContentRegionAvail();
  if (state.enlarged) {
    draw_results(state, ui, room);
    return;
  }
  const float gap = ui.px(16);
  if (room.x >= ui.px(wide_from)) {
    const float text_width = std::round(room.x * 0.42F);
    ImGui::BeginChild("tabs", {text_width, room.y});
    draw_tabs(state, ui);
    ImGui::EndChild();
    ImGui::SameLine(0, gap);
    draw_results(state, ui, {0, room.y});
  } else {
    draw_results(state, ui, {0, std::round(room.y * 0.58F)});
    ImGui::Dummy({0, ui.px(4)});
    draw_tabs(state, ui);
  }
}

}  // namespace qlab::gui
