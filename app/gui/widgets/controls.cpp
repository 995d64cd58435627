#include "app/gui/widgets/controls.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace qlab::gui {
namespace {

float control_height(const Ui& ui) { return std::round(line_height(ui.fonts[Face::body]) + ui.px(8)); }

/// Centre of a text's letters rather than of its line box, which leaves room for accents.
void write_centred(const Ui& ui, ImVec2 corner, ImVec2 size, Face face, const chart::Color& color,
                   std::string_view text) {
  const float x = corner.x + (size.x - text_width(ui, face, text)) / 2;
  const float y = corner.y + (size.y - line_height(ui.fonts[face])) / 2;
  write_at(ui, {std::round(x), std::round(y)}, face, color, text);
}

float tab_gap(const Ui& ui) { return ui.px(16); }

bool clickable(const char* id, ImVec2 size, bool enabled) {
  const bool clicked = ImGui::InvisibleButton(id, size) && enabled;
  if (enabled && ImGui::IsItemHovered()) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
  return clicked;
}

}  // namespace

bool button(const Ui& ui, const char* label, Emphasis emphasis, bool enabled) {
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  const ImVec2 size{std::round(text_width(ui, Face::body, label) + ui.px(24)), control_height(ui)};
  const bool clicked = clickable(label, size, enabled);
  const bool hot = enabled && ImGui::IsItemHovered();
  const Palette& palette = *ui.palette;
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const ImVec2 end{corner.x + size.x, corner.y + size.y};
  if (emphasis == Emphasis::primary) {
    list.AddRectFilled(corner, end, ink(palette.accent, !enabled ? 0.35 : hot ? 0.88 : 1), ui.px(6));
    write_centred(ui, corner, size, Face::body, palette.on_accent, label);
  } else {
    list.AddRectFilled(corner, end, ink(hot ? palette.accent_soft : palette.panel), ui.px(6));
    list.AddRect(corner, end, ink(hot ? palette.accent : palette.line, enabled ? 1 : 0.6), ui.px(6));
    chart::Color color = enabled ? palette.text : palette.muted;
    if (!enabled) color.a = 0.55;
    write_centred(ui, corner, size, Face::body, color, label);
  }
  return clicked;
}

bool sign_button(const Ui& ui, const char* id, const char* sign, bool enabled) {
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  const float side = std::round(line_height(ui.fonts[Face::body]));
  const bool clicked = clickable(id, {side, side}, enabled);
  const bool hot = enabled && ImGui::IsItemHovered();
  if (hot) {
    ImGui::GetWindowDrawList()->AddRectFilled(corner, {corner.x + side, corner.y + side}, ink(ui.palette->accent_soft),
                                              ui.px(5));
  }
  chart::Color color = hot ? ui.palette->accent : ui.palette->muted;
  if (!enabled) color.a = 0.35;
  write_centred(ui, corner, {side, side}, Face::body, color, sign);
  return clicked;
}

float segments_width(const Ui& ui, std::span<const std::string> labels) {
  float width = ui.px(6);
  for (const std::string& label : labels) width += std::round(text_width(ui, Face::body, label) + ui.px(20));
  return width;
}

int segments(const Ui& ui, const char* id, std::span<const std::string> labels, int selected, float width) {
  const float natural = segments_width(ui, labels);
  const float extra = width > natural ? (width - natural) / static_cast<float>(labels.size()) : 0;
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  const float height = control_height(ui);
  const Palette& palette = *ui.palette;
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const ImVec2 whole{corner.x + std::max(width, natural), corner.y + height};
  list.AddRectFilled(corner, whole, ink(palette.raised), ui.px(7));
  list.AddRect(corner, whole, ink(palette.line), ui.px(7));
  int clicked = -1;
  ImGui::PushID(id);
  ImGui::BeginGroup();
  float x = corner.x + ui.px(3);
  for (int i = 0; i < static_cast<int>(labels.size()); ++i) {
    const std::string& label = labels[static_cast<std::size_t>(i)];
    const ImVec2 size{std::round(text_width(ui, Face::body, label) + ui.px(20) + extra), height};
    ImGui::SetCursorScreenPos({x, corner.y});
    ImGui::PushID(i);
    if (clickable("segment", size, i != selected)) clicked = i;
    const bool hot = ImGui::IsItemHovered();
    ImGui::PopID();
    const ImVec2 inner{x, corner.y + ui.px(3)};
    const ImVec2 end{x + size.x, corner.y + height - ui.px(3)};
    if (i == selected) {
      list.AddRectFilled(inner, end, ink(palette.accent), ui.px(5));
    } else if (hot) {
      list.AddRectFilled(inner, end, ink(palette.accent_soft), ui.px(5));
    }
    write_centred(ui, {x, corner.y}, size, Face::body, i == selected ? palette.on_accent : palette.text, label);
    x += size.x;
  }
  ImGui::EndGroup();
  ImGui::PopID();
  return clicked;
}

float tabs_width(const Ui& ui, std::span<const std::string> labels) {
  float width = -tab_gap(ui);
  for (const std::string& label : labels) width += std::ceil(text_width(ui, Face::strong, label)) + tab_gap(ui);
  return width;
}

int combo(const Ui& ui, const char* id, std::span<const std::string> labels, int selected, float width) {
  const ImGuiStyle& style = ImGui::GetStyle();
  const float room = width - ImGui::GetFrameHeight() - 2 * style.FramePadding.x;
  const std::string shown = shortened(ui, Face::body, labels[static_cast<std::size_t>(selected)], room);
  int clicked = -1;
  ImGui::SetNextItemWidth(width);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, style.FramePadding);
  if (ImGui::BeginCombo(id, shown.c_str())) {
    for (int i = 0; i < static_cast<int>(labels.size()); ++i) {
      ImGui::PushID(i);
      if (ImGui::Selectable(labels[static_cast<std::size_t>(i)].c_str(), i == selected)) clicked = i;
      ImGui::PopID();
    }
    ImGui::EndCombo();
  }
  ImGui::PopStyleVar();
  return clicked;
}

