#include "app/gui/text_flow.hpp"

#include <algorithm>

#include "core/base/utf8.hpp"

namespace qlab::gui {
namespace {

constexpr std::u32string_view never_first =
    U"!%),.:;?]}¢°·’”†‡›℃∶、。〃〆〕〗〞﹚﹜！＂％＇），．：；？！］｝～」』】》〉…—";
constexpr std::u32string_view never_last = U"([{£¥‘“‹《〈「『【〔〖（［｛＄￥";

bool is_wide(char32_t c) {
  return (c >= 0x2E80 && c < 0xD7A4) || (c >= 0xF900 && c < 0xFB00) || (c >= 0xFE30 && c < 0xFFE7);
}
bool is_blank(char32_t c) { return c == U' ' || c == U'\t'; }
bool contains(std::u32string_view set, char32_t c) { return set.find(c) != std::u32string_view::npos; }

struct Character {
  char32_t code = 0;
  std::size_t span = 0;
  std::size_t first = 0;
  std::size_t last = 0;
};

std::vector<Character> characters_of(const markdown::Spans& spans) {
  std::vector<Character> characters;
  for (std::size_t span = 0; span < spans.size(); ++span) {
    std::string_view rest = spans[span].text;
    while (!rest.empty()) {
      const std::size_t first = spans[span].text.size() - rest.size();
      const auto code = take_character(rest);
      if (!code) rest.remove_prefix(1);
      characters.push_back({code.value_or(0xFFFD), span, first, spans[span].text.size() - rest.size()});
    }
  }
  return characters;
}

/// Puts characters on lines, a piece at a time.
class Writer {
 public:
  Writer(const markdown::Spans& spans, float width, const Measure& measure)
      : spans_(spans), width_(width), measure_(measure) {}

  /// Characters [first, last) that belong together, with the blanks behind them up to `end`.
  void put_word(const Character* first, const Character* last, const Character* end) {
    const float word = width_of(first, last);
    if (x_ > 0 && x_ + word > width_) break_line();
    if (word > width_) {
      for (const Character* c = first; c != last; ++c) {
        if (x_ > 0 && x_ + width_of(c, c + 1) > width_) break_line();
        put(c, c + 1);
      }
    } else {
      put(first, last);
    }
    ink_ = x_;
    if (last != end) put(last, end);
  }

  void break_line() {
    widths().back() = ink_;
    widths().push_back(0);
    x_ = ink_ = 0;
  }

  Flow take() {
    if (!flow_.widths.empty()) flow_.widths.back() = ink_;
    return std::move(flow_);
  }

 private:
  std::vector<float>& widths() {
    if (flow_.widths.empty()) flow_.widths.push_back(0);
    return flow_.widths;
  }

  /// Calls visit(part of one span) for the spans that [first, last) touches.
  template <class Visit>
  static void for_each_part(const Character* first, const Character* last, const Visit& visit) {
    while (first != last) {
      const Character* end = std::find_if(first, last, [&](const Character& c) { return c.span != first->span; });
      visit(first->span, first->first, (end - 1)->last);
      first = end;
    }
  }

  float measured(std::size_t span, std::size_t first, std::size_t last) const {
    return measure_(spans_[span], std::string_view(spans_[span].text).substr(first, last - first));
  }

  float width_of(const Character* first, const Character* last) const {
    float width = 0;
    for_each_part(first, last,
                  [&](std::size_t span, std::size_t begin, std::size_t end) { width += measured(span, begin, end); });
    return width;
  }

  void put(const Character* first, const Character* last) {
    const int line = static_cast<int>(widths().size()) - 1;
    for_each_part(first, last, [&](std::size_t span, std::size_t begin, std::size_t end) {
      const float width = measured(span, begin, end);
      FlowRun* previous = flow_.runs.empty() ? nullptr : &flow_.runs.back();
      if (previous != nullptr && previous->line == line && previous->span == span && previous->last == begin) {
        previous->last = end;
        previous->width += width;
      } else {
        flow_.runs.push_back({span, begin, end, line, x_, width});
      }
      x_ += width;
    });
  }

  const markdown::Spans& spans_;
  float width_;
  const Measure& measure_;
  Flow flow_;
  float x_ = 0;
  float ink_ = 0;  ///< end of the line's last word
};

}  // namespace

bool may_break_between(char32_t before, char32_t after) {
  if (is_blank(after)) return false;  // blanks stay at the line's end
  if (is_blank(before)) return true;
  if (contains(never_first, after) || contains(never_last, before)) return false;
  return is_wide(before) || is_wide(after) || before == U'/' || before == U'—';
}

Flow flow_text(const markdown::Spans& spans, float width, const Measure& measure) {
  const std::vector<Character> characters = characters_of(spans);
  Writer writer(spans, width, measure);
  const Character* const end = characters.data() + characters.size();
  for (const Character* first = characters.data(); first != end;) {
    if (first->code == U'\n') {
      writer.break_line();
      ++first;
      continue;
    }
    const Character* next = first + 1;
    while (next != end && next->code != U'\n' && !may_break_between((next - 1)->code, next->code)) ++next;
    const Character* word_end = next;
    while (word_end != first && is_blank((word_end - 1)->code)) --word_end;
    writer.put_word(first, word_end, next);
    first = next;
  }
  return writer.take();
}

}  // namespace qlab::gui
