// Charts as textures: laid out and rasterized at the screen's real pixels, and only again when something changes that
// the picture depends on. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "app/chart/layout.hpp"

namespace qlab::gui {

/// All that a picture depends on beside the chart's data, which `page` and `revision` stand for.
struct PictureKey {
  std::size_t page = 0;
  std::uint64_t revision = 0;
  int width = 0;  ///< screen pixels
  int height = 0;
  double scale = 1;  ///< screen pixels of one design pixel
  chart::Theme theme = chart::Theme::light;
  Language language = Language::en;

  bool operator==(const PictureKey&) const = default;
};

struct Picture {
  PictureKey key;
  unsigned texture = 0;
  chart::Scene scene;  ///< in design pixels, for the hover read-out
};

/// Needs a current OpenGL context from the first picture() to clear().
class ChartTextures {
 public:
  ChartTextures() = default;
  ChartTextures(const ChartTextures&) = delete;
  ChartTextures& operator=(const ChartTextures&) = delete;

  /// The picture of the page's chart number `index`. Pictures of other pages are dropped.
  const Picture& picture(const Chart& chart, std::size_t index, const PictureKey& key);

  void clear();  ///< frees the textures

 private:
  std::map<std::size_t, Picture> pictures_;  ///< of one page, by the chart's number
};

}  // namespace qlab::gui
