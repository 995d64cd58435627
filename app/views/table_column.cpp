#include "app/views/table_column.hpp"

#include <algorithm>

#include "app/views/number.hpp"

namespace qlab::views {

ShownColumn shown_column(const Table& table, std::size_t column, Language language, std::size_t most_rows) {
  const std::size_t count = std::min(table.rows.size(), most_rows);
  const auto cell = [&](std::size_t row) { return column < table.rows[row].size() ? table.rows[row][column] : Cell{}; };
  std::vector<double> numbers;
  for (std::size_t row = 0; row < count; ++row) {
    const Cell one = cell(row);
    if (const auto* number = std::get_if<double>(&one)) numbers.push_back(*number);
  }
  const std::vector<std::string> figures = show_column(numbers, table.columns[column].unit);
  ShownColumn shown;
  auto figure = figures.begin();
  for (std::size_t row = 0; row < count; ++row) {
    const Cell one = cell(row);
    const auto* text = std::get_if<Text>(&one);
    shown.right = shown.right && text == nullptr;
    shown.cells.push_back(text != nullptr ? text->in(language) : std::holds_alternative<double>(one) ? *figure++ : "–");
  }
  return shown;
}

}  // namespace qlab::views
