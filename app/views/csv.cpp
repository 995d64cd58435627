#include "app/views/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace qlab::views {
namespace {

using Row = std::vector<std::string>;

std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string line(const Row& row) {
  std::string out;
  for (std::size_t i = 0; i < row.size(); ++i) out += (i > 0 ? "," : "") + field(row[i]);
  return out + "\n";
}

/// The shortest decimal that reads back as the same double.
std::string exact_number(double number) { return fmt::format("{}", number); }

std::string to_field(const Cell& cell, Language language) {
  if (const auto* number = std::get_if<double>(&cell)) return exact_number(*number);
  if (const auto* text = std::get_if<Text>(&cell)) return text->in(language);
  return "";
}

/// Series may be of different lengths; what one of them lacks stays empty.
std::string number_at(const std::vector<double>& numbers, std::size_t i) {
  return i < numbers.size() ? exact_number(numbers[i]) : "";
}

std::size_t longest(const std::vector<Series>& series) {
  std::size_t size = 0;
  for (const Series& one : series) size = std::max(size, one.y.size());
  return size;
}

std::string points(const Chart& chart) {
  std::string out = line({"series", "x", "y"});
  for (const Series& series : chart.series) {
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      out += line({series.name, number_at(series.x, i), number_at(series.y, i)});
    }
  }
  return out;
}

std::string bars(const Chart& chart, Language language) {
  Row head{"category"};
  for (const Series& series : chart.series) head.push_back(series.name);
  std::string out = line(head);
  for (std::size_t i = 0; i < longest(chart.series); ++i) {
    Row row{i < chart.x.categories.size() ? chart.x.categories[i].in(language) : std::to_string(i)};
    for (const Series& series : chart.series) row.push_back(number_at(series.y, i));
    out += line(row);
  }
  return out;
}

std::string areas(const Chart& chart) {
  Row head{"x"};
  for (const Series& series : chart.series) head.push_back(series.name);
  std::string out = line(head);
  for (std::size_t i = 0; !chart.series.empty() && i < chart.series.front().x.size(); ++i) {
    Row row{exact_number(chart.series.front().x[i])};
    for (const Series& series : chart.series) row.push_back(number_at(series.y, i));
    out += line(row);
  }
  return out;
}

std::string histogram(const Chart& chart) {
  Row head{"bin_start", "bin_end"};
  for (const Series& series : chart.series) head.push_back(series.name);
  std::string out = line(head);
  for (std::size_t i = 0; i < longest(chart.series); ++i) {
    Row row{number_at(chart.series.front().x, i), number_at(chart.series.front().x, i + 1)};
    for (const Series& series : chart.series) row.push_back(number_at(series.y, i));
    out += line(row);
  }
  return out;
}

std::string heat_map(const Grid& grid) {
  std::string out = line({"x", "y", "z"});
  for (std::size_t row = 0; row < grid.y.size(); ++row) {
    for (std::size_t column = 0; column < grid.x.size(); ++column) {
      out += line(
          {exact_number(grid.x[column]), exact_number(grid.y[row]), number_at(grid.z, row * grid.x.size() + column)});
    }
  }
  return out;
}

std::string timeline(const Chart& chart, Language language) {
  std::string out = line({"series", "lane", "start", "end"});
  for (const Series& series : chart.series) {
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      const auto lane = static_cast<std::size_t>(series.y[i]);
      const auto& lanes = chart.y.categories;
      out += line({series.name, lane < lanes.size() ? lanes[lane].in(language) : exact_number(series.y[i]),
                   number_at(series.x, 2 * i), number_at(series.x, 2 * i + 1)});
    }
  }
  return out;
}

}  // namespace

std::string csv(const Table& table, Language language) {
  Row head;
  for (const Column& column : table.columns) head.push_back(column.name);
  std::string out = line(head);
  for (const auto& cells : table.rows) {
    Row row;
    for (const Cell& cell : cells) row.push_back(to_field(cell, language));
    out += line(row);
  }
  return out;
}

std::string csv(const Chart& chart, Language language) {
  switch (chart.kind) {
    case ChartKind::line:
    case ChartKind::staircase:
    case ChartKind::scatter: return points(chart);
    case ChartKind::grouped_bars:
    case ChartKind::stacked_bars: return bars(chart, language);
    case ChartKind::stacked_area: return areas(chart);
    case ChartKind::histogram: return histogram(chart);
    case ChartKind::heat_map: return heat_map(chart.grid);
    case ChartKind::timeline: return timeline(chart, language);
  }
  return "";
}

std::string csv_of_tables(const Report& report, Language language) {
  std::string out;
  for (const Table& table : report.tables) {
    if (report.tables.size() > 1) out += (out.empty() ? "# " : "\n# ") + table.name + "\n";
    out += csv(table, language);
  }
  return out;
}

}  // namespace qlab::views
