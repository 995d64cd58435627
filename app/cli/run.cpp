// `qloralab run LESSON`: computes one lesson and prints its Report.
#include <CLI/CLI.hpp>
#include <memory>

#include "app/cli/catalogue.hpp"
#include "app/cli/compute.hpp"
#include "app/cli/device.hpp"
#include "app/cli/terminal.hpp"
#include "app/views/csv.hpp"
#include "app/views/export.hpp"
#include "app/views/json.hpp"
#include "app/views/text.hpp"

namespace qlab::cli {
namespace {

struct RunOptions {
  std::string lesson;
  std::vector<std::string> settings;
  std::string scenario = "default";
  std::string out;
  std::string formats;
};

/// What is to be written; no formats if nothing is. Checked before anything is computed.
Result<views::ExportSettings> export_settings(const RunOptions& options, const Common& common) {
  views::ExportSettings settings;
  if (options.out.empty() && options.formats.empty()) return settings;
  if (options.out.empty() || options.formats.empty()) {
    return Error{Errc::bad_argument, options.out.empty() ? "--export without --out" : "--out without --export",
                 "qloralab run", "use both: --out DIR --export png,svg,pdf,csv,json,html"};
  }
  auto formats = views::parse_export_formats(options.formats);
  if (!formats) return formats.error();
  settings.folder = options.out;
  settings.formats = *std::move(formats);
  settings.style.theme = common.theme;
  settings.style.language = common.language;
  return settings;
}

Result<std::string> view_of(const lessons::LessonRun& run, const Common& common) {
  switch (common.format) {
    case Format::json: return views::json(run, common.language);
    case Format::text: break;
    case Format::csv:
      if (run.report.tables.empty())
        return no_such_format(Format::csv, "run", "text or json: this lesson has no table");
      return views::csv_of_tables(run.report, common.language);
    case Format::log: {
      std::string lines = views::log_lines(run.report);
      if (lines.empty()) return no_such_format(Format::log, "run", "text, json or csv: this lesson has no log lines");
      return lines;
    }
  }
  return views::text(run, text_style(common.language));
}

Result<int> run_lesson(const RunOptions& options, const Common& common) {
  const auto exported = export_settings(options, common);
  if (!exported) return exported.error();
  const auto catalogue = load_catalogue(common);
  if (!catalogue) return catalogue.error();
  const auto lesson = find_lesson(*catalogue, options.lesson);
  if (!lesson) return lesson.error();
  auto parameters = chosen_parameters(*lesson, options.scenario, options.settings, common);
  if (!parameters) return parameters.error();
  const auto backend = open_backend(common);
  if (!backend) return backend.error();
  const auto run = compute(*lesson, options.scenario, *std::move(parameters), catalogue->root, **backend);
  if (!run) return run.error();
  const auto view = view_of(*run, common);
  if (!view) return view.error();
  if (!exported->formats.empty()) {
    if (const auto written = views::export_run(*run, *exported); !written) return written.error();
  }
  if (const auto printed = print(*view); !printed) return printed.error();
  return run->report.all_checks_passed() ? 0 : 1;
}

}  // namespace

Handler declare_run(CLI::App& cli) {
  const auto options = std::make_shared<RunOptions>();
  cli.add_option("LESSON", options->lesson, "id of a lesson, or a lesson's folder")->required();
  cli.add_option("--set", options->settings, "a parameter, by its name or symbol; may be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  cli.add_option("--scenario", options->scenario, "start from this scenario of the lesson")->type_name("NAME");
  cli.add_option("--out", options->out, "folder for exported files")->type_name("DIR");
  cli.add_option("--export", options->formats, "what to export, for example png,svg")
      ->type_name("png,svg,pdf,csv,json,html");
  return [options](const Common& common) { return run_lesson(*options, common); };
}

}  // namespace qlab::cli
