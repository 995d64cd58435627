#include "app/views/markdown.hpp"

#include <md4c.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "core/base/check.hpp"

namespace qlab::markdown {
namespace {

std::string utf8(std::uint32_t code) {
  if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) code = 0xFFFD;
  const auto byte = [](std::uint32_t bits) { return static_cast<char>(static_cast<unsigned char>(bits)); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xC0 | code >> 6), byte(0x80 | (code & 0x3F))};
  if (code < 0x10000) return {byte(0xE0 | code >> 12), byte(0x80 | (code >> 6 & 0x3F)), byte(0x80 | (code & 0x3F))};
  return {byte(0xF0 | code >> 18), byte(0x80 | (code >> 12 & 0x3F)), byte(0x80 | (code >> 6 & 0x3F)),
          byte(0x80 | (code & 0x3F))};
}

/// "&lt;" -> "<". Of the named entities only those that Markdown itself makes necessary; others stay as they are.
std::string decode_entity(std::string_view entity) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> named{{
      {"&amp;", "&"},
      {"&lt;", "<"},
      {"&gt;", ">"},
      {"&quot;", "\""},
      {"&apos;", "'"},
      {"&nbsp;", "\xC2\xA0"},
  }};
  for (const auto& [name, text] : named) {
    if (entity == name) return std::string(text);
  }
  if (!entity.starts_with("&#")) return std::string(entity);
  const bool hexadecimal = entity.size() > 3 && (entity[2] == 'x' || entity[2] == 'X');
  std::uint32_t code = 0;
  const char* first = entity.data() + (hexadecimal ? 3 : 2);
  std::from_chars(first, entity.data() + entity.size(), code, hexadecimal ? 16 : 10);
  return utf8(code);
}

std::string attribute_text(const MD_ATTRIBUTE& attribute) {
  std::string text;
  if (attribute.text == nullptr) return text;
  for (std::size_t i = 0; attribute.substr_offsets[i] < attribute.size; ++i) {
    const std::string_view part(attribute.text + attribute.substr_offsets[i],
                                attribute.substr_offsets[i + 1] - attribute.substr_offsets[i]);
    text += attribute.substr_types[i] == MD_TEXT_ENTITY ? decode_entity(part) : std::string(part);
  }
  return text;
}

/// Receives md4c's events and grows the tree. The path holds the open blocks, outermost first; a block is moved into
/// its parent when it is left.
class Builder {
 public:
  Builder() : path_(1) {}

  Document take() {
    QLAB_CHECK(path_.size() == 1);
    return {std::move(path_.front().children)};
  }

  void enter(MD_BLOCKTYPE type, const void* detail) {
    if (type != MD_BLOCK_DOC) close_loose_paragraph();
    switch (type) {
      case MD_BLOCK_QUOTE: open(BlockKind::quote); break;
      case MD_BLOCK_UL: open(BlockKind::list); break;
      case MD_BLOCK_OL:
        open(BlockKind::list).ordered = true;
        top().first_number = static_cast<int>(static_cast<const MD_BLOCK_OL_DETAIL*>(detail)->start);
        break;
      case MD_BLOCK_LI: open(BlockKind::item); break;
      case MD_BLOCK_HR: open(BlockKind::rule); break;
      case MD_BLOCK_H:
        open(BlockKind::heading).level = static_cast<int>(static_cast<const MD_BLOCK_H_DETAIL*>(detail)->level);
        break;
      case MD_BLOCK_CODE:
        open(BlockKind::code).language = attribute_text(static_cast<const MD_BLOCK_CODE_DETAIL*>(detail)->lang);
        break;
      case MD_BLOCK_P: open(BlockKind::paragraph); break;
      case MD_BLOCK_TABLE: open(BlockKind::table); break;
      case MD_BLOCK_TR: top().rows.emplace_back(); break;
      case MD_BLOCK_TH:
      case MD_BLOCK_TD: enter_cell(*static_cast<const MD_BLOCK_TD_DETAIL*>(detail)); break;
      default: break;  // the document itself, a table's head and body; raw HTML is switched off
    }
  }

  void leave(MD_BLOCKTYPE type) {
    switch (type) {
      case MD_BLOCK_QUOTE:
      case MD_BLOCK_UL:
      case MD_BLOCK_OL:
      case MD_BLOCK_LI:
        close_loose_paragraph();
        close();
        break;
      case MD_BLOCK_HR:
      case MD_BLOCK_H:
      case MD_BLOCK_CODE:
      case MD_BLOCK_P:
      case MD_BLOCK_TABLE: close(); break;
      default: break;
    }
  }

  void span(MD_SPANTYPE type, const void* detail, bool entered) {
    switch (type) {
      case MD_SPAN_EM: emphasis_ += entered ? 1 : -1; break;
      case MD_SPAN_STRONG: strong_ += entered ? 1 : -1; break;
      case MD_SPAN_CODE: code_ = entered; break;
      case MD_SPAN_A: link_ = entered ? attribute_text(static_cast<const MD_SPAN_A_DETAIL*>(detail)->href) : ""; break;
      default: break;  // an image shows its description
    }
  }

  void text(MD_TEXTTYPE type, std::string_view text) {
    if (top().kind == BlockKind::code) {
      top().text += text;
      return;
    }
    switch (type) {
      case MD_TEXT_BR: put("\n", true); break;
      case MD_TEXT_SOFTBR: put_soft_break(); break;
      case MD_TEXT_ENTITY: put(decode_entity(text), false); break;
      case MD_TEXT_NULLCHAR: put(utf8(0xFFFD), false); break;
      default: put(std::string(text), false); break;
    }
  }

 private:
  Block& top() { return path_.back(); }

