#include "core/memory/fit/measured_runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/memory/fit/json_file.hpp"
#include "core/memory/step/simulate.hpp"
#include "core/memory/step/step_cases.hpp"

namespace qlab {
namespace {

using Json = nlohmann::json;

constexpr double bytes_per_MiB = 1024.0 * 1024.0;

/// The keys of a published config.json, made of those of a measured run's model_config.
Json config_of(const Json& model) {
  constexpr std::array<std::pair<const char*, const char*>, 9> names{{{"model_type", "model_type"},
                                                                      {"hidden_size", "hidden_size"},
                                                                      {"num_layers", "num_hidden_layers"},
                                                                      {"num_attention_heads", "num_attention_heads"},
                                                                      {"num_kv_heads", "num_key_value_heads"},
                                                                      {"intermediate_size", "intermediate_size"},
                                                                      {"vocab_size", "vocab_size"},
                                                                      {"head_dim", "head_dim"},
                                                                      {"tie_word_embeddings", "tie_word_embeddings"}}};
  Json config = model;  // whatever else a config.json may say is read as such
  for (const auto& [theirs, ours] : names) {
    if (model.contains(theirs)) config[ours] = model[theirs];
  }
  return config;
}

/// The run's settings in the form that parse_step_settings reads.
Json settings_of(const Json& run, const CardOverheads& overheads) {
  const bool nf4 = run.at("quantization") == "nf4";
  const auto optimizer = run.at("optimizer").get<std::string>();
  const auto precision = run.at("precision").get<std::string>();
  Json settings = {{"method", nf4 ? "qlora" : "lora_bf16"},
                   {"batch", run.at("batch")},
                   {"seq", run.at("seq")},
                   {"attn", run.at("attn")},
                   {"ckpt", run.at("grad_checkpoint").get<bool>() ? "nonreentrant" : "none"},
                   {"optimizer", optimizer == "adamw" ? "adamw_torch_foreach" : optimizer},
                   {"lora", {run.at("lora_rank"), run.at("lora_targets")}},
                   {"hold_outputs", "step"},
                   {"half", precision},
                   {"single_quant", !run.value("double_quant", false)},
                   {"flash", overheads.flash_attention}};
  return settings;
}

std::optional<double> estimator_error(const Json& run) {
  const Json measured = run.value(Json::json_pointer("/measured_mib/process_mib"), Json());
  const Json predicted = run.value(Json::json_pointer("/fitcheck_predicted_mib/total_mib"), Json());
  if (!measured.is_number() || !predicted.is_number() || !(measured > 0)) return std::nullopt;
  return 100 * (predicted.get<double>() / measured.get<double>() - 1);
}

}  // namespace

Result<std::vector<MeasuredRun>> parse_measured_runs(std::string_view json, const std::string& where,
                                                     std::span<const Card> cards) {
  const std::string hint = "each run needs the keys of the reference file's runs; see the command's help";
  const auto document = parse_json(json, where);
  if (!document) return document.error();
  const Json* runs = nullptr;
  if (document->is_array()) runs = &*document;
  if (document->is_object() && document->contains("runs")) runs = &(*document)["runs"];
  if (runs == nullptr || !runs->is_array()) {
    return Error{Errc::bad_file, "not a JSON document with a list of runs", where, "give {\"runs\": [...]}"};
  }
  std::vector<MeasuredRun> result;
  for (const Json& run : *runs) {
    const std::string place = fmt::format("{}, run {}", where, result.size());
    try {
      const auto shape = parse_model_shape(config_of(run.at("model_config")).dump(), place + ", model_config");
      if (!shape) return shape.error();
      if (run.at("quantization") != "nf4" && run.at("quantization") != "none") {
        return Error{Errc::bad_file, "quantization is neither nf4 nor none", place, "only these two are simulated"};
      }
      const Card* card = find_card(cards, run.value("gpu", ""));
      const CardOverheads overheads = card != nullptr ? card->overheads : CardOverheads{};
      auto settings = parse_step_settings(settings_of(run, overheads).dump(), *shape, place);
      if (!settings) return settings.error();
      const double measured = run.at("measured_mib").at("peak_allocated_mib").get<double>();
      if (!(measured > 0 && measured < 1e9)) {
        return Error{Errc::bad_file, "peak_allocated_mib is no size", place, "give MiB, greater than 0"};
      }
      MeasuredRun one;
      const auto model = run.value("model_id", shape->model_type);
      one.name = fmt::format("{} {} {} batch {} seq {}", model.substr(model.rfind('/') + 1),
                             run.at("quantization").get<std::string>(), run.at("attn").get<std::string>(),
                             settings->batch, settings->seq);
      one.shape = *shape;
      one.settings = *std::move(settings);
      one.measured_bytes = std::llround(measured * bytes_per_MiB);
      one.workspace_bytes = overheads.workspace_bytes;
      one.estimator_percent = estimator_error(run);
      result.push_back(std::move(one));
    } catch (const Json::exception& error) {
      return Error{Errc::bad_file, std::string("a run lacks something: ") + error.what(), place, hint};
    }
  }
  return result;
}

Result<std::vector<MeasuredRun>> load_measured_runs(const std::filesystem::path& file, std::span<const Card> cards) {
  const auto text = read_json_text(file);
  if (!text) return text.error();
  return parse_measured_runs(*text, file.string(), cards);
}

Result<std::int64_t> predicted_bytes(const MeasuredRun& run) {
  const auto step = simulate_figures(run.shape, run.settings);
  if (!step) return step.error();
  return step->peak_bytes_cuda + run.workspace_bytes;
}

}  // namespace qlab
