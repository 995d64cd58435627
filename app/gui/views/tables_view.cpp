// The Report's values and tables: figures flush right with the same digits down a column, units in the heading.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/gui/strings.hpp"
#include "app/gui/views/views.hpp"
#include "app/gui/widgets/rich_text.hpp"
#include "app/views/number.hpp"

namespace qlab::gui {
namespace {

/// Cells as shown, column by column.
struct ShownColumn {
  std::string label;
  bool right = false;
  std::vector<std::string> cells;
  float width = 0;
};

ShownColumn shown_column(const Table& table, std::size_t index, Language language) {
  const Column& column = table.columns[index];
  ShownColumn shown;
  shown.label = column.label.in(language);
  if (!column.unit.empty()) shown.label += fmt::format(" ({})", column.unit);
  std::vector<double> numbers;
  for (const auto& row : table.rows) {
    if (const auto* number = std::get_if<double>(&row[index])) numbers.push_back(*number);
  }
  shown.right = !numbers.empty();
  const std::vector<std::string> figures = show_column(numbers);
  auto figure = figures.begin();
  for (const auto& row : table.rows) {
    if (std::holds_alternative<double>(row[index])) {
      shown.cells.push_back(*figure++);
    } else {
      const auto* text = std::get_if<Text>(&row[index]);
      shown.cells.push_back(text != nullptr ? text->in(language) : "–");
    }
  }
  return shown;
}

void draw_cell(const Ui& ui, Face face, const std::string& text, const ShownColumn& column, float x, float y) {
  const float spare = column.right ? column.width - text_width(ui, face, text) : 0;
  write_at(ui, {std::round(x + spare), y}, face, ui.palette->text, text);
}

void draw_table(const Ui& ui, const Table& table, Language language) {
  if (!table.title.empty()) {
    draw_wrapped(ui, table.title.in(language), ImGui::GetContentRegionAvail().x, {Face::strong, ui.palette->text});
    ImGui::Dummy({0, ui.px(3)});
  }
  float total = 0;
  std::vector<ShownColumn> columns;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    columns.push_back(shown_column(table, i, language));
    ShownColumn& column = columns.back();
    column.width = text_width(ui, Face::strong, column.label);
    for (const std::string& cell : column.cells)
      column.width = std::max(column.width, text_width(ui, Face::body, cell));
    total += column.width;
  }
  const float spare = ImGui::GetContentRegionAvail().x - total;
  const float padding = std::clamp(spare / (2 * static_cast<float>(columns.size())), ui.px(6), ui.px(12));
  total += 2 * padding * static_cast<float>(columns.size());
  const float row_height = std::round(line_height(ui.fonts[Face::body]) + ui.px(8));
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  const auto lines = static_cast<float>(table.rows.size() + 1);
  ImGui::Dummy({total, row_height * lines});
  ImDrawList& list = *ImGui::GetWindowDrawList();
  list.AddRectFilled(origin, {origin.x + total, origin.y + row_height}, ink(ui.palette->raised), ui.px(6),
                     ImDrawFlags_RoundCornersTop);
  for (std::size_t row = 0; row <= table.rows.size(); ++row) {
    const float y = origin.y + row_height * static_cast<float>(row);
    if (!ImGui::IsRectVisible({origin.x, y}, {origin.x + total, y + row_height})) continue;
    float x = origin.x;
    for (const ShownColumn& column : columns) {
      draw_cell(ui, row == 0 ? Face::strong : Face::body, row == 0 ? column.label : column.cells[row - 1], column,
                x + padding, y + ui.px(4));
      x += column.width + 2 * padding;
    }
    list.AddLine({origin.x, y + row_height}, {origin.x + total, y + row_height}, ink(ui.palette->line), ui.px(1));
  }
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
