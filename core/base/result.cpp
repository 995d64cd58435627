#include "core/base/result.hpp"

#include <fmt/format.h>

namespace qlab {
namespace {

std::string on_one_line(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string Error::message() const {
  std::string line = what;
  if (!where.empty()) line += " (" + where + ")";
  if (!hint.empty()) line += ": " + hint;
  return on_one_line(line);
}

}  // namespace qlab
