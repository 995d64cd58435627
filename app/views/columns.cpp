#include "app/views/columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/utf8.hpp"

namespace qlab::views {
namespace {

constexpr int narrowest_wrapped = 12;  // cells of a last column that wraps

struct CodeRange {
  char32_t first;
  char32_t last;
};
// Blocks that terminals draw over the preceding character, and blocks they draw two cells wide (Unicode's East Asian
// Width W and F, by block).
constexpr std::array<CodeRange, 6> without_width{
    {{0x0300, 0x036f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}}};
constexpr std::array<CodeRange, 11> of_two_cells{{{0x1100, 0x115f},
                                                  {0x2e80, 0x303e},
                                                  {0x3041, 0xa4cf},
                                                  {0xa960, 0xa97f},
                                                  {0xac00, 0xd7a3},
                                                  {0xf900, 0xfaff},
                                                  {0xfe30, 0xfe6f},
                                                  {0xff01, 0xff60},
                                                  {0xffe0, 0xffe6},
                                                  {0x1f300, 0x1faff},
                                                  {0x20000, 0x3fffd}}};

template <std::size_t N>
bool in(const std::array<CodeRange, N>& ranges, char32_t code) {
  return std::any_of(ranges.begin(), ranges.end(), [&](auto& r) { return code >= r.first && code <= r.last; });
}

int width_of(char32_t code) {
  if (in(without_width, code)) return 0;
  return in(of_two_cells, code) ? 2 : 1;
}

struct Character {
  std::string_view bytes;
  char32_t code = 0;
};

/// The next character of `rest`, or one byte (code 0) where it is not UTF-8.
Character next(std::string_view& rest) {
  const std::string_view before = rest;
  if (const auto code = take_character(rest)) return {before.substr(0, before.size() - rest.size()), *code};
  rest.remove_prefix(1);
  return {before.substr(0, 1), 0};
}

}  // namespace

int display_width(std::string_view text) {
  int width = 0;
  while (!text.empty()) width += width_of(next(text).code);
  return width;
}

std::string visible(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Character character = next(text);
    if (character.code < 0x20 || (character.code >= 0x7f && character.code < 0xa0)) {
      for (const char byte : character.bytes) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    } else {
      out += character.bytes;
    }
  }
  return out;
}

std::vector<std::string> wrapped(std::string_view text, int width) {
  std::vector<std::string> lines;
  std::string line;
  std::string word;  // what must not be broken
  int line_width = 0;
  int word_width = 0;
  const auto place_word = [&] {
    if (line_width + word_width > width && line_width > 0) {
      line.erase(line.find_last_not_of(' ') + 1);
      lines.push_back(std::exchange(line, {}));
      line_width = 0;
    }
    line += std::exchange(word, {});
    line_width += std::exchange(word_width, 0);
  };
  while (!text.empty()) {
    const Character character = next(text);
    const int cells = width_of(character.code);
    if (character.code == ' ') {
      place_word();
      if (line_width > 0) line += ' ', ++line_width;
    } else {
      if (cells == 2 || word_width >= width) place_word();
      word += character.bytes;
      word_width += cells;
      if (cells == 2) place_word();
    }
  }
  place_word();
  line.erase(line.find_last_not_of(' ') + 1);
  if (!line.empty() || lines.empty()) lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string> aligned(const Columns& columns, int width) {
  std::vector<int> widths;
  for (const auto& row : columns.rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  }
  const auto is_right = [&](std::size_t i) { return i < columns.right.size() && columns.right[i]; };
  int before_last = 0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) before_last += widths[i] + 2;
  const int room = std::max(width - before_last, narrowest_wrapped);
  const std::string margin(static_cast<std::size_t>(before_last), ' ');

  std::vector<std::string> lines;
  for (const auto& row : columns.rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += "  ";
      const bool wraps = i + 1 == widths.size() && !is_right(i);
      const std::vector<std::string> parts = wraps ? wrapped(row[i], room) : std::vector{row[i]};
      for (const std::string& part : parts) {
        if (&part != parts.data()) lines.push_back(std::exchange(line, margin));
        const std::string padding(static_cast<std::size_t>(std::max(0, widths[i] - display_width(part))), ' ');
        line += is_right(i) ? padding + part : part + padding;
      }
    }
    lines.push_back(std::move(line));
  }
  for (std::string& line : lines) line.erase(line.find_last_not_of(' ') + 1);
  return lines;
}

}  // namespace qlab::views
