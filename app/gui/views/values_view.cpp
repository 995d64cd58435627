// The first values of the Report as large figures in a row; the rest stands in the tables.
#include <cmath>

#include "app/gui/views/views.hpp"
#include "app/gui/widgets/rich_text.hpp"
#include "app/views/number.hpp"

namespace qlab::gui {

void draw_values(const AppState& state, const Ui& ui) {
  if (!state.page().run) return;
  const Palette& palette = *ui.palette;
  const float height = std::round(ui.px(56));
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  const float right = origin.x + ImGui::GetContentRegionAvail().x;
  float x = origin.x;
  const float y = origin.y;
  ImDrawList& list = *ImGui::GetWindowDrawList();
  for (const Value& value : state.page().run->report.values) {
    const std::string number = show_number(value.number);
    const std::string unit = value.unit.empty() ? "" : " " + value.unit;
    const std::string& full_label = value.label.in(state.language);
    const std::string label = shortened(ui, Face::small, full_label, ui.px(250));
    const float number_width = text_width(ui, Face::heading, number);
    const float width =
        std::ceil(std::max(text_width(ui, Face::small, label), number_width + text_width(ui, Face::small, unit))) +
        ui.px(24);
    if (x + width > right) break;
    list.AddRectFilled({x, y}, {x + width, y + height}, ink(palette.raised), ui.px(8));
    const float label_y = std::round(y + height / 2 - line_height(ui.fonts[Face::small]));
    write_at(ui, {x + ui.px(12), label_y}, Face::small, palette.muted, label);
    const float number_y = std::round(y + height / 2 - ui.px(2));
    write_at(ui, {x + ui.px(12), number_y}, Face::heading, palette.text, number);
    const float drop = (ui.fonts[Face::heading]->Ascent - ui.fonts[Face::small]->Ascent) / ui.pixel_ratio;
    write_at(ui, {x + ui.px(12) + number_width, std::round(number_y + drop)}, Face::small, palette.muted, unit);
    ImGui::SetCursorScreenPos({x, y});
    ImGui::Dummy({width, height});
    if (label != full_label) explain_item(ui, full_label);
    x += width + ui.px(8);
  }
  ImGui::SetCursorScreenPos({origin.x, y + height + ui.px(14)});
}

}  // namespace qlab::gui
