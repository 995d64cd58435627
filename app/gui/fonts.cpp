#include "app/gui/fonts.hpp"

#if __has_include(<imgui_freetype.h>)
#include <imgui_freetype.h>
#endif

#include <cstddef>
#include <deque>
#include <filesystem>
#include <map>
#include <utility>

#include "app/gui/font_files.hpp"
#include "core/base/mapped_file.hpp"

namespace qlab::gui {
namespace {

struct Design {
  Face face;
  Look look;
  double em;  ///< in design pixels
};

constexpr Design designs[] = {
    {Face::body, Look::regular, 15}, {Face::strong, Look::bold, 15},   {Face::emphasis, Look::italic, 15},
    {Face::code, Look::mono, 14},    {Face::small, Look::regular, 13}, {Face::heading, Look::bold, 17.5},
    {Face::title, Look::bold, 24},
};

/// ImGui's form: pairs of first and last character, ended by a zero.
std::vector<ImWchar> ranges_of(const std::vector<char32_t>& code_points) {
  std::vector<ImWchar> ranges;
  for (const char32_t code : code_points) {
    const auto character = static_cast<ImWchar>(code);
    if (!ranges.empty() && ranges.back() + 1 == character) {
      ranges.back() = character;
    } else {
      ranges.insert(ranges.end(), {character, character});
    }
  }
  ranges.push_back(0);
  return ranges;
}

}  // namespace

Result<Done> Fonts::build(const CodePoints& code_points, double layout_scale, double pixel_ratio) {
  ImGuiIO& io = ImGui::GetIO();
  io.Fonts->Clear();
#if __has_include(<imgui_freetype.h>)
  io.Fonts->FontBuilderIO = ImGuiFreeType::GetBuilderForFreeType();
  io.Fonts->FontBuilderFlags = ImGuiFreeTypeBuilderFlags_LightHinting;
#endif
  io.Fonts->TexDesiredWidth = 2048;
  io.FontGlobalScale = static_cast<float>(1 / pixel_ratio);

  const std::vector<char32_t> all = code_points.all();
  std::map<Look, std::vector<FontFile>> files;
  // Both stay where they are until the atlas is built.
  std::map<std::filesystem::path, MappedFile> mapped_files;
  std::deque<std::vector<ImWchar>> ranges;
  for (const Design& design : designs) {
    if (!files.contains(design.look)) {
      auto found = find_fonts(design.look, all);
      if (!found) return found.error();
      files[design.look] = *std::move(found);
    }
    ImFontConfig config;
    config.FontDataOwnedByAtlas = false;
    for (const FontFile& file : files[design.look]) {
      auto mapped = mapped_files.find(file.path);
      if (mapped == mapped_files.end()) {
        auto opened = MappedFile::open(file.path);
        if (!opened) return opened.error();
        mapped = mapped_files.emplace(file.path, *std::move(opened)).first;
      }
      const auto bytes = mapped->second.bytes();
      config.FontNo = file.index;
      ranges.push_back(ranges_of(file.code_points));
      // The atlas only reads, whatever its signature says.
      void* data = const_cast<std::byte*>(bytes.data());
      const double size = design.em * file.line_height * layout_scale * pixel_ratio;
      ImFont* font = io.Fonts->AddFontFromMemoryTTF(data, static_cast<int>(bytes.size()), static_cast<float>(size),
                                                    &config, ranges.back().data());
      if (!config.MergeMode) fonts_[static_cast<std::size_t>(design.face)] = font;
      config.MergeMode = true;
    }
  }
  if (!io.Fonts->Build()) {
    return Error{Errc::bad_file, "the fonts cannot be rasterized", files[Look::regular].front().path.string(),
                 "reinstall the fonts, for example fonts-noto-core"};
  }
  io.Fonts->ClearInputData();
  return Done{};
}

float line_height(const ImFont* font) { return font->FontSize * ImGui::GetIO().FontGlobalScale; }

}  // namespace qlab::gui
