// The panel of the export button: what, in which formats and colours, and where to.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "app/gui/strings.hpp"
#include "app/gui/views/views.hpp"
#include "app/gui/widgets/controls.hpp"
#include "app/gui/widgets/rich_text.hpp"
#include "app/gui/widgets/text_input.hpp"

namespace qlab::gui {
namespace {

struct NamedFormat {
  views::ExportFormat format;
  const char* name;
};
constexpr std::array formats{
    NamedFormat{views::ExportFormat::png, "PNG"},   NamedFormat{views::ExportFormat::svg, "SVG"},
    NamedFormat{views::ExportFormat::pdf, "PDF"},   NamedFormat{views::ExportFormat::csv, "CSV"},
    NamedFormat{views::ExportFormat::json, "JSON"}, NamedFormat{views::ExportFormat::html, "HTML"},
};

class Panel {
 public:
  Panel(AppState& state, const Ui& ui)
      : state_(state), panel_(state.exporting), ui_(ui), width_(ImGui::GetContentRegionAvail().x) {}

  void draw() {
    draw_what();
    draw_formats();
    draw_pictures();
    heading(Phrase::export_folder);
    text_input(ui_, "##folder", panel_.folder, width_, "", false, panel_.result && !*panel_.result);
    ImGui::Dummy({0, ui_.px(6)});
    const bool ready = !panel_.busy() && !panel_.formats.empty() && !panel_.folder.empty();
    const Phrase word = panel_.busy() ? Phrase::export_running : Phrase::export_now;
    if (button(ui_, say(word, state_.language), Emphasis::primary, ready)) {
      start_export(panel_, *state_.page().run, state_.theme, state_.language, state_.wake);
    }
    draw_result();
  }

 private:
  void heading(Phrase phrase) const {
    ImGui::Dummy({0, ui_.px(2)});
    write(ui_, Face::small, ui_.palette->muted, say(phrase, state_.language));
  }

  void draw_what() {
    const auto& charts = state_.page().run->report.charts;
    if (panel_.chart && *panel_.chart >= charts.size()) panel_.chart.reset();
    std::vector<std::string> titles{say(Phrase::export_everything, state_.language)};
    for (const Chart& chart : charts) titles.push_back(chart.title.in(state_.language));
    heading(Phrase::export_what);
    const int clicked = combo(ui_, "##what", titles, panel_.chart ? static_cast<int>(*panel_.chart) + 1 : 0, width_);
    if (clicked == 0) panel_.chart.reset();
    if (clicked > 0) panel_.chart = static_cast<std::size_t>(clicked - 1);
  }

  void draw_formats() {
    heading(Phrase::export_formats);
    const ImVec2 size{std::floor((width_ - 5 * ui_.px(4)) / 6),
                      std::round(line_height(ui_.fonts[Face::small]) + ui_.px(8))};
    for (const NamedFormat& row : formats) {
      const bool chosen = std::find(panel_.formats.begin(), panel_.formats.end(), row.format) != panel_.formats.end();
      if (chip(ui_, row.name, size, chosen)) toggle_format(panel_, row.format);
      ImGui::SameLine(0, ui_.px(4));
    }
    ImGui::NewLine();
  }

  void draw_pictures() {
    const std::array<std::string, 3> themes{say(Phrase::theme_light, state_.language),
                                            say(Phrase::theme_dark, state_.language),
                                            say(Phrase::theme_projector, state_.language)};
    heading(Phrase::export_theme);
    const int theme = segments(ui_, "theme", themes, static_cast<int>(panel_.theme.value_or(state_.theme)), width_);
    if (theme >= 0) panel_.theme = static_cast<chart::Theme>(theme);
    if (toggle(ui_, say(Phrase::export_transparent, state_.language), panel_.transparent)) {
      panel_.transparent = !panel_.transparent;
    }
    const std::array<std::string, 4> scales{"1×", "2×", "3×", "4×"};
    heading(Phrase::export_scale);
    const int scale = segments(ui_, "scale", scales, panel_.scale - 1, width_);
    if (scale >= 0) panel_.scale = scale + 1;
  }

  /// Where the files are, or what went wrong.
  void draw_result() {
    if (!panel_.result) return;
    const Written& result = *panel_.result;
    ImGui::Dummy({0, ui_.px(2)});
    if (!result) {
      draw_wrapped(ui_, result.error().message(), width_, {Face::small, ui_.palette->bad});
      return;
    }
    std::string names;
    for (const auto& path : *result) names += (names.empty() ? "" : ", ") + path.filename().string();
    draw_wrapped(ui_,
                 fmt::format(fmt::runtime(say(Phrase::export_written, state_.language)), names,
                             typed_folder(panel_.folder).string()),
                 width_, {Face::small, ui_.palette->good});
  }

  AppState& state_;
  ExportPanel& panel_;
  const Ui& ui_;
  float width_;
};

}  // namespace

void draw_export_panel(AppState& state, const Ui& ui, ImVec2 below) {
  if (std::exchange(state.exporting.asked_for, false)) ImGui::OpenPopup("export");
  ImGui::SetNextWindowPos(below, ImGuiCond_Always, {1, 0});
  ImGui::SetNextWindowSize({ui.px(400), 0});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {ui.px(16), ui.px(12)});
  if (ImGui::BeginPopup("export")) {
    if (state.page().run) Panel(state, ui).draw();
    ImGui::EndPopup();
  }
  ImGui::PopStyleVar();
}

}  // namespace qlab::gui
