// `qloralab estimate --cases`: each case of a file, answered in the form of the contract.
#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "app/cli/estimate.hpp"
#include "app/cli/estimate_json.hpp"
#include "app/cli/terminal.hpp"
#include "core/memory/fit/json_file.hpp"
#include "core/memory/step/step_cases.hpp"

namespace qlab::cli {
namespace {

Result<Json> answer_case(const nlohmann::json& one, const std::filesystem::path& folder, const std::string& where) {
  if (!one.is_object() || !one.contains("config") || !one["config"].is_string() || !one.contains("settings")) {
    return Error{Errc::bad_file, "a case lacks config or settings", where, R"(give "config": PATH, "settings": {...})"};
  }
  // A relative path counts from where the program runs, or else from the file of cases.
  std::filesystem::path config = one["config"].get<std::string>();
  if (config.is_relative() && !std::filesystem::exists(config)) config = folder / config;
  const auto shape = load_model_shape(config);
  if (!shape) return shape.error();
  const auto settings = parse_step_settings(one["settings"].dump(), *shape, where);
  if (!settings) return settings.error();
  const auto step = simulate_figures(*shape, *settings);
  if (!step) return Error{step.error().code, step.error().what, where, step.error().hint};
  const auto replay = replay_allocator(*shape, *settings);
  if (!replay) return replay.error();
  return step_json(*shape, *settings, *step, replay->peak_reserved_bytes);
}

}  // namespace

Result<int> estimate_cases(const std::string& file, const Common& common) {
  if (common.format != Format::json) return no_such_format(common.format, "estimate --cases", "json");
  const auto text = read_json_text(file);
  if (!text) return text.error();
  const auto cases = parse_json(*text, file);
  if (!cases) return cases.error();
  if (!cases->is_array()) {
    return Error{Errc::bad_file, "not a JSON array of cases", file, R"(give [{"config": ..., "settings": ...}])"};
  }
  const auto folder = std::filesystem::path(file).parent_path();
  Json answer = Json::array();
  std::optional<Error> first;
  std::size_t failures = 0;
  for (std::size_t i = 0; i < cases->size(); ++i) {
    auto one = answer_case((*cases)[i], folder, fmt::format("{}, case {}", file, i));
    if (one) {
      answer.push_back(*std::move(one));
    } else if (failures++ == 0) {
      first = one.error();
    }
  }
  if (first) {
    if (failures > 1) first->hint += fmt::format(" ({} other cases are wrong too)", failures - 1);
    return *first;
  }
  if (const auto printed = print(answer.dump(2) + "\n"); !printed) return printed.error();
  return 0;
}

}  // namespace qlab::cli
