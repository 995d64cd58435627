#include "app/chart/text.hpp"

#include <pango/pangocairo.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <unordered_map>

namespace qlab::chart {
namespace {

/// Glyphs of one font within a text, placed from the text's origin at size 1.
struct Run {
  cairo_font_face_t* face = nullptr;
  double font_scale = 1;  ///< what the font asks for beside the size
  std::vector<cairo_glyph_t> glyphs;
};

struct Shaped {
  double width = 0;  ///< at size 1
  int unknown = 0;
  std::vector<Run> runs;
};

/// Shapes texts once and keeps them. Metrics are unhinted and therefore proportional to the size: one shaping serves
/// every size and every scale. One shaper a thread, because Pango contexts are not shared between threads.
class Shaper {
 public:
  Shaper() : map_(pango_cairo_font_map_new()), context_(pango_font_map_create_context(map_)) {
    cairo_font_options_t* options = cairo_font_options_create();
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    pango_cairo_context_set_font_options(context_, options);
    cairo_font_options_destroy(options);
    pango_context_set_round_glyph_positions(context_, FALSE);
    pango_context_set_language(context_, pango_language_from_string("zh-cn"));
    for (const bool bold : {false, true}) {
      PangoFontDescription* description = pango_font_description_from_string(font_families);
      pango_font_description_set_weight(description, bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
      pango_font_description_set_absolute_size(description, reference_size * PANGO_SCALE);
      descriptions_[bold ? 1 : 0] = description;
    }
  }
  ~Shaper() {
    forget();
    for (PangoFontDescription* description : descriptions_) pango_font_description_free(description);
    g_object_unref(context_);
    g_object_unref(map_);
  }
  Shaper(const Shaper&) = delete;
  Shaper& operator=(const Shaper&) = delete;

  const Shaped& shape(const std::string& text, bool bold) {
    auto& cache = cache_[bold ? 1 : 0];
    if (const auto found = cache.find(text); found != cache.end()) return found->second;
    if (cache.size() >= most_kept) forget();
    return cache.emplace(text, shape_now(text, bold)).first->second;
  }

  /// Byte offsets at which a line may end, and those between whole characters, both ending with the text's length.
  struct Breaks {
    std::vector<std::size_t> lines;
    std::vector<std::size_t> characters;
  };
  Breaks breaks(const std::string& text) {
    PangoLayout* layout = pango_layout_new(context_);
    pango_layout_set_text(layout, text.data(), static_cast<int>(text.size()));
    int count = 0;
    const PangoLogAttr* attributes = pango_layout_get_log_attrs_readonly(layout, &count);
    Breaks found;
    const char* at = text.c_str();
    for (int i = 0; i < count; ++i) {
      const auto offset = static_cast<std::size_t>(at - text.c_str());
      const bool after_underscore = offset > 0 && text[offset - 1] == '_';
      if (i > 0 && (attributes[i].is_line_break || after_underscore || i + 1 == count)) found.lines.push_back(offset);
      if (i > 0 && (attributes[i].is_cursor_position || i + 1 == count)) found.characters.push_back(offset);
      if (i + 1 < count) at = g_utf8_next_char(at);
    }
    g_object_unref(layout);
    return found;
  }

 private:
  static constexpr double reference_size = 64;
  static constexpr std::size_t most_kept = 4096;

  Shaped shape_now(const std::string& text, bool bold) const {
    PangoLayout* layout = pango_layout_new(context_);
    pango_layout_set_single_paragraph_mode(layout, TRUE);
    pango_layout_set_font_description(layout, descriptions_[bold ? 1 : 0]);
    pango_layout_set_text(layout, text.data(), static_cast<int>(text.size()));
    Shaped shaped;
    shaped.unknown = pango_layout_get_unknown_glyphs_count(layout);
    const PangoLayoutLine* line = pango_layout_get_line_readonly(layout, 0);
    double x = 0;
    for (const GSList* item = line->runs; item != nullptr; item = item->next) {
      const auto* run = static_cast<const PangoGlyphItem*>(item->data);
      shaped.runs.push_back(place(*run, x));
    }
    shaped.width = x;
    g_object_unref(layout);
    return shaped;
  }

  static Run place(const PangoGlyphItem& item, double& x) {
    constexpr double unit = PANGO_SCALE * reference_size;
    cairo_scaled_font_t* font = pango_cairo_font_get_scaled_font(PANGO_CAIRO_FONT(item.item->analysis.font));
    Run run;
    run.face = cairo_font_face_reference(cairo_scaled_font_get_font_face(font));
    cairo_matrix_t matrix;
    cairo_scaled_font_get_font_matrix(font, &matrix);
    run.font_scale = matrix.xx / reference_size;
    for (int i = 0; i < item.glyphs->num_glyphs; ++i) {
      const PangoGlyphInfo& glyph = item.glyphs->glyphs[i];
      const bool unknown = (glyph.glyph & PANGO_GLYPH_UNKNOWN_FLAG) != 0;
      if (glyph.glyph != PANGO_GLYPH_EMPTY) {
        run.glyphs.push_back({unknown ? 0 : glyph.glyph, x + glyph.geometry.x_offset / unit,
                              (glyph.geometry.y_offset - item.y_offset) / unit});
      }
      x += glyph.geometry.width / unit;
    }
    return run;
  }

  void forget() {
    for (auto& cache : cache_) {
      for (auto& [text, shaped] : cache) {
        for (const Run& run : shaped.runs) cairo_font_face_destroy(run.face);
      }
      cache.clear();
    }
  }

  PangoFontMap* map_;
  PangoContext* context_;
  PangoFontDescription* descriptions_[2] = {};
  std::unordered_map<std::string, Shaped> cache_[2];
};

Shaper& shaper() {
  thread_local Shaper of_this_thread;
  return of_this_thread;
}

const std::string ellipsis = "…";

std::string without_trailing_spaces(std::string text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace

double text_width(const std::string& text, double size, bool bold) { return shaper().shape(text, bold).width * size; }

int count_unknown_glyphs(const std::string& text) { return shaper().shape(text, false).unknown; }

std::string clean(const std::string& text) {
  if (std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; })) return text;
  char* valid = g_utf8_make_valid(text.data(), static_cast<gssize>(text.size()));
  std::string out;
  for (const char* at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
    const gunichar character = g_utf8_get_char(at);
    if (g_unichar_iscntrl(character) || character == 0x2028 || character == 0x2029) {
      out += ' ';
    } else {
      out.append(at, static_cast<std::size_t>(g_utf8_next_char(at) - at));
    }
  }
  g_free(valid);
  return out;
}

std::vector<std::string> wrap(const std::string& text, double size, bool bold, double width, std::size_t max_lines) {
  const auto fits = [&](const std::string& line) { return text_width(line, size, bold) <= width; };
  if (text.empty() || max_lines == 0) return {};
  if (fits(text)) return {text};
  if (!fits(ellipsis)) return {};
  const Shaper::Breaks breaks = shaper().breaks(text);
  std::vector<std::string> lines;
  std::size_t start = 0;
  while (start < text.size()) {
    const auto piece = [&](std::size_t end) { return without_trailing_spaces(text.substr(start, end - start)); };
    const bool last = lines.size() + 1 == max_lines;
    std::size_t end = start;
    if (!last || fits(piece(text.size()))) {
      for (const std::size_t candidate : breaks.lines) {
        if (candidate > start && fits(piece(candidate))) end = candidate;
      }
    }
    if (end == start) {  // the last line, or a word wider than the line
      std::string cut = ellipsis;
      for (const std::size_t candidate : breaks.characters) {
        if (candidate <= start) continue;
        std::string longer = piece(candidate) + ellipsis;
        if (!fits(longer)) break;
        cut = std::move(longer);
      }
      lines.push_back(std::move(cut));
      return lines;
    }
    lines.push_back(piece(end));
    start = end;
    while (start < text.size() && text[start] == ' ') ++start;
  }
  return lines;
}

std::string shorten(const std::string& text, double size, bool bold, double width) {
  const std::vector<std::string> lines = wrap(text, size, bold, width, 1);
  return lines.empty() ? std::string() : lines.front();
}

Rectangle bounds(const Label& label) {
  const double width = text_width(label.text, label.size, label.bold);
  const double left = label.anchor == Anchor::start ? 0 : label.anchor == Anchor::middle ? -width / 2 : -width;
  const double angle = label.rotation_degrees * std::numbers::pi / 180;
  double x0 = 1e300, y0 = 1e300, x1 = -1e300, y1 = -1e300;
  for (const double x : {left, left + width}) {
    for (const double y : {-ascent * label.size, descent * label.size}) {
      const double turned_x = label.baseline.x + x * std::cos(angle) - y * std::sin(angle);
      const double turned_y = label.baseline.y + x * std::sin(angle) + y * std::cos(angle);
      x0 = std::min(x0, turned_x);
      x1 = std::max(x1, turned_x);
      y0 = std::min(y0, turned_y);
      y1 = std::max(y1, turned_y);
    }
  }
  return {{x0, y0}, x1 - x0, y1 - y0, {}};
}

void draw_label(cairo_t* cairo, const Label& label) {
  const Shaped& shaped = shaper().shape(label.text, label.bold);
  const double width = shaped.width * label.size;
  const double left = label.anchor == Anchor::start ? 0 : label.anchor == Anchor::middle ? -width / 2 : -width;
  cairo_save(cairo);
  cairo_translate(cairo, label.baseline.x, label.baseline.y);
  if (label.rotation_degrees != 0) cairo_rotate(cairo, label.rotation_degrees * std::numbers::pi / 180);
  cairo_set_source_rgba(cairo, label.color.r, label.color.g, label.color.b, label.color.a);
  std::vector<cairo_glyph_t> glyphs;
  for (const Run& run : shaped.runs) {
    glyphs = run.glyphs;
    for (cairo_glyph_t& glyph : glyphs) {
      glyph.x = left + glyph.x * label.size;
      glyph.y *= label.size;
    }
    cairo_set_font_face(cairo, run.face);
    cairo_set_font_size(cairo, label.size * run.font_scale);
    cairo_show_glyphs(cairo, glyphs.data(), static_cast<int>(glyphs.size()));
  }
  cairo_restore(cairo);
}

}  // namespace qlab::chart
