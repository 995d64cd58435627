#include "app/gui/app_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/gui/slider.hpp"
#include "app/gui/strings.hpp"
#include "app/views/live_value.hpp"
#include "core/base/check.hpp"
#include "core/tensor/source.hpp"

namespace qlab::gui {
namespace {

Parameters scenario_parameters(const lessons::Lesson& lesson, const std::string& scenario) {
  auto parameters = lessons::parameters_of(lesson, scenario);
  QLAB_CHECK(parameters);  // a page's scenario is one of its lesson's
  return *std::move(parameters);
}

const ParameterSpec& spec_of(const AppState& state, std::string_view name) {
  const ParameterSpec* spec = state.page().parameters.find(name);
  QLAB_CHECK(spec != nullptr);
  return *spec;
}

void request_run(AppState& state) {
  const auto job = [&backend = *state.backend, assets = state.assets, &lesson = state.lesson(),
                    scenario = state.page().scenario,
                    parameters = state.page().parameters](const JobContext& job_context) {
    const auto grow = [&](const Report& so_far) {
      job_context.grow(lessons::LessonRun{&lesson, scenario, parameters, so_far});
    };
    const Context context{backend, assets, job_context.stop, job_context.progress, grow};
    return lessons::run(lesson, scenario, parameters, context);
  };
  state.runner.request(state.current, job);
  state.asked = true;
  if (!state.busy) state.busy_since = Runner::Clock::now();
  state.busy = true;
  state.notice.clear();
}

void after_change(AppState& state, std::string_view name) {
  state.page().touched = name;
  request_run(state);
}

void show_run(AppState& state, Page& page, lessons::LessonRun run) {
  state.fonts_behind |= state.code_points.add(run.report);
  page.run = std::move(run);
  ++page.revision;
}

Result<Done> check_typed(const ParameterSpec& spec, std::string_view typed) {
  if (spec.kind == ParameterKind::tensor) {
    if (auto source = parse_tensor_source(typed); !source) return source.error();
    return Done{};
  }
  if (auto value = parse_value(spec, typed); !value) return value.error();
  return Done{};
}

void step_focused(AppState& state, int direction) {
  if (state.focused.empty()) return;
  const ParameterSpec& spec = spec_of(state, state.focused);
  const ParameterValue& value = state.page().parameters.value(spec.name);
  switch (spec.kind) {
    case ParameterKind::number:
    case ParameterKind::integer:
      return set_parameter(state, spec.name, next_value(spec, std::get<double>(value), direction));
    case ParameterKind::flag: return set_parameter(state, spec.name, direction > 0);
    case ParameterKind::choice: {
      const auto chosen = std::find_if(spec.choices.begin(), spec.choices.end(),
                                       [&](const Choice& choice) { return choice.id == std::get<std::string>(value); });
      const auto next = std::clamp<std::ptrdiff_t>(chosen - spec.choices.begin() + direction, 0,
                                                   static_cast<std::ptrdiff_t>(spec.choices.size()) - 1);
      return set_parameter(state, spec.name, spec.choices[static_cast<std::size_t>(next)].id);
    }
    case ParameterKind::text:
    case ParameterKind::tensor: return;  // never focused: their arrow keys move the text cursor
  }
}

void focus_next(AppState& state) {
  const auto& specs = state.lesson().parameters;
  const auto steps = [](const ParameterSpec& spec) {
    return spec.kind != ParameterKind::text && spec.kind != ParameterKind::tensor;
  };
  const auto focused =
      std::find_if(specs.begin(), specs.end(), [&](const ParameterSpec& spec) { return spec.name == state.focused; });
  auto next = focused == specs.end() ? specs.end() : std::find_if(focused + 1, specs.end(), steps);
  if (next == specs.end()) next = std::find_if(specs.begin(), specs.end(), steps);
  if (next != specs.end()) state.focused = next->name;
}

}  // namespace

AppState::AppState(WindowOptions options, std::function<void()> wake_window)
    : lessons(std::move(options.lessons)),
      assets(std::move(options.assets)),
      backend(std::move(options.backend)),
      language(options.language),
      theme(options.theme),
      wake(std::move(wake_window)),
      runner(wake) {
  exporting.folder = default_export_folder();
  for (const lessons::Lesson& lesson : lessons) {
    pages.emplace_back(scenario_parameters(lesson, "default"));
    code_points.add(lesson);
  }
  for (const Text& phrase : all_phrases()) code_points.add(phrase);
}

std::unique_ptr<AppState> make_state(WindowOptions options, std::function<void()> wake) {
  const std::size_t first = options.first;
  const std::string scenario = options.scenario;
  std::optional<Parameters> parameters = std::move(options.parameters);
  auto state = std::make_unique<AppState>(std::move(options), std::move(wake));
  QLAB_CHECK(first < state->lessons.size());
  Page& page = state->pages[first];
  page.scenario = scenario;
  page.base = scenario_parameters(state->lessons[first], scenario);
  page.parameters = parameters ? *std::move(parameters) : page.base;
  state->current = first;
  request_run(*state);
  return state;
}

void open_lesson(AppState& state, std::size_t index) {
  QLAB_CHECK(index < state.lessons.size());
  if (index == state.current) return;
  state.current = index;
  state.enlarged.reset();
  state.focused.clear();
  state.typing.clear();
  if (!is_current(state)) request_run(state);
}

bool follow_link(AppState& state, std::string_view link) {
  constexpr std::string_view scheme = "lesson:";
  if (!link.starts_with(scheme)) return false;
  link.remove_prefix(scheme.size());
  for (std::size_t i = 0; i < state.lessons.size(); ++i) {
    if (state.lessons[i].id == link) {
      open_lesson(state, i);
      return true;
    }
  }
  return false;
}

void set_parameter(AppState& state, std::string_view name, ParameterValue value) {
  Page& page = state.page();
  if (page.parameters.value(name) == value) return;
  const auto done = page.parameters.set_value(name, std::move(value));
  QLAB_CHECK(done);  // controls offer allowed values only
  page.fields.erase(std::string(name));
  after_change(state, name);
}

bool type_parameter(AppState& state, std::string_view name, std::string typed) {
  Page& page = state.page();
  const ParameterSpec& spec = spec_of(state, name);
  Field& field = page.fields[spec.name];
  field.typed = std::move(typed);
  field.refused.reset();
  if (auto checked = check_typed(spec, field.typed); !checked) {
    field.refused = checked.error();
    state.fonts_behind |= state.code_points.add(checked.error().message());
    return false;
  }
  const ParameterValue before = page.parameters.value(name);
  const auto done = page.parameters.set(spec.name, field.typed);
  QLAB_CHECK(done);
  if (page.parameters.value(name) != before) after_change(state, spec.name);
  return true;
}

void start_typing(AppState& state, std::string_view name) {
  const ParameterSpec& spec = spec_of(state, name);
  state.typing = spec.name;
  state.typing_starts = true;
  state.page().fields[spec.name] = Field{to_string(state.page().parameters.value(spec.name)), std::nullopt};
}

void stop_typing(AppState& state) {
  const auto field = state.page().fields.find(state.typing);
  if (field != state.page().fields.end()) state.page().fields.erase(field);
  state.typing.clear();
}

const ParameterValue& base_value(const AppState& state, std::string_view name) { return state.page().base.value(name); }

bool is_changed(const AppState& state, std::string_view name) {
  const Page& page = state.page();
  const auto field = page.fields.find(name);
  if (field != page.fields.end() && field->second.refused) return true;
  return page.parameters.value(name) != page.base.value(name);
}

bool anything_changed(const AppState& state) {
  const auto& specs = state.lesson().parameters;
  return std::any_of(specs.begin(), specs.end(),
                     [&](const ParameterSpec& spec) { return is_changed(state, spec.name); });
}

void reset_parameter(AppState& state, std::string_view name) {
  Page& page = state.page();
  const ParameterSpec& spec = spec_of(state, name);
  page.fields.erase(spec.name);
  if (state.typing == spec.name) state.typing.clear();
  set_parameter(state, name, page.base.value(name));
}

void reset_all(AppState& state) { select_scenario(state, state.page().scenario); }

void select_scenario(AppState& state, std::string_view name) {
  Page& page = state.page();
  page.scenario = name;
  page.fields.clear();
  page.touched.clear();
  state.typing.clear();
  page.base = scenario_parameters(state.lesson(), page.scenario);
  page.parameters = page.base;
  if (!is_current(state)) request_run(state);
}

void press_key(AppState& state, Key key) {
  switch (key) {
    case Key::left: return step_focused(state, -1);
    case Key::right: return step_focused(state, 1);
    case Key::tab: return focus_next(state);
    case Key::page_up:
      if (state.current > 0) open_lesson(state, state.current - 1);
      return;
    case Key::page_down:
      if (state.current + 1 < state.lessons.size()) open_lesson(state, state.current + 1);
      return;
    case Key::escape:
      state.enlarged.reset();
      state.focused.clear();
      return;
  }
}

void toggle_enlarged(AppState& state, std::size_t chart) {
  if (state.enlarged) {
    state.enlarged.reset();
  } else {
    state.enlarged = chart;
  }
}

void set_language(AppState& state, Language language) {
  state.language = language;
  state.notice.clear();
}

void ask_for_export(AppState& state, std::optional<std::size_t> chart) {
  state.exporting.chart = chart;
  state.exporting.result.reset();
  state.exporting.asked_for = true;
}

bool receive(AppState& state, Runner::Clock::duration limit) {
  bool moved = receive_export(state.exporting);
  Runner::News news = state.runner.poll(state.asked ? limit : Runner::Clock::duration::zero());
  state.asked = false;
  moved |= news.busy != state.busy || news.progress != state.progress;
  state.busy = news.busy;
  state.progress = news.progress;
  Page& page = state.pages[news.topic];
  if (news.growing) {
    page.error.reset();
    show_run(state, page, *std::move(news.growing));
    return true;
  }
  if (!news.outcome) return moved;
  if (*news.outcome) {
    page.error.reset();
    page.took = news.took;
    show_run(state, page, **std::move(news.outcome));
  } else {
    page.error = news.outcome->error();
    state.fonts_behind |= state.code_points.add(page.error->message());
  }
  return true;
}

void cancel_run(AppState& state) { state.runner.cancel(); }

bool is_current(const AppState& state) {
  const Page& page = state.page();
  return page.run && page.run->report.complete && !page.error && page.run->parameters == page.parameters &&
         page.run->scenario == page.scenario;
}

std::string command_line(const AppState& state) {
  return lessons::LessonRun{&state.lesson(), state.page().scenario, state.page().parameters, {}}.command_line();
}

markdown::Document page_text(const AppState& state) {
  return markdown::fill_in(markdown::parse(state.lesson().body.in(state.language)),
                           [&](std::string_view name) { return live_value(state, name); });
}

std::string live_value(const AppState& state, std::string_view name) {
  const Page& page = state.page();
  const Report none;
  const auto shown = qlab::live_value(page.run ? page.run->report : none,
                                      page.run ? page.run->parameters : page.parameters, name, state.language);
  if (shown) return *shown;
  const bool still_to_come = name.starts_with("values.") && (!page.run || !page.run->report.complete);
  return still_to_come ? "…" : fmt::format("{{{{{}}}}}", name);
}

}  // namespace qlab::gui