  Block& open(BlockKind kind) {
    path_.emplace_back().kind = kind;
    return top();
  }

  void close() {
    Block block = std::move(path_.back());
    path_.pop_back();
    top().children.push_back(std::move(block));
  }

  // The text of a tight list's item comes without a paragraph around it; it gets one.
  void close_loose_paragraph() {
    if (!loose_paragraph_) return;
    loose_paragraph_ = false;
    close();
  }

  void enter_cell(const MD_BLOCK_TD_DETAIL& detail) {
    Block& table = top();
    if (table.rows.size() == 1) {
      table.columns.push_back(detail.align == MD_ALIGN_RIGHT    ? Align::end
                              : detail.align == MD_ALIGN_CENTER ? Align::middle
                                                                : Align::start);
    }
    table.rows.back().emplace_back();
  }

  Spans& current_spans() {
    if (top().kind == BlockKind::table) return top().rows.back().back();
    if (top().kind == BlockKind::item || top().kind == BlockKind::quote) {
      open(BlockKind::paragraph);
      loose_paragraph_ = true;
    }
    return top().spans;
  }

  // A line end in the source is a blank between words, and nothing between Chinese characters, which have no blanks.
  void put_soft_break() {
    const Spans& spans = current_spans();
    const std::string_view before = spans.empty() ? std::string_view() : spans.back().text;
    lead_before_break_ = before.size() < 3 ? 0 : static_cast<unsigned char>(before[before.size() - 3]);
    if (!before.empty() && static_cast<unsigned char>(before.back()) < 0x80) lead_before_break_ = 0;
    soft_break_ = true;
  }

  // UTF-8 lead bytes tell enough: 0xE2 begins dashes, dots and quotation marks, 0xE3 and up Chinese.
  static bool joins_without_blank(unsigned char before, unsigned char after) {
    return std::min(before, after) >= 0xE2 && std::max(before, after) >= 0xE3;
  }

  void put(std::string text, bool line_break) {
    if (soft_break_) {
      soft_break_ = false;
      const unsigned char lead = text.empty() ? 0 : static_cast<unsigned char>(text[0]);
      if (!joins_without_blank(lead_before_break_, lead)) text.insert(0, " ");
    }
    Spans& spans = current_spans();
    Span next{std::move(text), strong_ > 0, emphasis_ > 0, code_, link_};
    if (!spans.empty() && !line_break && spans.back().text != "\n") {
      Span& last = spans.back();
      if (last.strong == next.strong && last.emphasis == next.emphasis && last.code == next.code &&
          last.link == next.link) {
        last.text += next.text;
        return;
      }
    }
    spans.push_back(std::move(next));
  }

  std::vector<Block> path_;
  bool loose_paragraph_ = false;
  int strong_ = 0;
  int emphasis_ = 0;
  bool code_ = false;
  std::string link_;
  bool soft_break_ = false;
  unsigned char lead_before_break_ = 0;
};

Builder& builder(void* user) { return *static_cast<Builder*>(user); }

void for_each_text(std::vector<Block>& blocks, const std::function<void(std::string&)>& visit) {
  for (Block& block : blocks) {
    for (Span& span : block.spans) visit(span.text);
    for (auto& row : block.rows) {
      for (Spans& cell : row) {
        for (Span& span : cell) visit(span.text);
      }
    }
    visit(block.text);
    for_each_text(block.children, visit);
  }
}

/// Calls replace(name) for every {{name}} of `text` and returns the text with what it answered.
std::string replace_live(std::string_view text, const std::function<std::string(std::string_view)>& replace) {
  std::string out;
  while (true) {
    const auto open = text.find("{{");
    const auto close = open == std::string_view::npos ? open : text.find("}}", open);
    if (close == std::string_view::npos) return out.append(text);
    std::string_view name = text.substr(open + 2, close - open - 2);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    out.append(text.substr(0, open)).append(replace(name));
    text.remove_prefix(close + 2);
  }
}

}  // namespace

Document parse(std::string_view source) {
  MD_PARSER parser{};
  parser.flags = MD_FLAG_TABLES | MD_FLAG_NOHTML | MD_FLAG_NOINDENTEDCODEBLOCKS;
  parser.enter_block = [](MD_BLOCKTYPE type, void* detail, void* user) { return builder(user).enter(type, detail), 0; };
  parser.leave_block = [](MD_BLOCKTYPE type, void*, void* user) { return builder(user).leave(type), 0; };
  parser.enter_span = [](MD_SPANTYPE type, void* detail, void* user) {
    return builder(user).span(type, detail, true), 0;
  };
  parser.leave_span = [](MD_SPANTYPE type, void*, void* user) { return builder(user).span(type, nullptr, false), 0; };
  parser.text = [](MD_TEXTTYPE type, const MD_CHAR* text, MD_SIZE size, void* user) {
    return builder(user).text(type, {text, size}), 0;
  };
  Builder growing;
  const int code = md_parse(source.data(), static_cast<MD_SIZE>(source.size()), &parser, &growing);
  QLAB_CHECK(code == 0);  // our callbacks never stop it
  return growing.take();
}

std::string plain_text(const Spans& spans) {
  std::string text;
  for (const Span& span : spans) text += span.text == "\n" ? " " : span.text;
  return text;
}

Document fill_in(Document document, const LiveValues& values) {
  for_each_text(document.blocks, [&](std::string& text) { text = replace_live(text, values); });
  return document;
}

std::vector<std::string> live_names(const Document& document) {
  std::vector<std::string> names;
  Document copy = document;
  for_each_text(copy.blocks, [&](std::string& text) {
    replace_live(text, [&](std::string_view name) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
      return std::string();
    });
  });
  return names;
}

}  // namespace qlab::markdown
