#include "app/gui/widgets/rich_text.hpp"

#include <cmath>

#include "app/gui/text_flow.hpp"

namespace qlab::gui {
namespace {

Face face_of(const markdown::Span& span, Face plain) {
  if (span.code) return Face::code;
  if (plain != Face::body) return plain;  // headings are bold already, small text has one face
  if (span.strong) return Face::strong;
  return span.emphasis ? Face::emphasis : Face::body;
}

Measure measure_in(const Ui& ui, Face plain) {
  return [&ui, plain](const markdown::Span& span, std::string_view part) {
    return text_width(ui, face_of(span, plain), part);
  };
}

/// Baseline within the line box of the plain face.
float baseline_shift(const Ui& ui, Face face, Face plain) {
  const float ratio = ImGui::GetIO().FontGlobalScale;
  return std::round((ui.fonts[plain]->Ascent - ui.fonts[face]->Ascent) * ratio);
}

float line_step(const Ui& ui, const TextLook& look) {
  return std::round(line_height(ui.fonts[look.face]) * static_cast<float>(look.line_spacing));
}

bool is_over(ImVec2 corner, ImVec2 end) { return ImGui::IsWindowHovered() && ImGui::IsMouseHoveringRect(corner, end); }

}  // namespace

std::string draw_spans(const Ui& ui, const markdown::Spans& spans, float width, const TextLook& look) {
  const Flow flow = flow_text(spans, width, measure_in(ui, look.face));
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  const float face_height = line_height(ui.fonts[look.face]);
  const float step = line_step(ui, look);
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const auto place = [&](const FlowRun& run) {
    const float spare = width - flow.widths[static_cast<std::size_t>(run.line)];
    const float indent = look.align == markdown::Align::end      ? spare
                         : look.align == markdown::Align::middle ? spare / 2
                                                                 : 0;
    return ImVec2{std::round(origin.x + indent + run.x), origin.y + static_cast<float>(run.line) * step};
  };
  for (const FlowRun& run : flow.runs) {  // grounds first: they reach a little under their neighbours
    if (!spans[run.span].code) continue;
    const ImVec2 at = place(run);
    list.AddRectFilled({at.x - ui.px(2), at.y + ui.px(1)}, {at.x + run.width + ui.px(2), at.y + face_height},
                       ink(ui.palette->raised), ui.px(4));
  }
  std::string clicked;
  for (const FlowRun& run : flow.runs) {
    const markdown::Span& span = spans[run.span];
    const Face face = face_of(span, look.face);
    ImVec2 at = place(run);
    const ImVec2 end{at.x + run.width, at.y + face_height};
    chart::Color color = look.color;
    if (!span.link.empty()) {
      color = ui.palette->accent;
      const bool hot = is_over(at, end);
      if (hot) {
        ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
        if (ImGui::IsMouseClicked(ImGuiMouseButton_Left)) clicked = span.link;
      }
      list.AddLine({at.x, end.y - ui.px(2)}, {end.x, end.y - ui.px(2)}, ink(color, hot ? 1 : 0.45), ui.px(1));
    }
    at.y += baseline_shift(ui, face, look.face);
    write_at(ui, at, face, color, std::string_view(span.text).substr(run.first, run.last - run.first));
  }
  ImGui::Dummy({width, step * static_cast<float>(flow.widths.size())});
  return clicked;
}

void draw_wrapped(const Ui& ui, std::string_view text, float width, const TextLook& look) {
  markdown::Span span;
  span.text = text;
  draw_spans(ui, {span}, width, look);
}

float text_height(const Ui& ui, std::string_view text, float width, const TextLook& look) {
  markdown::Span span;
  span.text = text;
  const Flow flow = flow_text({span}, width, measure_in(ui, look.face));
  return line_step(ui, look) * static_cast<float>(flow.widths.size());
}

float spans_width(const Ui& ui, const markdown::Spans& spans, Face face) {
  float width = 0;
  for (const markdown::Span& span : spans) width += text_width(ui, face_of(span, face), span.text);
  return width;
}

void explain_item(const Ui& ui, std::string_view text) {
  if (text.empty() || !ImGui::IsItemHovered()) return;
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {ui.px(10), ui.px(8)});
  ImGui::BeginTooltip();
  const float width = std::min(ui.px(340), std::ceil(text_width(ui, Face::small, text)) + 1);
  draw_wrapped(ui, text, width, {.face = Face::small, .color = ui.palette->text});
  ImGui::EndTooltip();
  ImGui::PopStyleVar();
}

}  // namespace qlab::gui
