// The charts of the last run, side by side where there is room, with what the pointer reads out.
#include <algorithm>
#include <cmath>

#include "app/gui/strings.hpp"
#include "app/gui/views/views.hpp"
#include "app/gui/widgets/controls.hpp"
#include "app/gui/widgets/rich_text.hpp"

namespace qlab::gui {
namespace {

constexpr float least_chart_height = 250;

/// How the charts share the room: a whole number of rows is in sight, the rest is scrolled to.
struct ChartGrid {
  int columns = 1;
  float width = 0;
  float height = 0;
};

ChartGrid grid_for(int count, ImVec2 room, float gap, float scale, float scrollbar) {
  ChartGrid grid;
  const auto columns_fit = static_cast<int>((room.x + gap) / (least_chart_width * scale + gap));
  grid.columns = std::clamp(columns_fit, 1, std::min(count, 2));
  const int rows = (count + grid.columns - 1) / grid.columns;
  const auto rows_fit = static_cast<int>((room.y + gap) / (least_chart_height * scale + gap));
  const int rows_in_sight = std::clamp(rows_fit, 1, rows);
  const float bar = rows > rows_in_sight ? scrollbar : 0;
  const auto share = [&](float length, int parts) {
    return std::floor((length - gap * static_cast<float>(parts - 1)) / static_cast<float>(parts));
  };
  grid.width = share(room.x - bar, grid.columns);
  grid.height = std::max(share(room.y, rows_in_sight), least_chart_height * scale);
  return grid;
}

/// Cross-hair and read-out of the spot under the pointer; over the title all of it, should it have been shortened.
void draw_hover(const Ui& ui, const chart::Scene& scene, const Text& title, Language language, ImVec2 corner) {
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const chart::HoverSpot* spot =
      chart::spot_at(scene, {(mouse.x - corner.x) / ui.chart_scale, (mouse.y - corner.y) / ui.chart_scale});
  if (spot == nullptr) {
    if (mouse.y < corner.y + static_cast<float>(scene.plot.corner.y) * ui.chart_scale) {
      explain_item(ui, title.in(language));
    }
    return;
  }
  const auto place = [&](double x, double y) {
    return ImVec2{corner.x + static_cast<float>(x) * ui.chart_scale, corner.y + static_cast<float>(y) * ui.chart_scale};
  };
  const chart::Rectangle& plot = scene.plot;
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const ImU32 line = ink(ui.palette->muted, 0.6);
  const ImVec2 at = place(spot->at.x, spot->at.y);
  list.AddLine({at.x, place(0, plot.corner.y).y}, {at.x, place(0, plot.corner.y + plot.height).y}, line, ui.px(1));
  list.AddLine({place(plot.corner.x, 0).x, at.y}, {place(plot.corner.x + plot.width, 0).x, at.y}, line, ui.px(1));
  list.AddCircle(at, ui.px(5), ink(ui.palette->text), 0, ui.px(1.5));
  explain_item(ui, spot->text);
}

/// What can be done with the chart under the pointer: export it, let it fill the page.
void draw_signs(AppState& state, const Ui& ui, std::size_t index, ImVec2 top_right) {
  const float side = std::round(line_height(ui.fonts[Face::body]));
  const ImVec2 corner{top_right.x - 2 * side - ui.px(2), top_right.y};
  ImGui::GetWindowDrawList()->AddRectFilled(corner, {top_right.x, corner.y + side}, ink(ui.palette->panel), ui.px(5));
  ImGui::SetCursorScreenPos(corner);
  if (sign_button(ui, "export", "↓")) ask_for_export(state, index);
  explain_item(ui, say(Phrase::export_pictures, state.language));
  ImGui::SetCursorScreenPos({top_right.x - side, corner.y});
  if (sign_button(ui, "enlarge", state.enlarged ? "×" : "↗")) toggle_enlarged(state, index);
  explain_item(ui, say(state.enlarged ? Phrase::shrink : Phrase::enlarge, state.language));
  if (ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) toggle_enlarged(state, index);
}

void draw_chart(AppState& state, Ui& ui, std::size_t index, ImVec2 size) {
  const Chart& chart = state.page().run->report.charts[index];
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  ImGui::PushID(static_cast<int>(index));
  ImGui::Dummy(size);
  const bool hot = ImGui::IsItemHovered();
  const ImVec2 end{corner.x + size.x, corner.y + size.y};
  if (ImGui::IsRectVisible(corner, end)) {
    const double scale = static_cast<double>(ui.chart_scale) * ui.pixel_ratio;
    const Picture& picture = ui.charts.picture(chart, index,
                                               {.page = state.current,
                                                .revision = state.page().revision,
                                                .width = static_cast<int>(size.x * ui.pixel_ratio),
                                                .height = static_cast<int>(size.y * ui.pixel_ratio),
                                                .scale = scale,
                                                .theme = state.theme,
                                                .language = state.language});
    ImDrawList& list = *ImGui::GetWindowDrawList();
    // ImTextureID is a pointer in old versions of ImGui and an integer in new ones: only this cast makes both.
    list.AddImage((ImTextureID)(static_cast<std::intptr_t>(picture.texture)), corner, end);  // NOLINT
    if (state.page().error) list.AddRectFilled(corner, end, ink(ui.palette->panel, 0.55));
    if (hot) draw_hover(ui, picture.scene, chart.title, state.language, corner);
  }
  const ImVec2 after = ImGui::GetCursorScreenPos();
  if (hot) draw_signs(state, ui, index, {end.x - ui.px(4), corner.y + ui.px(4)});
  ImGui::SetCursorScreenPos(after);
  ImGui::PopID();
}

}  // namespace

void draw_charts(AppState& state, Ui& ui) {
  const Page& page = state.page();
  if (!page.run) {
    if (!page.error) write(ui, Face::body, ui.palette->muted, say(Phrase::no_result, state.language));
    return;
  }
  const std::size_t count = page.run->report.charts.size();
  if (count == 0) return;
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const float gap = ui.px(12);
  if (state.enlarged && *state.enlarged < count) return draw_chart(state, ui, *state.enlarged, room);

  const ChartGrid grid =
      grid_for(static_cast<int>(count), room, gap, ui.chart_scale, ImGui::GetStyle().ScrollbarSize + ui.px(4));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 0});
  const ImVec2 origin = ImGui::GetCursorPos();
  for (std::size_t i = 0; i < count; ++i) {
    const int column = static_cast<int>(i) % grid.columns;
    const int row = static_cast<int>(i) / grid.columns;
    ImGui::SetCursorPos({std::round(origin.x + static_cast<float>(column) * (grid.width + gap)),
                         std::round(origin.y + static_cast<float>(row) * (grid.height + gap))});
    draw_chart(state, ui, i, {grid.width, grid.height});
  }
  ImGui::PopStyleVar();
}

}  // namespace qlab::gui
