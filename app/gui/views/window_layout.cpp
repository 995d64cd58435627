#include "app/gui/views/window_layout.hpp"

#include <chrono>
#include <cmath>

#include "app/gui/views/views.hpp"

namespace qlab::gui {
namespace {

using namespace std::chrono_literals;

// How long a frame waits for the result of what was just changed. The rest of 16 ms is for drawing it.
constexpr Runner::Clock::duration wait_for_result = 8ms;

/// A panel of the window: padding inside, scrolling where it is too small. Its ground is what the window was cleared
/// to: software OpenGL takes as long to fill a panel as to draw all the text on it.
template <class Draw>
void panel(const Ui& ui, const char* name, ImVec2 corner, ImVec2 size, ImVec2 padding, const Draw& draw) {
  ImGui::SetCursorPos(corner);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, padding);
  ImGui::BeginChild(name, size, false, ImGuiWindowFlags_AlwaysUseWindowPadding);
  ImGui::PopStyleVar();
  ImGui::PushFont(ui.fonts[Face::body]);
  draw();
  ImGui::PopFont();
  ImGui::EndChild();
}

/// The lines between the panels; `corner` and `end` are those of the page's frame.
void draw_lines(const Ui& ui, ImVec2 window, ImVec2 corner, ImVec2 end, float line) {
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const ImU32 color = ink(ui.palette->line);
  list.AddRectFilled({0, corner.y - line}, {window.x, corner.y}, color);
  list.AddRectFilled({0, end.y}, {window.x, end.y + line}, color);
  list.AddRectFilled({corner.x, corner.y}, {corner.x + line, end.y}, color);
  list.AddRectFilled({end.x, corner.y}, {end.x + line, end.y}, color);
}

}  // namespace

void draw_window(AppState& state, Ui& ui) {
  const ImVec2 window = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({0, 0});
  ImGui::SetNextWindowSize(window);
  ImGui::Begin("window", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoMove |
                   ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoBringToFrontOnFocus |
                   ImGuiWindowFlags_NoScrollWithMouse);

  const float line = std::max(1.0F, std::round(ui.px(1)));
  const float top = std::round(ui.px(54));
  const float bottom = std::round(ui.px(30));
  const float left = std::round(ui.px(204));
  const float right = std::round(ui.px(288));
  const float middle_height = window.y - top - bottom - 2 * line;
  const ImVec2 padding{ui.px(16), ui.px(14)};
  const float bottom_y = window.y - bottom;
  const float middle_y = top + line;

  panel(ui, "top", {0, 0}, {window.x, top}, {0, 0}, [&] { draw_top_bar(state, ui); });
  panel(ui, "lessons", {0, middle_y}, {left, middle_height}, {ui.px(10), ui.px(14)},
        [&] { draw_lesson_list(state, ui); });
  panel(ui, "parameters", {window.x - right, middle_y}, {right, middle_height}, padding,
        [&] { draw_parameters(state, ui); });
  receive(state, wait_for_result);
  panel(ui, "page", {left + line, middle_y}, {window.x - left - right - 2 * line, middle_height},
        {ui.px(20), ui.px(14)}, [&] { draw_page(state, ui); });
  panel(ui, "status", {0, bottom_y}, {window.x, bottom}, {0, 0}, [&] { draw_status_bar(state, ui); });
  draw_lines(ui, window, {left, middle_y}, {window.x - right - line, bottom_y - line}, line);
  ImGui::End();
}

}  // namespace qlab::gui
