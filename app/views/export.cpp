#include "app/views/export.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "app/views/csv.hpp"
#include "app/views/html.hpp"
#include "app/views/json.hpp"
#include "core/base/atomic_file.hpp"

namespace qlab::views {
namespace {

namespace fs = std::filesystem;
using lessons::LessonRun;

struct NamedFormat {
  std::string_view name;
  ExportFormat format;
};
constexpr std::array<NamedFormat, 6> formats{{{"png", ExportFormat::png},
                                              {"svg", ExportFormat::svg},
                                              {"pdf", ExportFormat::pdf},
                                              {"csv", ExportFormat::csv},
                                              {"json", ExportFormat::json},
                                              {"html", ExportFormat::html}}};

struct File {
  std::string name;
  std::string content;
};

/// The picture of one chart in one of the formats that have pictures.
Result<std::string> picture(const chart::Scene& scene, ExportFormat format, double scale,
                            const chart::Metadata& metadata) {
  if (format == ExportFormat::png) return chart::encode_png(scene, scale, metadata);
  if (format == ExportFormat::pdf) return chart::encode_pdf(scene, metadata);
  return chart::encode_svg(scene, metadata);
}

Result<std::vector<File>> files_of(const LessonRun& run, ExportFormat format, const ExportSettings& settings) {
  const std::string& lesson = run.lesson->id;
  const Language language = settings.style.language;
  if (format == ExportFormat::json) return std::vector<File>{{lesson + ".json", json(run, language)}};
  if (format == ExportFormat::html) return std::vector<File>{{lesson + ".html", html(run, language)}};
  std::vector<File> files;
  if (format == ExportFormat::csv) {
    for (const Table& table : run.report.tables)
      files.push_back({lesson + "-" + table.name + ".csv", csv(table, language)});
    for (const Chart& one : run.report.charts) files.push_back({lesson + "-" + one.name + ".csv", csv(one, language)});
    return files;
  }
  for (const Chart& one : run.report.charts) {
    auto bytes = picture(chart::layout(one, settings.style), format, settings.scale, metadata_of(run));
    if (!bytes) return bytes.error();
    const auto row = std::find_if(formats.begin(), formats.end(), [&](auto& named) { return named.format == format; });
    files.push_back({fmt::format("{}-{}.{}", lesson, one.name, row->name), *std::move(bytes)});
  }
  return files;
}

}  // namespace

Result<std::vector<ExportFormat>> parse_export_formats(std::string_view typed) {
  std::vector<ExportFormat> chosen;
  while (true) {
    const std::size_t comma = typed.find(',');
    const std::string_view name = typed.substr(0, comma);
    const auto row = std::find_if(formats.begin(), formats.end(), [&](auto& named) { return named.name == name; });
    if (row == formats.end()) {
      return Error{Errc::bad_argument, fmt::format("--export of '{}'", name), "",
                   "use some of png,svg,pdf,csv,json,html"};
    }
    if (std::find(chosen.begin(), chosen.end(), row->format) == chosen.end()) chosen.push_back(row->format);
    if (comma == std::string_view::npos) return chosen;
    typed.remove_prefix(comma + 1);
  }
}

chart::Metadata metadata_of(const LessonRun& run) {
  std::string parameters;
  for (const ParameterSpec& spec : run.parameters.specs()) {
    parameters += (parameters.empty() ? "" : ", ") + spec.name + "=" + to_string(run.parameters.value(spec.name));
  }
  return {{"Lesson", run.lesson->id},
          {"Scenario", run.scenario},
          {"Parameters", parameters},
          {"Software", "QLoRA Lab " QLAB_VERSION},
          {"Command", run.command_line()}};
}

Result<std::vector<fs::path>> export_run(const LessonRun& run, const ExportSettings& settings) {
  std::vector<File> files;
  for (const ExportFormat format : settings.formats) {
    auto some = files_of(run, format, settings);
    if (!some) return some.error();
    std::move(some->begin(), some->end(), std::back_inserter(files));
  }
  std::error_code failure;
  fs::create_directories(settings.folder, failure);
  if (failure) return Error{Errc::io, "cannot make the folder", settings.folder.string(), failure.message()};
  std::vector<fs::path> written;
  for (const File& file : files) {
    written.push_back(settings.folder / file.name);
    if (auto done = write_file(written.back(), file.content); !done) return done.error();
  }
  return written;
}

}  // namespace qlab::views
