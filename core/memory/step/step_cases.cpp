#include "core/memory/step/step_cases.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

namespace qlab {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t max_batch = 65'536;
constexpr std::int64_t max_seq = 16'777'216;
constexpr std::int64_t max_rank = 65'536;
constexpr std::int64_t max_accumulation = 1'024;

template <class Value, std::size_t count>
using Names = std::array<std::pair<std::string_view, Value>, count>;

constexpr Names<AttentionKernel, 2> attention_names{
    {{"eager", AttentionKernel::eager}, {"sdpa", AttentionKernel::sdpa}}};
constexpr Names<Checkpointing, 3> checkpointing_names{{{"none", Checkpointing::none},
                                                       {"nonreentrant", Checkpointing::nonreentrant},
                                                       {"reentrant", Checkpointing::reentrant}}};
constexpr Names<Optimizer, 6> optimizer_names{{{"adamw_torch_foreach", Optimizer::adamw_foreach},
                                               {"adamw_torch_fused", Optimizer::adamw_fused},
                                               {"adamw_bnb_8bit", Optimizer::adamw_8bit},
                                               {"paged_adamw_8bit", Optimizer::paged_adamw_8bit},
                                               {"paged_adamw_32bit", Optimizer::paged_adamw_32bit},
                                               {"sgd", Optimizer::sgd}}};
constexpr Names<Dtype, 2> half_names{{{"bf16", Dtype::bf16}, {"fp16", Dtype::f16}}};

struct Method {
  TrainingMethod method;
  bool fp32_base;
  bool adapters_fp32;
  bool kbit_preparation;
};
constexpr Names<Method, 7> method_names{{{"full_bf16", {TrainingMethod::full, false, true, false}},
                                         {"full_fp32", {TrainingMethod::full, true, true, false}},
                                         {"full_fp32_amp", {TrainingMethod::full, true, true, false}},
                                         {"lora_bf16", {TrainingMethod::lora, false, true, false}},
                                         {"lora_bf16_adapters_bf16", {TrainingMethod::lora, false, false, false}},
                                         {"qlora", {TrainingMethod::qlora, false, true, true}},
                                         {"qlora_noprep", {TrainingMethod::qlora, false, true, false}}}};
constexpr std::array<std::string_view, 16> known_keys{
    "model", "id",       "method",       "batch",        "seq",  "attn",  "ckpt",         "optimizer",
    "lora",  "autocast", "lora_dropout", "hold_outputs", "half", "flash", "accumulation", "single_quant"};

/// Reads keys one after the other and keeps the first error.
class SettingsReader {
 public:
  SettingsReader(const Json& object, const std::string& where) : object_(object), where_(where) {}

  template <class Value, std::size_t count>
  Value choice(const char* key, const Names<Value, count>& names, Value otherwise) {
    const auto found = object_.find(key);
    if (found == object_.end()) return otherwise;
    if (found->is_string()) {
      const auto& text = found->template get_ref<const std::string&>();
      for (const auto& [name, value] : names) {
        if (name == text) return value;
      }
    }
    std::string list;
    for (const auto& [name, value] : names) list += (list.empty() ? "" : ", ") + std::string(name);
    refuse(key, *found, "use one of " + list);
    return otherwise;
  }

  std::int64_t count(const char* key, std::int64_t maximum, std::int64_t otherwise) {
    const auto found = object_.find(key);
    if (found == object_.end()) return otherwise;
    return count_of(key, *found, maximum);
  }

  std::int64_t count_of(const char* key, const Json& value, std::int64_t maximum) {
    if (value.is_number_integer() && value >= 1 && value <= maximum) return value.get<std::int64_t>();
    refuse(key, value, fmt::format("use a whole number from 1 to {}", maximum));
    return 1;
  }

  bool flag(const char* key, bool otherwise) {
    const auto found = object_.find(key);
    if (found == object_.end()) return otherwise;
    if (found->is_boolean()) return found->get<bool>();
    refuse(key, *found, "use true or false");
    return otherwise;
  }

  double fraction(const char* key) {
    const auto found = object_.find(key);
    if (found == object_.end()) return 0;
    if (found->is_number() && *found >= 0 && *found < 1) return found->get<double>();
    refuse(key, *found, "use a number from 0 up to, but not, 1");
    return 0;
  }

