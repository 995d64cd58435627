// The list of lessons at the left: number and title, the open one marked.
#include <algorithm>
#include <cctype>
#include <cmath>

#include "app/gui/strings.hpp"
#include "app/gui/views/views.hpp"
#include "app/gui/widgets/rich_text.hpp"

namespace qlab::gui {
namespace {

/// "03" of the folder "03-nf4"; empty for a folder without a number.
std::string number_of(const lessons::Lesson& lesson) {
  const std::string folder = lesson.folder.filename().string();
  const auto end = std::find_if(folder.begin(), folder.end(), [](unsigned char c) { return std::isdigit(c) == 0; });
  return {folder.begin(), end};
}

}  // namespace

void draw_lesson_list(AppState& state, const Ui& ui) {
  const Palette& palette = *ui.palette;
  write(ui, Face::small, palette.muted, say(Phrase::lessons, state.language));
  ImGui::Dummy({0, ui.px(2)});
  const float width = ImGui::GetContentRegionAvail().x;
  const float number_width = text_width(ui, Face::small, "00") + ui.px(20);
  std::size_t chosen = state.current;
  for (std::size_t i = 0; i < state.lessons.size(); ++i) {
    const lessons::Lesson& lesson = state.lessons[i];
    const std::string& title = lesson.title.in(state.language);
    const bool current = i == state.current;
    const ImVec2 corner = ImGui::GetCursorScreenPos();
    const Face face = current ? Face::strong : Face::body;
    const float room = width - number_width - ui.px(6);
    const float height = text_height(ui, title, room, {face, palette.text, 1}) + ui.px(12);
    ImGui::PushID(static_cast<int>(i));
    if (ImGui::InvisibleButton("lesson", {width, height})) chosen = i;
    const bool hot = ImGui::IsItemHovered();
    if (hot) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
    explain_item(ui, lesson.summary.in(state.language));
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const ImVec2 end{corner.x + width, corner.y + height};
    if (current || hot) list.AddRectFilled(corner, end, ink(palette.accent_soft, current ? 1 : 0.5), ui.px(6));
    if (current) {
      list.AddRectFilled({corner.x, corner.y + ui.px(7)}, {corner.x + ui.px(3), end.y - ui.px(7)}, ink(palette.accent),
                         ui.px(2));
    }
    const float text_y = std::round(corner.y + ui.px(6));
    const float number_y = text_y + (ui.fonts[Face::body]->Ascent - ui.fonts[Face::small]->Ascent) / ui.pixel_ratio;
    const chart::Color& color = current ? palette.accent : palette.text;
    write_at(ui, {corner.x + ui.px(11), std::round(number_y)}, Face::small, current ? palette.accent : palette.muted,
             number_of(lesson));
    ImGui::SetCursorScreenPos({corner.x + number_width, text_y});
    draw_wrapped(ui, title, room, {face, color, 1});
    ImGui::SetCursorScreenPos({corner.x, end.y + ui.px(2)});
    ImGui::PopID();
  }
  open_lesson(state, chosen);
}

}  // namespace qlab::gui
