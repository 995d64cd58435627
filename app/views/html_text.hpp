// Texts as HTML that is well-formed XML too: escaped words, and a lesson's document. SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "app/views/markdown.hpp"

namespace qlab::views {

/// The text with the characters of markup written as entities; broken UTF-8 becomes U+FFFD, control characters other
/// than line ends become blanks.
std::string html_escaped(std::string_view text);

/// The blocks of a document. Headings start at <h2>; links to other lessons are plain words, since a page that stands
/// alone cannot know where they are, and only http and https links are links.
std::string html_of(const markdown::Document& document);

}  // namespace qlab::views
