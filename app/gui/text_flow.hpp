// Breaks inline text into lines: between words, and between Chinese characters, which have no blanks; never before a
// closing mark or after an opening one. Knows no font: the caller measures.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/views/markdown.hpp"

namespace qlab::gui {

/// Width of a part of `span`'s text in the span's look.
using Measure = std::function<float(const markdown::Span& span, std::string_view part)>;

/// A part of one span on one line.
struct FlowRun {
  std::size_t span = 0;   ///< index into the spans
  std::size_t first = 0;  ///< bytes of its text
  std::size_t last = 0;
  int line = 0;
  float x = 0;
  float width = 0;
};

struct Flow {
  std::vector<FlowRun> runs;  ///< in reading order
  std::vector<float> widths;  ///< of each line; empty for an empty text
};

/// Lines of at most `width`. A word that is wider than a line is broken where it must.
Flow flow_text(const markdown::Spans& spans, float width, const Measure& measure);

/// Whether a line may end between two characters that stand side by side.
bool may_break_between(char32_t before, char32_t after);

}  // namespace qlab::gui
