// libpng instead of Cairo's own writer, which keeps no text chunks.
#include "app/chart/png.hpp"

#include <png.h>

#include <algorithm>
#include <cmath>
#include <csetjmp>

#include "core/base/check.hpp"

namespace qlab::chart {
namespace {

constexpr double pixels_per_metre = 96 / 0.0254;  // at scale 1

void append(png_structp png, png_bytep bytes, png_size_t count) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(bytes), count);
}

void nothing_to_flush(png_structp) {}

bool is_keyword(const std::string& key) {
  return !key.empty() && key.size() <= 79 && key.front() != ' ' && key.back() != ' ' &&
         std::all_of(key.begin(), key.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::vector<png_text> text_chunks(const Metadata& metadata) {
  std::vector<png_text> texts;
  for (const auto& [key, value] : metadata) {
    QLAB_CHECK(is_keyword(key));
    png_text text = {};
    text.compression = PNG_ITXT_COMPRESSION_NONE;
    text.key = const_cast<char*>(key.c_str());  // libpng copies both
    text.text = const_cast<char*>(value.c_str());
    text.itxt_length = value.size();
    texts.push_back(text);
  }
  return texts;
}

}  // namespace

Result<std::string> write_png(const Pixels& pixels, const PngOptions& options) {
  const std::size_t channels = options.opaque ? 3 : 4;
  std::vector<std::uint8_t> samples;
  if (options.opaque) {
    samples.reserve(pixels.rgba.size() / 4 * 3);
    for (std::size_t i = 0; i < pixels.rgba.size(); i += 4) {
      samples.insert(samples.end(), {pixels.rgba[i], pixels.rgba[i + 1], pixels.rgba[i + 2]});
    }
  } else {
    samples = pixels.rgba;
  }
  std::vector<png_bytep> rows(static_cast<std::size_t>(pixels.height));
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = &samples[y * pixels.width * channels];
  const std::vector<png_text> texts = text_chunks(options.metadata);
  const auto density = static_cast<png_uint_32>(std::lround(pixels_per_metre * options.scale));

  std::string out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  QLAB_CHECK(png != nullptr);
  png_infop info = png_create_info_struct(png);
  QLAB_CHECK(info != nullptr);
  // libpng's only way back from an error; no object with a destructor is created past here.
  if (setjmp(png_jmpbuf(png)) != 0) {  // NOLINT(cert-err52-cpp)
    png_destroy_write_struct(&png, &info);
    return Error{Errc::io, "the picture could not be encoded as PNG", "", "try a smaller scale"};
  }
  png_set_write_fn(png, &out, append, nothing_to_flush);
  png_set_IHDR(png, info, static_cast<png_uint_32>(pixels.width), static_cast<png_uint_32>(pixels.height), 8,
               options.opaque ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_RGBA, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
  png_set_pHYs(png, info, density, density, PNG_RESOLUTION_METER);
  png_set_text(png, info, texts.data(), static_cast<int>(texts.size()));
  png_write_info(png, info);
  png_write_image(png, rows.data());
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return out;
}

Result<std::string> encode_png(const Scene& scene, double scale, const Metadata& metadata) {
  if (!(scale >= 1 && scale <= 4)) {
    return Error{Errc::bad_argument, "the scale of a PNG is out of range", "", "use 1 to 4"};
  }
  if (std::max(scene.width, scene.height) * scale > 32767) {
    return Error{Errc::bad_argument, "the picture is too large for a PNG", "", "use at most 32767 pixels a side"};
  }
  return write_png(rasterize(scene, scale), {scene.background.a >= 1, scale, metadata});
}

}  // namespace qlab::chart
