// AppState: all that the window knows, and what a click does to it. No Dear ImGui here, so that the tests can click
// too. Views read it and call these functions; nothing else changes it. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/gui/code_points.hpp"
#include "app/gui/exporting.hpp"
#include "app/gui/runner.hpp"
#include "app/gui/window.hpp"
#include "app/views/markdown.hpp"

namespace qlab::gui {

/// What somebody is typing into a parameter's field: kept while it is refused, so that nothing typed is lost.
struct Field {
  std::string typed;
  std::optional<Error> refused;
};

/// What the window remembers of a lesson, also while another one is open.
struct Page {
  explicit Page(Parameters chosen) : parameters(std::move(chosen)), base(parameters) {}

  Parameters parameters;
  std::string scenario = "default";
  Parameters base;                                   ///< the scenario's own
  std::map<std::string, Field, std::less<>> fields;  ///< by parameter
  std::string touched;                               ///< the parameter that was changed last
  std::optional<lessons::LessonRun> run;             ///< the last good one, also while a newer one is computed
  std::uint64_t revision = 0;                        ///< grows with every new `run`
  std::optional<Error> error;                        ///< of the newest run, if it failed
  Runner::Clock::duration took{};
};

enum class Tab { text, tables, checks, documents };
enum class Key { left, right, tab, escape, page_up, page_down };

struct AppState {
  AppState(WindowOptions options, std::function<void()> wake_window);

  std::vector<lessons::Lesson> lessons;
  std::filesystem::path assets;
  std::unique_ptr<Backend> backend;
  Language language;
  chart::Theme theme;

  std::vector<Page> pages;  ///< one a lesson
  std::size_t current = 0;
  Tab tab = Tab::text;
  float text_share = 0.43F;             ///< of the page's width, beside the charts
  std::optional<std::size_t> enlarged;  ///< index of the chart that fills the page
  std::string focused;                  ///< the parameter that the arrow keys move
  std::string typing;                   ///< the slider whose value is being typed
  bool typing_starts = false;           ///< its field has not been drawn yet
  std::string notice;                   ///< what the last action did, for the status line

  CodePoints code_points;     ///< of everything shown so far
  bool fonts_behind = false;  ///< code_points has grown since the fonts were built
  bool busy = false;          ///< the newest request is not answered yet
  bool asked = false;         ///< a request was made since the last receive()
  double progress = 0;
  Runner::Clock::time_point busy_since{};

  std::function<void()> wake;  ///< called from workers when there is something new
  ExportPanel exporting;
  Runner runner;  // last: its worker uses the backend above

  const lessons::Lesson& lesson() const { return lessons[current]; }
  Page& page() { return pages[current]; }
  const Page& page() const { return pages[current]; }
};

/// The state of a window that has just been opened, its first lesson under way. `wake` as in Runner.
std::unique_ptr<AppState> make_state(WindowOptions options, std::function<void()> wake);

void open_lesson(AppState& state, std::size_t index);

/// "lesson:nf4" opens that lesson. Returns false for what is no link to a lesson that is there.
bool follow_link(AppState& state, std::string_view link);

/// A slider, a choice or a flag: the value is within the range, and computing starts.
void set_parameter(AppState& state, std::string_view name, ParameterValue value);

/// Text of a field: taken over if it is allowed (an existing generator, numbers that can be read, a value within the
/// range), else kept beside what is wrong with it. Returns whether it was taken.
bool type_parameter(AppState& state, std::string_view name, std::string typed);

/// A slider's value becomes a field to type into, and a number again.
void start_typing(AppState& state, std::string_view name);
void stop_typing(AppState& state);

/// The value of the selected scenario, which a reset brings back.
const ParameterValue& base_value(const AppState& state, std::string_view name);

/// The parameter differs from the selected scenario's, which reset_parameter() brings back.
bool is_changed(const AppState& state, std::string_view name);
bool anything_changed(const AppState& state);
void reset_parameter(AppState& state, std::string_view name);
void reset_all(AppState& state);
void select_scenario(AppState& state, std::string_view name);

/// Tab focuses the next control and the arrow keys move it: a slider to its next value, a choice to its neighbour. Page
/// up and down, which a presenter's remote sends, go through the lessons. Escape leaves what is enlarged or focused.
void press_key(AppState& state, Key key);

/// One chart fills the page, or all of them are back.
void toggle_enlarged(AppState& state, std::size_t chart);

void set_language(AppState& state, Language language);

/// Opens the export panel, for one chart or for everything.
void ask_for_export(AppState& state, std::optional<std::size_t> chart);

/// Takes in what the workers have done, waiting up to `limit` for an outcome. Returns whether something is new to draw.
bool receive(AppState& state, Runner::Clock::duration limit);

void cancel_run(AppState& state);

/// The run shown is of the parameters chosen now.
bool is_current(const AppState& state);

/// The command line that makes the present picture again.
std::string command_line(const AppState& state);

/// The lesson's text with the last run's values filled in.
markdown::Document page_text(const AppState& state);

/// What a live value's name stands for: "values.mse_nf4", "parameters.block_size". A value that is not computed yet is
/// "…"; an unknown name comes back in its braces, so that it is seen.
std::string live_value(const AppState& state, std::string_view name);

}  // namespace qlab::gui
