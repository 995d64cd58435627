// The Report's values and tables: figures flush right with the same digits down a column, units in the heading.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/gui/strings.hpp"
#include "app/gui/views/views.hpp"
#include "app/gui/widgets/rich_text.hpp"
#include "app/views/number.hpp"
#include "app/views/table_column.hpp"

namespace qlab::gui {
namespace {

/// A column with its label, in the width that it takes.
struct DrawnColumn {
  std::string label;
  views::ShownColumn shown;
  float width = 0;
};

DrawnColumn drawn_column(const Table& table, std::size_t index, Language language) {
  const Column& column = table.columns[index];
  DrawnColumn drawn{column.label.in(language), views::shown_column(table, index, language, table.rows.size()), 0};
  if (!column.unit.empty()) drawn.label += fmt::format(" ({})", column.unit);
  return drawn;
}

/// Width of the label's widest word: the least that it can be wrapped to.
float widest_word(const Ui& ui, std::string_view label) {
  float widest = 0;
  while (!label.empty()) {
    const std::size_t end = std::min(label.find(' '), label.size());
    widest = std::max(widest, text_width(ui, Face::strong, label.substr(0, end)));
    label.remove_prefix(std::min(end + 1, label.size()));
  }
  return widest;
}

/// As wide as the cells; the label may take a second line to stay within it.
float fitting_width(const Ui& ui, const DrawnColumn& column) {
  const float label = text_width(ui, Face::strong, column.label);
  const float wrapped_label = std::max(widest_word(ui, column.label), ui.px(100));
  float width = std::min(label, wrapped_label);
  for (const std::string& cell : column.shown.cells) width = std::max(width, text_width(ui, Face::body, cell));
  return std::ceil(width) + 1;
}

/// Draws the labels and returns the height that they take.
float draw_labels(const Ui& ui, const std::vector<DrawnColumn>& columns, ImVec2 origin, float padding) {
  float height = 0;
  float x = origin.x + padding;
  for (const DrawnColumn& column : columns) {
    ImGui::SetCursorScreenPos({x, origin.y + ui.px(4)});
    draw_wrapped(
        ui, column.label, column.width,
        {Face::strong, ui.palette->text, 1, column.shown.right ? markdown::Align::end : markdown::Align::start});
    height = std::max(height, ImGui::GetCursorScreenPos().y - origin.y + ui.px(4));
    x += column.width + 2 * padding;
  }
  return height;
}

void draw_table(const Ui& ui, const Table& table, Language language) {
  if (!table.title.empty()) {
    draw_wrapped(ui, table.title.in(language), ImGui::GetContentRegionAvail().x, {Face::strong, ui.palette->text});
    ImGui::Dummy({0, ui.px(3)});
  }
  float total = 0;
  std::vector<DrawnColumn> columns;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    columns.push_back(drawn_column(table, i, language));
    columns.back().width = fitting_width(ui, columns.back());
    total += columns.back().width;
  }
  const float spare = ImGui::GetContentRegionAvail().x - total;
  const float padding = std::clamp(spare / (2 * static_cast<float>(columns.size())), ui.px(6), ui.px(12));
  total += 2 * padding * static_cast<float>(columns.size());

  const ImVec2 origin = ImGui::GetCursorScreenPos();
  ImDrawList& list = *ImGui::GetWindowDrawList();
  list.ChannelsSplit(2);
  list.ChannelsSetCurrent(1);
  const float head = draw_labels(ui, columns, origin, padding);
  list.ChannelsSetCurrent(0);
  list.AddRectFilled(origin, {origin.x + total, origin.y + head}, ink(ui.palette->raised), ui.px(6),
                     ImDrawFlags_RoundCornersTop);
  list.ChannelsMerge();
  const float row_height = std::round(line_height(ui.fonts[Face::body]) + ui.px(8));
  float y = origin.y + head;
  for (std::size_t row = 0; row < table.rows.size(); ++row, y += row_height) {
    if (!ImGui::IsRectVisible({origin.x, y}, {origin.x + total, y + row_height})) continue;
    float x = origin.x + padding;
    for (const DrawnColumn& column : columns) {
      const std::string& cell = column.shown.cells[row];
      const float indent = column.shown.right ? column.width - text_width(ui, Face::body, cell) : 0;
      write_at(ui, {std::round(x + indent), y + ui.px(4)}, Face::body, ui.palette->text, cell);
      x += column.width + 2 * padding;
    }
    list.AddLine({origin.x, y + row_height}, {origin.x + total, y + row_height}, ink(ui.palette->line), ui.px(1));
  }
  ImGui::SetCursorScreenPos(origin);
  ImGui::Dummy({total, y - origin.y});
}

/// The values as one more table: name, figure, unit.
void draw_all_values(const Ui& ui, const AppState& state) {
  const auto& values = state.page().run->report.values;
  if (values.empty()) return;
  draw_wrapped(ui, say(Phrase::values, state.language), ImGui::GetContentRegionAvail().x,
               {Face::strong, ui.palette->text});
  ImGui::Dummy({0, ui.px(3)});
  float label_width = 0;
  float number_width = 0;
  for (const Value& value : values) {
    label_width = std::max(label_width, text_width(ui, Face::body, value.label.in(state.language)));
    number_width = std::max(number_width, text_width(ui, Face::body, show_number(value.number, 6)));
  }
  const float row_height = std::round(line_height(ui.fonts[Face::body]) + ui.px(6));
  const float total = ui.px(12) + label_width + ui.px(32) + number_width + ui.px(150);
  for (const Value& value : values) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::Dummy({total, row_height});
    const float y = at.y + ui.px(3);
    write_at(ui, {at.x + ui.px(12), y}, Face::body, ui.palette->text, value.label.in(state.language));
    const std::string number = show_number(value.number, 6);
    const float right = at.x + ui.px(44) + label_width + number_width;
    write_at(ui, {std::round(right - text_width(ui, Face::body, number)), y}, Face::body, ui.palette->text, number);
    write_at(ui, {right + ui.px(6), y}, Face::body, ui.palette->muted, value.unit);
    ImGui::GetWindowDrawList()->AddLine({at.x, at.y + row_height}, {at.x + total, at.y + row_height},
                                        ink(ui.palette->line), ui.px(1));
  }
}

}  // namespace

void draw_tables(const AppState& state, const Ui& ui) {
  if (!state.page().run) return;
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 0});
  for (const Table& table : state.page().run->report.tables) {
    draw_table(ui, table, state.language);
    ImGui::Dummy({0, ui.px(18)});
  }
  draw_all_values(ui, state);
  ImGui::Dummy({0, ui.px(12)});
  ImGui::PopStyleVar();
}

}  // namespace qlab::gui
