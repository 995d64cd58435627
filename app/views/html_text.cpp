#include "app/views/html_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/utf8.hpp"
#include "core/base/xml.hpp"

namespace qlab::views {
namespace {

using markdown::Align;
using markdown::Block;
using markdown::BlockKind;
using markdown::Span;
using markdown::Spans;

/// What XML 1.0 allows in a document, without the control characters it only discourages.
bool is_allowed(char32_t character) {
  if (character < 0x20) return character == U'\n';
  return !(character >= 0x7f && character < 0xa0) && character != 0xfffe && character != 0xffff;
}

bool leads_outside(const std::string& link) { return link.starts_with("https://") || link.starts_with("http://"); }

std::string html_of(const Spans& spans) {
  std::string out;
  for (const Span& span : spans) {
    if (span.text == "\n") {
      out += "<br/>";
      continue;
    }
    std::string text = html_escaped(span.text);
    if (span.code) text = "<code>" + text + "</code>";
    if (span.emphasis) text = "<em>" + text + "</em>";
    if (span.strong) text = "<strong>" + text + "</strong>";
    if (leads_outside(span.link)) text = fmt::format("<a href=\"{}\">{}</a>", html_escaped(span.link), text);
    out += text;
  }
  return out;
}

std::string html_of(const std::vector<Block>& blocks);

const char* class_of(Align align) {
  switch (align) {
    case Align::end: return " class=\"number\"";
    case Align::middle: return " class=\"middle\"";
    case Align::start: break;
  }
  return "";
}

std::string html_of_table(const Block& table) {
  std::string out = "<div class=\"wide\"><table>\n";
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const char* cell = i == 0 ? "th" : "td";
    out += "<tr>";
    for (std::size_t column = 0; column < table.rows[i].size(); ++column) {
      const Align align = column < table.columns.size() ? table.columns[column] : Align::start;
      out += fmt::format("<{0}{1}>{2}</{0}>", cell, class_of(align), html_of(table.rows[i][column]));
    }
    out += "</tr>\n";
  }
  return out + "</table></div>\n";
}

std::string html_of(const Block& block) {
  switch (block.kind) {
    case BlockKind::heading: {
      const int level = std::min(block.level + 1, 6);
      return fmt::format("<h{0}>{1}</h{0}>\n", level, html_of(block.spans));
    }
    case BlockKind::paragraph: return "<p>" + html_of(block.spans) + "</p>\n";
    case BlockKind::list: {
      if (!block.ordered) return "<ul>\n" + html_of(block.children) + "</ul>\n";
      const std::string start = block.first_number == 1 ? "" : fmt::format(" start=\"{}\"", block.first_number);
      return "<ol" + start + ">\n" + html_of(block.children) + "</ol>\n";
    }
    case BlockKind::item: return "<li>" + html_of(block.children) + "</li>\n";
    case BlockKind::quote: return "<blockquote>\n" + html_of(block.children) + "</blockquote>\n";
    case BlockKind::code: return "<pre><code>" + html_escaped(block.text) + "</code></pre>\n";
    case BlockKind::table: return html_of_table(block);
    case BlockKind::rule: break;
  }
  return "<hr/>\n";
}

std::string html_of(const std::vector<Block>& blocks) {
  std::string out;
  for (const Block& block : blocks) out += html_of(block);
  return out;
}

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view before = text;
    const auto character = take_character(text);
    if (!character) {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
      continue;
    }
    out += is_allowed(*character) ? before.substr(0, before.size() - text.size()) : " ";
  }
  return xml_escaped(out);
}

std::string html_of(const markdown::Document& document) { return html_of(document.blocks); }

}  // namespace qlab::views
