#include "app/gui/ui.hpp"

#include <algorithm>

namespace qlab::gui {

ImVec4 vec4(const chart::Color& color) {
  return {static_cast<float>(color.r), static_cast<float>(color.g), static_cast<float>(color.b),
          static_cast<float>(color.a)};
}

ImU32 ink(const chart::Color& color, double alpha) {
  ImVec4 faded = vec4(color);
  faded.w *= static_cast<float>(alpha);
  return ImGui::ColorConvertFloat4ToU32(faded);
}

void apply_style(const Ui& ui) {
  ImGuiStyle style;
  style.WindowPadding = {0, 0};
  style.FramePadding = {ui.px(10), ui.px(6)};
  style.ItemSpacing = {ui.px(8), ui.px(6)};
  style.ItemInnerSpacing = {ui.px(6), ui.px(4)};
  style.CellPadding = {ui.px(10), ui.px(5)};
  style.ScrollbarSize = ui.px(10);
  style.GrabMinSize = ui.px(24);
  style.WindowRounding = style.ChildRounding = style.PopupRounding = ui.px(8);
  style.FrameRounding = ui.px(6);
  style.ScrollbarRounding = style.GrabRounding = ui.px(5);
  style.WindowBorderSize = style.ChildBorderSize = 0;
  style.PopupBorderSize = style.FrameBorderSize = 1;
  style.AntiAliasedLinesUseTex = true;

  const Palette& palette = *ui.palette;
  const auto set = [&](ImGuiCol which, const chart::Color& color, double alpha = 1) {
    style.Colors[which] = vec4(color);
    style.Colors[which].w = static_cast<float>(alpha);
  };
  set(ImGuiCol_Text, palette.text);
  set(ImGuiCol_TextDisabled, palette.muted);
  set(ImGuiCol_WindowBg, palette.panel);
  set(ImGuiCol_ChildBg, palette.panel, 0);
  set(ImGuiCol_PopupBg, palette.panel);
  set(ImGuiCol_Border, palette.line);
  set(ImGuiCol_FrameBg, palette.raised);
  set(ImGuiCol_FrameBgHovered, palette.accent_soft);
  set(ImGuiCol_FrameBgActive, palette.accent_soft);
  set(ImGuiCol_ScrollbarBg, palette.panel, 0);
  set(ImGuiCol_ScrollbarGrab, palette.line);
  set(ImGuiCol_ScrollbarGrabHovered, palette.muted);
  set(ImGuiCol_ScrollbarGrabActive, palette.muted);
  set(ImGuiCol_CheckMark, palette.accent);
  set(ImGuiCol_Button, palette.raised);
  set(ImGuiCol_ButtonHovered, palette.accent_soft);
  set(ImGuiCol_ButtonActive, palette.accent_soft);
  set(ImGuiCol_Header, palette.accent_soft);
  set(ImGuiCol_HeaderHovered, palette.accent_soft);
  set(ImGuiCol_HeaderActive, palette.accent_soft);
  set(ImGuiCol_TableHeaderBg, palette.raised);
  set(ImGuiCol_TableBorderStrong, palette.line);
  set(ImGuiCol_TableBorderLight, palette.line, 0.6);
  set(ImGuiCol_TableRowBg, palette.panel, 0);
  set(ImGuiCol_TableRowBgAlt, palette.raised, 0.6);
  set(ImGuiCol_TextSelectedBg, palette.accent, 0.3);
  set(ImGuiCol_NavHighlight, palette.accent);
  set(ImGuiCol_ModalWindowDimBg, palette.text, 0.25);
  ImGui::GetStyle() = style;
}

void write(const Ui& ui, Face face, const chart::Color& color, std::string_view text) {
  ImGui::PushFont(ui.fonts[face]);
  ImGui::PushStyleColor(ImGuiCol_Text, vec4(color));
  ImGui::TextUnformatted(text.data(), text.data() + text.size());
  ImGui::PopStyleColor();
  ImGui::PopFont();
}

void write_at(const Ui& ui, ImVec2 at, Face face, const chart::Color& color, std::string_view text) {
  const ImFont* font = ui.fonts[face];
  ImGui::GetWindowDrawList()->AddText(font, line_height(font), at, ink(color), text.data(), text.data() + text.size());
}

float text_width(const Ui& ui, Face face, std::string_view text) {
  const ImFont* font = ui.fonts[face];
  return font->CalcTextSizeA(line_height(font), 1e9F, 0, text.data(), text.data() + text.size()).x;
}

std::string shortened(const Ui& ui, Face face, std::string_view text, float width) {
  if (text_width(ui, face, text) <= width) return std::string(text);
  const auto is_inside = [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; };
  while (!text.empty()) {
    while (text.size() > 1 && is_inside(text.back())) text.remove_suffix(1);
    text.remove_suffix(1);
    std::string candidate = std::string(text) + "…";
    if (text_width(ui, face, candidate) <= width) return candidate;
  }
  return {};
}

}  // namespace qlab::gui
