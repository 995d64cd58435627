#include "core/memory/fit/reference.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/units.hpp"
#include "core/memory/fit/json_file.hpp"
#include "core/memory/fit/profile.hpp"
#include "core/memory/step/step_cases.hpp"

namespace qlab {
namespace {

using Json = nlohmann::json;

Result<Json> load_json(const std::filesystem::path& file) {
  const auto text = read_json_text(file);
  if (!text) return text.error();
  return parse_json(*text, file.string());
}

/// The row's source and one of its measured values, in bytes.
Result<std::pair<std::string, std::int64_t>> figure_of(const Json& rows, const Json& run) {
  const Json& row = rows.at(run.at("row").get<std::size_t>());
  const Json* value = &row.at("measured");
  for (const Json& key : run.at("value")) value = &value->at(key.get<std::string>());
  return std::pair{row.at("source").get<std::string>(),
                   static_cast<std::int64_t>(std::llround(value->get<double>() * bytes_per_GB))};
}

Result<Plan> plan_of(const Json& run, const std::filesystem::path& assets) {
  const auto shape = load_model_shape(assets / "models" / (run.at("model").get<std::string>() + ".json"));
  if (!shape) return shape.error();
  const auto profile = load_profile(assets / "profiles" / (run.at("profile").get<std::string>() + ".json"));
  if (!profile) return profile.error();
  const auto method = run.at("method") == "qlora" ? TrainingMethod::qlora : TrainingMethod::lora;
  Plan plan{*shape, settings_of(*profile, method, *shape), false};
  plan.settings.seq = run.at("seq").get<std::int64_t>();
  plan.settings.batch = run.at("batch").get<std::int64_t>();
  if (run.contains("rank")) plan.settings.lora->rank = run.at("rank").get<std::int64_t>();
  if (run.value("checkpointing", "") == "reentrant") plan.settings.checkpointing = Checkpointing::reentrant;
  return plan;
}

/// `read` with a document that lacks what it looks for turned into our error.
template <class Read>
auto guarded(const std::filesystem::path& file, Read read) -> decltype(read()) {
  try {
    return read();
  } catch (const Json::exception& error) {
    return Error{Errc::bad_file, std::string("a row lacks something: ") + error.what(), file.string(),
                 "restore the file as it was installed"};
  }
}

}  // namespace

Result<Published> load_published(const std::filesystem::path& assets) {
  const auto file = assets / "reference" / "published_runs.json";
  const auto figures = load_json(assets / "reference" / "published.json");
  if (!figures) return figures.error();
  const auto document = load_json(file);
  if (!document) return document.error();
  return guarded(file, [&]() -> Result<Published> {
    const Json& rows = figures->at("rows");
    Published published;
    for (const Json& run : document->at("comparable")) {
      const auto figure = figure_of(rows, run);
      if (!figure) return figure.error();
      auto plan = plan_of(run, assets);
      if (!plan) return plan.error();
      published.runs.push_back({run.at("name").get<std::string>(), figure->first, figure->second, *std::move(plan),
                                run.at("of") == "process"});
    }
    for (const Json& other : document->at("not_comparable")) {
      const Json& reason = other.at("reason");
      published.others.push_back({other.at("name").get<std::string>(),
                                  {reason.at("en").get<std::string>(), reason.at("zh").get<std::string>()}});
    }
    return published;
  });
}

Result<std::vector<FakeTensorRun>> load_fake_tensor_runs(const std::filesystem::path& file) {
  const auto document = load_json(file);
  if (!document) return document.error();
  return guarded(file, [&]() -> Result<std::vector<FakeTensorRun>> {
    std::vector<FakeTensorRun> runs;
    for (const Json& row : document->at("runs")) {
      const Json& settings = row.at("settings");
      const std::string where = fmt::format("{}, run {}", file.string(), runs.size());
      const auto shape =
          parse_model_shape(document->at("configs").at(settings.at("model").get<std::string>()).dump(), where);
      if (!shape) return shape.error();
      const auto read = parse_step_settings(settings.dump(), *shape, where);
      if (!read) return read.error();
      FakeTensorRun run{row.at("id").get<std::string>(),
                        {*shape, *read, false},
                        row.at("peak_bytes").get<std::int64_t>(),
                        row.at("fitcheck_percent").get<double>(),
                        {}};
      if (row.at("accelerate_percent").is_number()) run.accelerate_percent = row["accelerate_percent"].get<double>();
      runs.push_back(std::move(run));
    }
    return runs;
  });
}

}  // namespace qlab
