// A lesson's text as a small document: blocks and inline spans, read from Markdown (CommonMark with tables) by md4c.
// The window, the terminal and the HTML page draw the same document. Raw HTML stays plain text, so a lesson cannot
// inject any. SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace qlab::markdown {

/// A run of text of one look. A hard line break is a span of its own whose text is "\n".
struct Span {
  std::string text;
  bool strong = false;
  bool emphasis = false;
  bool code = false;
  std::string link;  ///< where a click goes: "lesson:blockwise", "https://..."; empty: no link

  bool operator==(const Span&) const = default;
};

using Spans = std::vector<Span>;

enum class BlockKind { heading, paragraph, list, item, quote, code, table, rule };

enum class Align { start, middle, end };

/// One block. Which fields are used depends on the kind; the rest stays empty.
struct Block {
  BlockKind kind = BlockKind::paragraph;
  int level = 0;                         ///< heading: 1 to 6
  bool ordered = false;                  ///< list
  int first_number = 1;                  ///< ordered list
  Spans spans;                           ///< heading, paragraph
  std::vector<Block> children;           ///< list: its items; item and quote: their blocks
  std::vector<Align> columns;            ///< table
  std::vector<std::vector<Spans>> rows;  ///< table: cells row by row, the first row is the heading
  std::string language;                  ///< code: what stands behind the fence
  std::string text;                      ///< code: lines, each ended by '\n'
};

struct Document {
  std::vector<Block> blocks;
};

/// Reads Markdown. Every text is some document, so this cannot fail.
Document parse(std::string_view source);

/// The text of spans without their looks: a heading for a table of contents, a cell for a terminal.
std::string plain_text(const Spans& spans);

/// Answers a live value's name ("values.mse_nf4", "parameters.block_size") with what to show for it.
using LiveValues = std::function<std::string(std::string_view name)>;

/// The document with every {{name}} of its texts replaced by what `values` answers.
Document fill_in(Document document, const LiveValues& values);

/// The names of the live values in the order of their first appearance.
std::vector<std::string> live_names(const Document& document);

}  // namespace qlab::markdown
