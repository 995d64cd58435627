// `qloralab check`: runs every scenario of the lessons and judges its expectations.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>

#include "app/cli/catalogue.hpp"
#include "app/cli/compute.hpp"
#include "app/cli/device.hpp"
#include "app/cli/terminal.hpp"
#include "app/views/json.hpp"
#include "app/views/junit.hpp"
#include "app/views/text.hpp"
#include "app/views/text_faults.hpp"
#include "core/base/atomic_file.hpp"

namespace qlab::cli {
namespace {

struct CheckOptions {
  std::vector<std::string> lessons;
  std::string junit;
};

Result<std::vector<lessons::Lesson>> chosen_lessons(const Catalogue& catalogue, const CheckOptions& options) {
  if (options.lessons.empty()) return catalogue.all();
  std::vector<lessons::Lesson> chosen;
  for (const std::string& named : options.lessons) {
    auto lesson = find_lesson(catalogue, named);
    if (!lesson) return lesson.error();
    chosen.push_back(*std::move(lesson));
  }
  return chosen;
}

/// Computes a scenario; of the first one, also whether the lesson's texts name what there is.
Result<lessons::LessonRun> try_scenario(const lessons::Lesson& lesson, const lessons::Scenario& scenario,
                                        const Catalogue& catalogue, Backend& backend) {
  auto parameters = lessons::parameters_of(lesson, scenario.name);
  if (!parameters) return parameters.error();
  auto run = compute(lesson, scenario.name, *std::move(parameters), catalogue.root, backend);
  if (!run || &scenario != lesson.scenarios.data()) return run;
  std::vector<std::string> ids;
  for (const lessons::Lesson& one : catalogue.all()) ids.push_back(one.id);
  if (auto texts = views::check_texts(*run, ids); !texts) return texts.error();
  return run;
}

views::JudgedScenario judge(const lessons::Lesson& lesson, const lessons::Scenario& scenario,
                            const Catalogue& catalogue, Backend& backend) {
  const auto start = std::chrono::steady_clock::now();
  auto run = try_scenario(lesson, scenario, catalogue, backend);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  return {lesson.id, scenario.name, taken.count(), std::move(run)};
}

bool was_cancelled(const views::JudgedScenario& judged) {
  return !judged.run && judged.run.error().code == Errc::cancelled;
}

Result<int> check_lessons(const CheckOptions& options, const Common& common) {
  if (common.format != Format::text && common.format != Format::json) {
    return no_such_format(common.format, "check", "text or json");
  }
  if (!common.seed.empty()) {
    return Error{Errc::bad_argument, "--seed", "qloralab check", "leave it out: scenarios name their own seeds"};
  }
  const auto catalogue = load_catalogue(common);
  if (!catalogue) return catalogue.error();
  const auto lessons = chosen_lessons(*catalogue, options);
  if (!lessons) return lessons.error();
  const auto backend = open_backend(common);
  if (!backend) return backend.error();
  const views::TextStyle style = text_style(common.language);
  std::vector<views::JudgedScenario> judged;
  for (const lessons::Lesson& lesson : *lessons) {
    for (const lessons::Scenario& scenario : lesson.scenarios) {
      judged.push_back(judge(lesson, scenario, *catalogue, **backend));
      if (was_cancelled(judged.back())) return judged.back().run.error();
      if (common.format == Format::json) continue;
      if (const auto printed = print(views::text(judged.back(), style)); !printed) return printed.error();
    }
  }
  if (!options.junit.empty()) {
    if (auto done = write_file(options.junit, views::junit(judged)); !done) return done.error();
  }
  const auto printed =
      print(common.format == Format::json ? views::json(judged, common.language) : views::summary(judged, style));
  if (!printed) return printed.error();
  for (const views::JudgedScenario& one : judged) {
    if (!one.run) return one.run.error();
  }
  return std::all_of(judged.begin(), judged.end(), [](auto& one) { return one.passed(); }) ? 0 : 1;
}

}  // namespace

Handler declare_check(CLI::App& cli) {
  const auto options = std::make_shared<CheckOptions>();
  cli.add_option("LESSON", options->lessons, "ids or folders of lessons; none: all of them");
  cli.add_option("--junit", options->junit, "also write the outcome as JUnit XML")->type_name("FILE");
  return [options](const Common& common) { return check_lessons(*options, common); };
}

}  // namespace qlab::cli
