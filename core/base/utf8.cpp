#include "core/base/utf8.hpp"

namespace qlab {

std::optional<char32_t> take_character(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
  const unsigned lead = byte(0);
  std::size_t length = 1;
  char32_t code = lead;
  char32_t least = 0;  // below it the form is overlong
  if (lead >= 0xf0 && lead < 0xf8) {
    length = 4, code = lead & 0x07u, least = 0x10000;
  } else if (lead >= 0xe0 && lead < 0xf0) {
    length = 3, code = lead & 0x0fu, least = 0x800;
  } else if (lead >= 0xc0 && lead < 0xe0) {
    length = 2, code = lead & 0x1fu, least = 0x80;
  } else if (lead >= 0x80) {
    return std::nullopt;
  }
  if (rest.size() < length) return std::nullopt;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0u) != 0x80u) return std::nullopt;
    code = code << 6u | (byte(i) & 0x3fu);
  }
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  if (code < least || surrogate || code > 0x10ffff) return std::nullopt;
  rest.remove_prefix(length);
  return code;
}

std::optional<std::size_t> find_broken_utf8(std::string_view text) {
  for (std::string_view rest = text; !rest.empty();) {
    if (!take_character(rest)) return text.size() - rest.size();
  }
  return std::nullopt;
}

}  // namespace qlab
