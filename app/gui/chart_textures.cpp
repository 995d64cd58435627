#include "app/gui/chart_textures.hpp"

#include <GLFW/glfw3.h>

#include "app/chart/draw.hpp"

namespace qlab::gui {
namespace {

constexpr double font_size = 13;  // design pixels

void upload(Picture& picture, const chart::Pixels& pixels) {
  if (picture.texture == 0) glGenTextures(1, &picture.texture);
  glBindTexture(GL_TEXTURE_2D, picture.texture);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
  glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, pixels.width, pixels.height, 0, GL_RGBA, GL_UNSIGNED_BYTE,
               pixels.rgba.data());
  glBindTexture(GL_TEXTURE_2D, 0);
}

}  // namespace

const Picture& ChartTextures::picture(const Chart& chart, std::size_t index, const PictureKey& key) {
  if (!pictures_.empty() && pictures_.begin()->second.key.page != key.page) clear();
  Picture& picture = pictures_[index];
  if (picture.texture != 0 && picture.key == key) return picture;
  picture.key = key;
  picture.scene = chart::layout(chart, {.theme = key.theme,
                                        .language = key.language,
                                        .width = key.width / key.scale,
                                        .height = key.height / key.scale,
                                        .font_size = font_size});
  upload(picture, chart::rasterize(picture.scene, key.scale));
  return picture;
}

void ChartTextures::clear() {
  for (auto& [index, picture] : pictures_) glDeleteTextures(1, &picture.texture);
  pictures_.clear();
}

}  // namespace qlab::gui
