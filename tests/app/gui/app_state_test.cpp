#include "app/gui/app_state.hpp"

#include <atomic>

#include "tests/support/catch.hpp"

using namespace qlab;
using namespace qlab::gui;
using namespace std::chrono_literals;

namespace {

constexpr auto long_enough = 20s;

/// 100 / size, and an error where somebody asks for "broken".
Result<Report> divide(const Parameters& parameters, const Context&) {
  if (parameters.text("tensor") == "missing.npy") return Error{Errc::not_found, "no such file", "missing.npy", "look"};
  Report report;
  report.add_value("share", 100 / parameters.number("size"), "%", {"Share", "份额"});
  return report;
}

ParameterSpec size_parameter() {
  ParameterSpec spec;
  spec.name = "size";
  spec.symbol = "S";
  spec.kind = ParameterKind::integer;
  spec.label = {"Size", "大小"};
  spec.unit = "values";
  spec.minimum = 1;
  spec.maximum = 100;
  spec.step = 1;
  spec.fallback = 4.0;
  return spec;
}

ParameterSpec tensor_parameter() {
  ParameterSpec spec;
  spec.name = "tensor";
  spec.kind = ParameterKind::tensor;
  spec.fallback = std::string("normal");
  return spec;
}

ParameterSpec type_parameter_spec() {
  ParameterSpec spec;
  spec.name = "type";
  spec.kind = ParameterKind::choice;
  spec.choices = {{"nf4", {"NF4", "NF4"}}, {"fp4", {"FP4", "FP4"}}};
  spec.fallback = std::string("nf4");
  return spec;
}

lessons::Lesson lesson(const std::string& id) {
  lessons::Lesson lesson;
  lesson.id = id;
  lesson.folder = "03-" + id;
  lesson.title = {"Lesson " + id, "课 " + id};
  lesson.compute = divide;
  lesson.parameters = {tensor_parameter(), size_parameter(), type_parameter_spec()};
  lesson.scenarios = {{"default", {}, {}, {}}, {"large", {}, {{"size", "50"}}, {}}};
  lesson.body = {"Share: {{values.share}} of {{parameters.size}}", "有 {{values.share}}"};
  return lesson;
}

std::unique_ptr<AppState> open(std::optional<Parameters> parameters = {}, std::size_t first = 0,
                               std::string scenario = "default") {
  WindowOptions options;
  options.lessons = {lesson("one"), lesson("two")};
  options.backend = make_cpu_backend(1);
  options.first = first;
  options.scenario = std::move(scenario);
  options.parameters = std::move(parameters);
  return make_state(std::move(options), [] {});
}

/// Takes in results until the newest request is answered.
void settle(AppState& state) {
  const auto start = Runner::Clock::now();
  do {
    state.asked = true;  // so that receive() waits
    receive(state, long_enough);
    REQUIRE(Runner::Clock::now() - start < long_enough);
  } while (state.busy);
}

double share_of(const AppState& state) {
  REQUIRE(state.page().run);
  return state.page().run->report.find_value("share")->number;
}

}  // namespace

TEST_CASE("app state: a window opens with its first lesson computed", "[app][gui]") {
  const auto state = open();
  CHECK_FALSE(is_current(*state));
  settle(*state);
  CHECK(is_current(*state));
  CHECK(share_of(*state) == 25);
}

TEST_CASE("app state: the command line's lesson, scenario and parameters are taken over", "[app][gui]") {
  Parameters parameters(lesson("two").parameters);
  REQUIRE(parameters.set("size", "20"));
  const auto state = open(parameters, 1, "large");
  settle(*state);
  CHECK(state->lesson().id == "two");
  CHECK(share_of(*state) == 5);
  reset_all(*state);
  settle(*state);
  CHECK(share_of(*state) == 2);
}

TEST_CASE("app state: a moved slider computes again, and the newest value is the one shown", "[app][gui]") {
  const auto state = open();
  for (int size = 5; size <= 40; ++size) set_parameter(*state, "size", static_cast<double>(size));
  CHECK(is_changed(*state, "size"));
  settle(*state);
  CHECK(is_current(*state));
  CHECK(share_of(*state) == 2.5);
}

TEST_CASE("app state: the last picture stays while the next is computed", "[app][gui]") {
  const auto state = open();
  settle(*state);
  const auto revision = state->page().revision;
  set_parameter(*state, "size", 10.0);
  CHECK(share_of(*state) == 25);
  CHECK_FALSE(is_current(*state));
  settle(*state);
  CHECK(share_of(*state) == 10);
  CHECK(state->page().revision > revision);
}

TEST_CASE("app state: resetting one parameter leaves the others", "[app][gui]") {
  const auto state = open();
  set_parameter(*state, "size", 10.0);
  set_parameter(*state, "type", std::string("fp4"));
  reset_parameter(*state, "size");
  CHECK_FALSE(is_changed(*state, "size"));
  CHECK(is_changed(*state, "type"));
  CHECK(anything_changed(*state));
  reset_all(*state);
  CHECK_FALSE(anything_changed(*state));
}

TEST_CASE("app state: a scenario sets its parameters, and resets go back to it", "[app][gui]") {
  const auto state = open();
  select_scenario(*state, "large");
  CHECK(state->page().parameters.number("size") == 50);
  CHECK_FALSE(anything_changed(*state));
  set_parameter(*state, "size", 60.0);
  reset_parameter(*state, "size");
  CHECK(state->page().parameters.number("size") == 50);
  CHECK(command_line(*state) == "qloralab run one --scenario large");
}

