// The bar at the top: the program's name, the actions, language and theme.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "app/gui/strings.hpp"
#include "app/gui/views/views.hpp"
#include "app/gui/widgets/controls.hpp"
#include "app/gui/widgets/rich_text.hpp"

namespace qlab::gui {
namespace {

/// Sixteen small steps: the levels of a 4-bit code.
void draw_mark(const Ui& ui, ImVec2 corner, float side) {
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const int steps = 4;
  const float cell = side / steps;
  for (int step = 0; step < steps; ++step) {
    const float height = cell * static_cast<float>(step + 1);
    list.AddRectFilled({corner.x + cell * static_cast<float>(step), corner.y + side - height},
                       {corner.x + cell * static_cast<float>(step + 1) - ui.px(1.5), corner.y + side},
                       ink(ui.palette->accent, 0.4 + 0.2 * step), ui.px(1));
  }
}

}  // namespace

void draw_top_bar(AppState& state, const Ui& ui) {
  const Language language = state.language;
  const float middle = ImGui::GetWindowHeight() / 2;
  const ImVec2 origin = ImGui::GetWindowPos();
  const float side = std::round(ui.px(22));
  draw_mark(ui, {origin.x + ui.px(18), std::round(origin.y + middle - side / 2)}, side);
  write_at(ui, {origin.x + ui.px(50), std::round(origin.y + middle - line_height(ui.fonts[Face::heading]) / 2)},
           Face::heading, ui.palette->text, "QLoRA Lab");

  const std::array<std::string, 2> languages{"English", "中文"};
  const std::array<std::string, 3> themes{say(Phrase::theme_light, language), say(Phrase::theme_dark, language),
                                          say(Phrase::theme_projector, language)};
  const char* copy = say(Phrase::copy_command, language);
  const char* export_word = say(Phrase::export_pictures, language);
  const float gap = ui.px(10);
  const auto button_width = [&](const char* word) { return std::round(text_width(ui, Face::body, word) + ui.px(24)); };
  const float height = std::round(line_height(ui.fonts[Face::body]) + ui.px(8));
  const float right = ImGui::GetWindowWidth() - ui.px(16);
  const float y = std::round(middle - height / 2);
  float x = right - segments_width(ui, themes);
  ImGui::SetCursorPos({x, y});
  const int theme = segments(ui, "theme", themes, static_cast<int>(state.theme));
  if (theme >= 0) state.theme = static_cast<chart::Theme>(theme);
  x -= segments_width(ui, languages) + gap;
  ImGui::SetCursorPos({x, y});
  const int chosen = segments(ui, "language", languages, static_cast<int>(language));
  if (chosen >= 0) set_language(state, static_cast<Language>(chosen));
  x -= button_width(export_word) + gap * 2;
  ImGui::SetCursorPos({x, y});
  if (button(ui, export_word, Emphasis::primary, state.page().run.has_value())) ask_for_export(state, std::nullopt);
  draw_export_panel(state, ui, {origin.x + x + button_width(export_word), origin.y + y + height + ui.px(6)});
  x -= button_width(copy) + gap;
  ImGui::SetCursorPos({x, y});
  if (button(ui, copy)) {
    const std::string line = command_line(state);
    ImGui::SetClipboardText(line.c_str());
    state.notice = fmt::format(fmt::runtime(say(Phrase::command_copied, language)), line);
  }
  explain_item(ui, command_line(state));
}

}  // namespace qlab::gui