int tabs(const Ui& ui, const char* id, std::span<const std::string> labels, int selected) {
  const Palette& palette = *ui.palette;
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  const float height = std::round(line_height(ui.fonts[Face::body]) + ui.px(10));
  int clicked = -1;
  float x = corner.x;
  ImGui::PushID(id);
  for (int i = 0; i < static_cast<int>(labels.size()); ++i) {
    const std::string& label = labels[static_cast<std::size_t>(i)];
    const Face face = i == selected ? Face::strong : Face::body;
    const ImVec2 size{std::ceil(text_width(ui, face, label)), height};
    ImGui::SetCursorScreenPos({x, corner.y});
    ImGui::PushID(i);
    if (clickable("tab", size, i != selected)) clicked = i;
    const bool hot = ImGui::IsItemHovered();
    ImGui::PopID();
    write_centred(ui, {x, corner.y}, size, face, i == selected || hot ? palette.accent : palette.muted, label);
    if (i == selected) {
      list.AddRectFilled({x, corner.y + height - ui.px(2)}, {x + size.x, corner.y + height}, ink(palette.accent));
    }
    x += size.x + tab_gap(ui);
  }
  ImGui::PopID();
  return clicked;
}

bool toggle(const Ui& ui, const char* label, bool on) {
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  const float height = control_height(ui);
  const ImVec2 track{ui.px(36), ui.px(20)};
  const bool clicked = clickable(label, {track.x + ui.px(8) + text_width(ui, Face::body, label), height}, true);
  const float top = std::round(corner.y + (height - track.y) / 2);
  const Palette& palette = *ui.palette;
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const float radius = track.y / 2;
  list.AddRectFilled({corner.x, top}, {corner.x + track.x, top + track.y},
                     ink(on ? palette.accent : palette.muted, on ? 1 : 0.6), radius);
  const float knob = on ? corner.x + track.x - radius : corner.x + radius;
  list.AddCircleFilled({knob, top + radius}, radius - ui.px(3), ink(on ? palette.on_accent : palette.panel));
  write_at(ui, {corner.x + track.x + ui.px(8), std::round(corner.y + (height - line_height(ui.fonts[Face::body])) / 2)},
           Face::body, palette.text, label);
  return clicked;
}

SliderState slider(const Ui& ui, const char* id, float width, double& position, double mark, bool focused) {
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  const float height = std::round(ui.px(22));
  const float radius = ui.px(8);
  SliderState state;
  ImGui::InvisibleButton(id, {width, height});
  const bool hot = ImGui::IsItemHovered();
  const bool held = ImGui::IsItemActive();
  if (ImGui::IsItemActivated()) {
    state.clicked = true;
    state.ctrl_clicked = ImGui::GetIO().KeyCtrl;
  }
  const float first = corner.x + radius;
  const float length = width - 2 * radius;
  if (held && !ImGui::GetIO().KeyCtrl && (state.clicked || ImGui::GetIO().MouseDelta.x != 0)) {
    const double pointed = std::clamp<double>((ImGui::GetIO().MousePos.x - first) / length, 0, 1);
    state.moved = pointed != position;
    position = pointed;
  }
  const Palette& palette = *ui.palette;
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const float middle = std::round(corner.y + height / 2);
  const float knob = first + length * static_cast<float>(position);
  const float half = ui.px(2);
  list.AddRectFilled({first, middle - half}, {first + length, middle + half}, ink(palette.line), half);
  list.AddRectFilled({first, middle - half}, {knob, middle + half}, ink(palette.accent), half);
  const float home = std::round(first + length * static_cast<float>(mark));
  if (std::abs(home - knob) > radius) {
    list.AddLine({home, middle - ui.px(5)}, {home, middle + ui.px(5)}, ink(palette.muted, 0.7), ui.px(1.5));
  }
  if (hot || held || focused)
    list.AddCircleFilled({knob, middle}, radius + ui.px(4), ink(palette.accent, held ? 0.25 : 0.15));
  list.AddCircleFilled({knob, middle}, radius, ink(palette.accent));
  list.AddCircleFilled({knob, middle}, radius - ui.px(2.5), ink(palette.panel));
  if (hot) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
  return state;
}

bool chip(const Ui& ui, const char* label, ImVec2 size, bool chosen) {
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  const bool clicked = clickable(label, size, true);
  const bool hot = ImGui::IsItemHovered();
  const Palette& palette = *ui.palette;
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const ImVec2 end{corner.x + size.x, corner.y + size.y};
  list.AddRectFilled(corner, end,
                     ink(chosen ? palette.accent
                         : hot  ? palette.accent_soft
                                : palette.raised),
                     size.y / 2);
  if (!chosen) list.AddRect(corner, end, ink(hot ? palette.accent : palette.line), size.y / 2);
  write_centred(ui, corner, size, Face::small, chosen ? palette.on_accent : palette.text, label);
  return clicked;
}

void progress_bar(const Ui& ui, ImVec2 size, double fraction) {
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  ImGui::Dummy(size);
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const float round = size.y / 2;
  list.AddRectFilled(corner, {corner.x + size.x, corner.y + size.y}, ink(ui.palette->line), round);
  const float filled = size.x * static_cast<float>(std::clamp(fraction, 0.0, 1.0));
  if (filled >= size.y) {
    list.AddRectFilled(corner, {corner.x + filled, corner.y + size.y}, ink(ui.palette->accent), round);
  }
}

}  // namespace qlab::gui
