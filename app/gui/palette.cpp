#include "app/gui/palette.hpp"

namespace qlab::gui {
namespace {

constexpr chart::Color rgb(unsigned hex) {
  return {static_cast<double>(hex >> 16 & 255) / 255, static_cast<double>(hex >> 8 & 255) / 255,
          static_cast<double>(hex & 255) / 255, 1};
}

constexpr Palette light = {
    .panel = rgb(0xffffff),
    .raised = rgb(0xf4f6f9),
    .line = rgb(0xd5dbe3),
    .text = rgb(0x1c2128),
    .muted = rgb(0x57606a),
    .accent = rgb(0x0067a3),
    .accent_soft = rgb(0xdfeefa),
    .on_accent = rgb(0xffffff),
    .good = rgb(0x14713f),
    .bad = rgb(0xb3261e),
    .doubt = rgb(0x8f5600),
};

constexpr Palette dark = {
    .panel = rgb(0x15181d),
    .raised = rgb(0x21262e),
    .line = rgb(0x343b45),
    .text = rgb(0xf0f2f5),
    .muted = rgb(0xa9b1bb),
    .accent = rgb(0x56b4e9),
    .accent_soft = rgb(0x1d3547),
    .on_accent = rgb(0x0b1218),
    .good = rgb(0x5ecb8e),
    .bad = rgb(0xff8f85),
    .doubt = rgb(0xe8b93a),
};

constexpr Palette projector = {
    .panel = rgb(0xffffff),
    .raised = rgb(0xf0f2f5),
    .line = rgb(0x8b949e),
    .text = rgb(0x000000),
    .muted = rgb(0x24292f),
    .accent = rgb(0x004f8c),
    .accent_soft = rgb(0xcfe4f7),
    .on_accent = rgb(0xffffff),
    .good = rgb(0x0b5a30),
    .bad = rgb(0x9c1c15),
    .doubt = rgb(0x704300),
};

}  // namespace

const Palette& palette_of(chart::Theme theme) {
  switch (theme) {
    case chart::Theme::dark: return dark;
    case chart::Theme::projector: return projector;
    case chart::Theme::light: break;
  }
  return light;
}

}  // namespace qlab::gui