TEST_CASE("app state: what is typed wrongly is kept beside what is wrong with it", "[app][gui]") {
  const auto state = open();
  settle(*state);
  CHECK_FALSE(type_parameter(*state, "size", "1000"));
  REQUIRE(state->page().fields.contains("size"));
  CHECK(state->page().fields.find("size")->second.typed == "1000");
  CHECK(state->page().fields.find("size")->second.refused->message() ==
        "size is '1000': use a whole number from 1 to 100");
  CHECK(state->page().parameters.number("size") == 4);
  CHECK(is_changed(*state, "size"));
  CHECK(is_current(*state));

  CHECK(type_parameter(*state, "size", "8"));
  settle(*state);
  CHECK(share_of(*state) == 12.5);
}

TEST_CASE("app state: a tensor's source is read before anything is computed", "[app][gui]") {
  const auto state = open();
  CHECK_FALSE(type_parameter(*state, "tensor", "0.5, abc"));
  CHECK(state->page().parameters.text("tensor") == "normal");
  CHECK(type_parameter(*state, "tensor", "0.5, -1.25"));
  CHECK(state->page().parameters.text("tensor") == "0.5, -1.25");
}

TEST_CASE("app state: a failed run leaves the last good one and says why", "[app][gui]") {
  const auto state = open();
  settle(*state);
  REQUIRE(type_parameter(*state, "tensor", "missing.npy"));
  settle(*state);
  REQUIRE(state->page().error);
  CHECK(state->page().touched == "tensor");
  CHECK(state->page().error->message() == "no such file (missing.npy): look");
  CHECK(share_of(*state) == 25);
  CHECK_FALSE(is_current(*state));
  reset_parameter(*state, "tensor");
  settle(*state);
  CHECK_FALSE(state->page().error);
  CHECK(is_current(*state));
}

TEST_CASE("app state: each lesson keeps its own parameters", "[app][gui]") {
  const auto state = open();
  set_parameter(*state, "size", 10.0);
  settle(*state);
  open_lesson(*state, 1);
  CHECK(state->page().parameters.number("size") == 4);
  settle(*state);
  open_lesson(*state, 0);
  CHECK(state->page().parameters.number("size") == 10);
  CHECK(is_current(*state));
  CHECK_FALSE(state->busy);
}

TEST_CASE("app state: a link opens its lesson, and no other link does anything", "[app][gui]") {
  const auto state = open();
  CHECK_FALSE(follow_link(*state, "https://example.org"));
  CHECK_FALSE(follow_link(*state, "lesson:three"));
  CHECK(state->current == 0);
  CHECK(follow_link(*state, "lesson:two"));
  CHECK(state->current == 1);
}

TEST_CASE("app state: keys walk through controls, values and lessons", "[app][gui]") {
  const auto state = open();
  press_key(*state, Key::right);
  CHECK(state->page().parameters.number("size") == 4);  // nothing has the focus yet
  press_key(*state, Key::tab);
  CHECK(state->focused == "size");  // the tensor is typed, its arrow keys are the text's
  press_key(*state, Key::right);
  CHECK(state->page().parameters.number("size") == 5);
  press_key(*state, Key::left);
  press_key(*state, Key::left);
  CHECK(state->page().parameters.number("size") == 3);
  press_key(*state, Key::tab);
  CHECK(state->focused == "type");
  press_key(*state, Key::right);
  press_key(*state, Key::right);
  CHECK(state->page().parameters.text("type") == "fp4");
  press_key(*state, Key::tab);
  CHECK(state->focused == "size");
  press_key(*state, Key::escape);
  CHECK(state->focused.empty());
  press_key(*state, Key::page_up);
  CHECK(state->current == 0);
  press_key(*state, Key::page_down);
  press_key(*state, Key::page_down);
  CHECK(state->current == 1);
}

TEST_CASE("app state: texts show the values of the picture beside them", "[app][gui]") {
  const auto state = open();
  CHECK(live_value(*state, "values.share") == "…");
  settle(*state);
  CHECK(markdown::plain_text(page_text(*state).blocks.at(0).spans) == "Share: 25 % of 4 values");
  set_parameter(*state, "size", 10.0);
  CHECK(live_value(*state, "parameters.size") == "4 values");  // the picture's, until the next one is there
  settle(*state);
  CHECK(live_value(*state, "parameters.S") == "10 values");
  CHECK(live_value(*state, "values.nothing") == "{{values.nothing}}");
  set_language(*state, Language::zh);
  CHECK(markdown::plain_text(page_text(*state).blocks.at(0).spans) == "有 10 %");
}

TEST_CASE("app state: the command line makes the present picture again", "[app][gui]") {
  const auto state = open();
  CHECK(command_line(*state) == "qloralab run one");
  set_parameter(*state, "size", 10.0);
  CHECK(command_line(*state) == "qloralab run one --set size=10");
}

TEST_CASE("app state: new characters of a result ask for new fonts", "[app][gui]") {
  const auto state = open();
  state->fonts_behind = false;
  settle(*state);
  CHECK(state->fonts_behind);  // the label 份额 is in the report only
  state->fonts_behind = false;
  set_parameter(*state, "size", 10.0);
  settle(*state);
  CHECK_FALSE(state->fonts_behind);
}
