#include "core/memory/fit/profile.hpp"

#include <algorithm>

#include "core/memory/fit/json_file.hpp"

namespace qlab {
namespace {

constexpr double most_rank = 65536;

Dtype read_type(JsonObject& object, const char* key, Dtype half) {
  enum class Width { sixteen, thirty_two };
  return object.choice<Width>(key, {{"half", Width::sixteen}, {"fp32", Width::thirty_two}}) == Width::thirty_two
             ? Dtype::f32
             : half;
}

Text read_text(JsonObject& object, const char* key, const std::string& where) {
  const auto* value = object.find(key);
  if (value == nullptr || !value->is_object()) {
    object.refuse(key, R"(give {"en": "...", "zh": "..."})");
    return {};
  }
  JsonObject both(*value, where + ", " + key);
  both.allow({"en", "zh"});
  Text text{both.text("en"), both.text("zh")};
  if (both.error()) object.refuse(key, R"(give {"en": "...", "zh": "..."})");
  return text;
}

std::vector<std::string> read_targets(JsonObject& object) {
  const auto* value = object.find("targets");
  const bool sound = value != nullptr && value->is_array() && !value->empty() &&
                     std::all_of(value->begin(), value->end(), [](const auto& name) { return name.is_string(); });
  if (sound) return value->get<std::vector<std::string>>();
  object.refuse("targets", R"(give a list: ["all-linear"], ["qv"], ["qkvo"] or names of Linears)");
  return {};
}

}  // namespace

Result<Profile> parse_profile(std::string_view json, const std::string& where) {
  const auto document = parse_json(json, where);
  if (!document) return document.error();
  JsonObject object(*document, where);
  object.allow({"format_version", "name", "summary", "differs", "half", "full_weights", "lora_base", "unquantized",
                "adapters", "double_quantization", "linear4bit_keeps_input", "autocast", "attention", "checkpointing",
                "optimizer", "outputs", "rank", "targets", "lora_dropout"});
  Profile profile;
  object.number("format_version", 1, 1);
  profile.name = object.text("name");
  profile.summary = read_text(object, "summary", where);
  if (object.find("differs") != nullptr) profile.differs = read_text(object, "differs", where);
  profile.half = object.choice<Dtype>("half", {{"bf16", Dtype::bf16}, {"fp16", Dtype::f16}});
  profile.full_weights = read_type(object, "full_weights", profile.half);
  profile.lora_base = read_type(object, "lora_base", profile.half);
  profile.unquantized = read_type(object, "unquantized", profile.half);
  profile.adapters = read_type(object, "adapters", profile.half);
  profile.double_quantization = object.flag("double_quantization");
  profile.linear4bit_keeps_input = object.flag("linear4bit_keeps_input");
  profile.autocast = object.flag("autocast");
  profile.attention =
      object.choice<AttentionKernel>("attention", {{"sdpa", AttentionKernel::sdpa}, {"eager", AttentionKernel::eager}});
  profile.checkpointing = object.choice<Checkpointing>("checkpointing", {{"none", Checkpointing::none},
                                                                         {"nonreentrant", Checkpointing::nonreentrant},
                                                                         {"reentrant", Checkpointing::reentrant}});
  profile.optimizer = object.choice<Optimizer>("optimizer", {{"adamw_torch_foreach", Optimizer::adamw_foreach},
                                                             {"adamw_torch_fused", Optimizer::adamw_fused},
                                                             {"adamw_bnb_8bit", Optimizer::adamw_8bit},
                                                             {"paged_adamw_8bit", Optimizer::paged_adamw_8bit},
                                                             {"paged_adamw_32bit", Optimizer::paged_adamw_32bit},
                                                             {"sgd", Optimizer::sgd}});
  profile.outputs = object.choice<OutputLifetime>("outputs", {{"until_backward", OutputLifetime::until_backward},
                                                              {"through_backward", OutputLifetime::through_backward},
                                                              {"through_step", OutputLifetime::through_step}});
  const double rank = object.number("rank", 1, most_rank);
  profile.rank = static_cast<std::int64_t>(rank);
  if (static_cast<double>(profile.rank) != rank) object.refuse("rank", "use a whole number");
  profile.targets = read_targets(object);
  profile.lora_dropout = object.number("lora_dropout", 0, 0.99);
  if (object.error()) return *object.error();
  return profile;
}

Result<Profile> load_profile(const std::filesystem::path& file) {
  const auto text = read_json_text(file);
  if (!text) return text.error();
  return parse_profile(*text, file.string());
}

StepSettings settings_of(const Profile& profile, TrainingMethod method, const ModelShape& shape) {
  StepSettings settings;
  settings.method = method;
  settings.attention = shape.attention_softcap ? AttentionKernel::eager : profile.attention;
  settings.checkpointing = profile.checkpointing;
  settings.optimizer = profile.optimizer;
  settings.half = profile.half;
  settings.base = method == TrainingMethod::full ? profile.full_weights : profile.lora_base;
  settings.adapters_fp32 = profile.adapters == Dtype::f32;
  settings.kbit_preparation = profile.unquantized == Dtype::f32;
  settings.double_quantization = profile.double_quantization;
  settings.linear4bit_keeps_input = profile.linear4bit_keeps_input;
  settings.autocast = profile.autocast;
  settings.outputs = profile.outputs;
  if (method != TrainingMethod::full) {
    LoraSettings lora{profile.rank, {}, profile.lora_dropout};
    for (const std::string& named : profile.targets) {
      for (std::string& target : lora_targets(shape, named)) lora.targets.push_back(std::move(target));
    }
    settings.lora = std::move(lora);
  }
  return settings;
}

}  // namespace qlab
