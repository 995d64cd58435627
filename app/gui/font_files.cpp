#include "app/gui/font_files.hpp"

#include <fontconfig/fontconfig.h>
#include <ft2build.h>
#include FT_FREETYPE_H

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <utility>

namespace qlab::gui {
namespace {

using Pattern = std::unique_ptr<FcPattern, decltype(&FcPatternDestroy)>;

Pattern pattern_of(Look look, const char* family) {
  Pattern pattern(FcPatternCreate(), &FcPatternDestroy);
  FcPatternAddString(pattern.get(), FC_FAMILY, reinterpret_cast<const FcChar8*>(family));
  FcPatternAddInteger(pattern.get(), FC_WEIGHT, look == Look::bold ? FC_WEIGHT_BOLD : FC_WEIGHT_REGULAR);
  FcPatternAddInteger(pattern.get(), FC_SLANT, look == Look::italic ? FC_SLANT_ITALIC : FC_SLANT_ROMAN);
  FcPatternAddBool(pattern.get(), FC_SCALABLE, FcTrue);
  FcPatternAddBool(pattern.get(), FC_COLOR, FcFalse);
  return pattern;
}

Pattern best_match(Pattern wanted) {
  FcConfigSubstitute(nullptr, wanted.get(), FcMatchPattern);
  FcDefaultSubstitute(wanted.get());
  FcResult result = FcResultMatch;
  return {FcFontMatch(nullptr, wanted.get(), &result), &FcPatternDestroy};
}

/// The font of exactly this family, not what the system would put in its place.
Pattern find_family(Look look, const char* family) {
  Pattern found = best_match(pattern_of(look, family));
  FcChar8* name = nullptr;
  for (int i = 0; found && FcPatternGetString(found.get(), FC_FAMILY, i, &name) == FcResultMatch; ++i) {
    if (FcStrCmpIgnoreCase(name, reinterpret_cast<const FcChar8*>(family)) == 0) return found;
  }
  return {nullptr, &FcPatternDestroy};
}

/// Whatever font the system has for these characters.
Pattern find_any(Look look, std::span<const char32_t> code_points) {
  Pattern wanted = pattern_of(look, look == Look::mono ? "monospace" : "sans-serif");
  FcCharSet* characters = FcCharSetCreate();
  for (const char32_t code : code_points) FcCharSetAddChar(characters, code);
  FcPatternAddCharSet(wanted.get(), FC_CHARSET, characters);
  FcCharSetDestroy(characters);
  return best_match(std::move(wanted));
}

/// Moves what the font has of `missing` into the file's code points. nullopt if it adds nothing.
std::optional<FontFile> take_from(const Pattern& font, std::vector<char32_t>& missing, FT_Library freetype) {
  FcChar8* path = nullptr;
  FcCharSet* characters = nullptr;
  int index = 0;
  if (!font || FcPatternGetString(font.get(), FC_FILE, 0, &path) != FcResultMatch ||
      FcPatternGetCharSet(font.get(), FC_CHARSET, 0, &characters) != FcResultMatch) {
    return std::nullopt;
  }
  FcPatternGetInteger(font.get(), FC_INDEX, 0, &index);
  FontFile file{reinterpret_cast<const char*>(path), index & 0xFFFF, 1, {}};
  const auto kept = std::stable_partition(missing.begin(), missing.end(),
                                          [&](char32_t code) { return FcCharSetHasChar(characters, code) == FcFalse; });
  file.code_points.assign(kept, missing.end());
  if (file.code_points.empty()) return std::nullopt;

  FT_Face face = nullptr;
  if (FT_New_Face(freetype, file.path.c_str(), file.index, &face) != 0) return std::nullopt;
  file.line_height = static_cast<double>(face->ascender - face->descender) / face->units_per_EM;
  FT_Done_Face(face);
  missing.erase(kept, missing.end());
  return file;
}

std::span<const char* const> families(Look look) {
  static constexpr std::array text{"Noto Sans",      "Noto Sans CJK SC",  "DejaVu Sans",
                                   "Noto Sans Math", "Noto Sans Symbols", "Noto Sans Symbols2"};
  static constexpr std::array mono{"Noto Sans Mono", "DejaVu Sans Mono", "Noto Sans Mono CJK SC", "Noto Sans CJK SC",
                                   "Noto Sans Math"};
  if (look == Look::mono) return mono;
  return text;
}

}  // namespace

Result<std::vector<FontFile>> find_fonts(Look look, const std::vector<char32_t>& code_points) {
  FT_Library freetype = nullptr;
  if (FcInit() == FcFalse || FT_Init_FreeType(&freetype) != 0) {
    return Error{Errc::unsupported, "no fonts can be read", "fontconfig", "install fontconfig and FreeType"};
  }
  std::vector<FontFile> files;
  std::vector<char32_t> missing = code_points;
  const auto add = [&](const Pattern& font) {
    auto file = take_from(font, missing, freetype);
    if (file) files.push_back(*std::move(file));
    return file.has_value();
  };
  for (const char* family : families(look)) {
    if (!missing.empty()) add(find_family(look, family));
  }
  while (!missing.empty() && add(find_any(look, missing))) {
  }
  FT_Done_FreeType(freetype);
  if (files.empty()) {
    return Error{Errc::not_found, "no font is installed", "fontconfig",
                 "install fonts, for example fonts-noto-core and fonts-noto-cjk"};
  }
  return files;
}

}  // namespace qlab::gui
