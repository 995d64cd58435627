// The line at the bottom: what runs or ran, on which device, how long it took, and what the last action did.
#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "app/gui/strings.hpp"
#include "app/gui/views/views.hpp"
#include "app/gui/widgets/controls.hpp"

namespace qlab::gui {
namespace {

using namespace std::chrono_literals;

constexpr Runner::Clock::duration visible_after = 250ms;  // what is quicker would only flicker

std::string show_time(Runner::Clock::duration time) {
  const double ms = std::chrono::duration<double, std::milli>(time).count();
  if (ms < 100) return fmt::format("{:.1f} ms", ms);
  return ms < 1000 ? fmt::format("{:.0f} ms", ms) : fmt::format("{:.1f} s", ms / 1000);
}

}  // namespace

void draw_status_bar(AppState& state, const Ui& ui) {
  const Palette& palette = *ui.palette;
  const ImVec2 origin = ImGui::GetWindowPos();
  const float height = ImGui::GetWindowHeight();
  const float text_y = std::round(origin.y + (height - line_height(ui.fonts[Face::small])) / 2);
  float x = origin.x + ui.px(18);
  const auto put = [&](const chart::Color& color, const std::string& text) {
    write_at(ui, {x, text_y}, Face::small, color, text);
    x += text_width(ui, Face::small, text) + ui.px(18);
  };
  const Page& page = state.page();
  put(palette.muted, state.backend->name());
  if (state.busy && Runner::Clock::now() - state.busy_since > visible_after) {
    put(palette.text, say(Phrase::computing, state.language));
    ImGui::SetCursorScreenPos({x, std::round(origin.y + height / 2 - ui.px(3))});
    progress_bar(ui, {ui.px(180), ui.px(6)}, state.progress);
    x += ui.px(196);
    put(palette.text, fmt::format("{:.0f} %", state.progress * 100));
    ImGui::SetCursorScreenPos({x, std::round(origin.y + ui.px(1))});
    if (button(ui, say(Phrase::cancel, state.language))) cancel_run(state);
    return;
  }
  if (page.run && !page.run->report.complete && !state.busy) {
    put(palette.doubt, say(Phrase::stopped, state.language));
  } else if (page.run && !page.error) {
    put(palette.muted, fmt::format(fmt::runtime(say(Phrase::computed_in, state.language)), show_time(page.took)));
  }
  const float room = origin.x + ImGui::GetWindowWidth() - x - ui.px(18);
  if (!state.notice.empty()) put(palette.accent, shortened(ui, Face::small, state.notice, room));
}

}  // namespace qlab::gui
