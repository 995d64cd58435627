// UTF-8: reading it one character at a time, and finding where a text is not UTF-8.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace qlab {

/// Takes the first character off `rest`. nullopt, with `rest` unchanged, if it does not begin with well-formed UTF-8
/// (overlong forms, surrogates and anything past U+10FFFF are not) or is empty.
std::optional<char32_t> take_character(std::string_view& rest);

/// Offset of the first byte that is not well-formed UTF-8; nullopt if all of it is.
std::optional<std::size_t> find_broken_utf8(std::string_view text);

}  // namespace qlab