  void refuse(const char* key, const Json& value, std::string hint) {
    std::string shown = value.dump(-1, ' ', true, Json::error_handler_t::replace);
    if (shown.size() > 40) shown = shown.substr(0, 40) + "...";
    if (!error_.has_value()) error_ = Error{Errc::bad_argument, fmt::format("{} is {}", key, shown), where_, hint};
  }
  void missing(const char* key, std::string hint) {
    if (!error_.has_value()) error_ = Error{Errc::bad_argument, fmt::format("{} is missing", key), where_, hint};
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  const Json& object_;
  const std::string& where_;
  std::optional<Error> error_;
};

OutputLifetime read_output_lifetime(SettingsReader& read, const Json& settings) {
  const auto found = settings.find("hold_outputs");
  if (found == settings.end() || *found == false) return OutputLifetime::until_backward;
  if (*found == true) return OutputLifetime::through_backward;
  if (*found == "step") return OutputLifetime::through_step;
  read.refuse("hold_outputs", *found, "use true, false or \"step\"");
  return OutputLifetime::until_backward;
}

std::optional<LoraSettings> read_lora(SettingsReader& read, const Json& settings, const ModelShape& shape) {
  const auto found = settings.find("lora");
  if (found == settings.end() || found->is_null()) return std::nullopt;
  LoraSettings lora;
  const std::string hint = "give [rank, targets], targets being qv, qkvo, all-linear or a list of names";
  if (!found->is_array() || found->size() != 2) {
    read.refuse("lora", *found, hint);
    return lora;
  }
  lora.rank = read.count_of("the rank of lora", (*found)[0], max_rank);
  const Json& targets = (*found)[1];
  if (targets.is_string()) {
    lora.targets = lora_targets(shape, targets.get<std::string>());
  } else if (targets.is_array() && !targets.empty() &&
             std::all_of(targets.begin(), targets.end(), [](const Json& t) { return t.is_string(); })) {
    lora.targets = targets.get<std::vector<std::string>>();
  } else {
    read.refuse("lora", *found, hint);
  }
  lora.dropout = read.fraction("lora_dropout");
  return lora;
}

}  // namespace

Result<StepSettings> parse_step_settings(std::string_view json, const ModelShape& shape, const std::string& where) {
  const Json settings = Json::parse(json, nullptr, false);
  if (!settings.is_object()) {
    return Error{Errc::bad_argument, "the settings are no JSON object", where, "give them as {\"method\": ...}"};
  }
  SettingsReader read(settings, where);
  for (const auto& [key, value] : settings.items()) {
    if (std::find(known_keys.begin(), known_keys.end(), key) == known_keys.end()) {
      return Error{Errc::bad_argument, fmt::format("unknown setting \"{}\"", key.substr(0, 40)), where,
                   fmt::format("use some of {}", fmt::join(known_keys, ", "))};
    }
  }
  for (const char* key : {"method", "batch", "seq"}) {
    if (!settings.contains(key)) read.missing(key, "method, batch and seq must be given");
  }
  StepSettings result;
  const Method method = read.choice("method", method_names, method_names[0].second);
  result.method = method.method;
  result.adapters_fp32 = method.adapters_fp32;
  result.kbit_preparation = method.kbit_preparation;
  result.half = read.choice("half", half_names, Dtype::bf16);
  result.base = method.fp32_base ? Dtype::f32 : result.half;
  result.batch = read.count("batch", max_batch, 1);
  result.seq = read.count("seq", max_seq, 1);
  result.attention = read.choice("attn", attention_names, AttentionKernel::sdpa);
  result.checkpointing = read.choice("ckpt", checkpointing_names, Checkpointing::none);
  result.optimizer = read.choice("optimizer", optimizer_names, Optimizer::adamw_foreach);
  result.lora = read_lora(read, settings, shape);
  result.autocast = read.flag("autocast", false);
  result.outputs = read_output_lifetime(read, settings);
  result.double_quantization = !read.flag("single_quant", false);
  result.flash_attention = read.flag("flash", true);
  result.accumulation = read.count("accumulation", max_accumulation, 1);
  if ((result.method == TrainingMethod::full) != !result.lora) {
    read.refuse("lora", settings.value("lora", Json()), "full methods take null, the others [rank, targets]");
  }
  if (read.error()) return *read.error();
  return result;
}

}  // namespace qlab
