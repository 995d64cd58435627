// chart_gallery FOLDER: every sample in several themes, languages and sizes, to be looked at by people.
// chart_gallery --time: how long layout and pixels take.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "app/chart/draw.hpp"
#include "app/chart/layout.hpp"
#include "tests/app/chart/samples.hpp"

namespace {

using namespace qlab;
using namespace qlab::chart;

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// The best of twenty runs: layout, and layout with rasterize.
std::pair<double, double> milliseconds_of(const Chart& chart, const Style& style) {
  double layout_ms = 1e9, all_ms = 1e9;
  const auto now = [] { return std::clock(); };  // of this process: other work on the machine does not count
  const auto since = [&](std::clock_t start) { return 1e3 * static_cast<double>(now() - start) / CLOCKS_PER_SEC; };
  for (int i = 0; i < 20; ++i) {
    const auto start = now();
    const Scene scene = layout(chart, style);
    layout_ms = std::min(layout_ms, since(start));
    (void)rasterize(scene, 1);
    all_ms = std::min(all_ms, since(start));
  }
  return {layout_ms, all_ms};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: chart_gallery FOLDER, or chart_gallery --time\n");
    return 2;
  }
  if (std::string_view(argv[1]) == "--time") {
    for (const Chart& chart : test::sample_charts()) {
      const auto [layout_ms, all_ms] = milliseconds_of(chart, {});
      std::printf("%-22s layout %.2f ms, with 900x600 pixels %.2f ms\n", chart.name.c_str(), layout_ms, all_ms);
    }
    return 0;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  struct Named {
    const char* name;
    Style style;
  };
  const Named looks[] = {{"light", {Theme::light, Language::en, 900, 600, 15, false}},
                         {"dark_zh", {Theme::dark, Language::zh, 900, 600, 15, false}},
                         {"projector", {Theme::projector, Language::en, 1920, 1080, 28, false}},
                         {"small", {Theme::light, Language::en, 320, 240, 12, false}},
                         {"small_zh", {Theme::projector, Language::zh, 320, 240, 15, true}}};
  for (const Chart& chart : test::sample_charts()) {
    for (const Named& look : looks) {
      const Scene scene = layout(chart, look.style);
      const std::string stem = chart.name + "-" + look.name;
      const auto png = encode_png(scene, 1, {});
      const auto pdf = encode_pdf(scene, {});
      if (!png || !pdf) return 1;
      write(folder / (stem + ".png"), *png);
      write(folder / (stem + ".pdf"), *pdf);
      write(folder / (stem + ".svg"), encode_svg(scene, {}));
    }
  }
}
