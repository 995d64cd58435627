#include "lessons/engine/shell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace qlab::lessons {
namespace {

bool is_plain(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("_-+=.,:/@%#").find(c) != std::string_view::npos;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

std::string shell_quoted(const std::string& word) {
  if (!word.empty() && word[0] != '#' && std::all_of(word.begin(), word.end(), is_plain)) return word;
  const bool controls = std::any_of(word.begin(), word.end(), is_control);
  std::string out = controls ? "$'" : "'";
  for (const char c : word) {
    if (controls && (c == '\'' || c == '\\')) {
      out += fmt::format("\\{}", c);
    } else if (is_control(c)) {
      out += fmt::format("\\{:03o}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
  }
  return out + "'";
}

}  // namespace qlab::lessons
