#include "core/training/adapter.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/atomic_file.hpp"
#include "core/base/check.hpp"
#include "core/base/mapped_file.hpp"
#include "core/tensor/finite.hpp"
#include "core/tensor/generate_body.hpp"
#include "core/tensor/tensor_file.hpp"
#include "core/training/safetensors_file.hpp"

namespace qlab::training {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* weights_file = "adapter_model.safetensors";
constexpr const char* config_file = "adapter_config.json";
constexpr std::int64_t largest_rank = 65536;

Result<Done> check(const LoraSettings& settings) {
  if (settings.rank < 1 || settings.rank > largest_rank) {
    return Error{Errc::bad_argument, fmt::format("the rank is {}", settings.rank), "", "use 1 or more, for example 8"};
  }
  if (!(settings.alpha > 0) || !std::isfinite(settings.alpha)) {
    return Error{Errc::bad_argument, fmt::format("alpha is {}", settings.alpha), "", "use a positive number"};
  }
  if (!(settings.dropout >= 0 && settings.dropout < 1)) {
    return Error{Errc::bad_argument, fmt::format("the dropout is {}", settings.dropout), "", "use 0 to below 1"};
  }
  for (const std::string& target : settings.targets) {
    if (std::ranges::find(linear_names, target) == linear_names.end()) {
      return Error{Errc::bad_argument, fmt::format("there is no layer '{}' to adapt", target), "",
                   fmt::format("use one or more of {}", fmt::join(linear_names, ", "))};
    }
  }
  return Done{};
}

bool is_target(const LoraSettings& settings, std::string_view name) {
  return settings.targets.empty() || std::ranges::find(settings.targets, name) != settings.targets.end();
}

/// "model.layers.0.self_attn.q_proj" of a linear layer.
std::string module_of(const Linear& linear) {
  return linear.name().substr(0, linear.name().size() - std::string_view(".weight").size());
}

Adapter make_adapter(Engine& engine, const Linear& linear, const LoraSettings& settings, std::uint64_t stream) {
  Adapter adapter;
  adapter.rank = settings.rank;
  adapter.scale = static_cast<float>(settings.alpha / static_cast<double>(settings.rank));
  adapter.dropout = settings.dropout;
  adapter.stream = stream;
  const auto part = [&](Parameter& parameter, const char* name, std::int64_t rows, std::int64_t columns) {
    parameter.name = fmt::format("base_model.model.{}.{}.weight", module_of(linear), name);
    parameter.shape = {rows, columns};
    parameter.value = engine.memory().floats(rows * columns, MemoryKind::weights);
  };
  part(adapter.a, "lora_A", settings.rank, linear.inputs);
  part(adapter.b, "lora_B", linear.outputs, settings.rank);
  return adapter;
}

/// Calls fill(linear, adapter) for a new adapter of every target.
template <class Fill>
Result<Done> attach(Engine& engine, Decoder& decoder, const LoraSettings& settings, const Fill& fill) {
  freeze(decoder);
  std::uint64_t stream = 0;
  for (DecoderLayer& layer : decoder.layers) {
    for (std::size_t i = 0; i < linear_names.size(); ++i, ++stream) {
      if (!is_target(settings, linear_names[i])) continue;
      Linear& linear = *layer.linears()[i];
      Adapter adapter = make_adapter(engine, linear, settings, stream);
      if (Result<Done> filled = fill(linear, adapter); !filled) return filled;
      linear.adapter = std::move(adapter);
    }
  }
  return Done{};
}

Result<LoraSettings> read_config(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  if (!file) return file.error();
  const auto bytes = file->bytes();
  const Json config = Json::parse(bytes, nullptr, false);
  const auto refuse = [&](Errc code, const std::string& what, const char* hint) {
    return Error{code, what, path.string(), hint};
  };
  if (!config.is_object()) return refuse(Errc::bad_file, "this is no JSON object", "use the file that PEFT wrote");
  if (config.value("peft_type", Json()) != "LORA") {
    return refuse(Errc::unsupported, "peft_type is " + config.value("peft_type", Json()).dump(), "use LORA");
  }
  for (const char* key : {"use_dora", "use_rslora", "fan_in_fan_out", "lora_bias"}) {
    if (config.value(key, Json(false)) == true) {
      return refuse(Errc::unsupported, fmt::format("{} is true", key), "use plain LoRA");
    }
  }
  for (const char* key : {"rank_pattern", "alpha_pattern", "modules_to_save", "layers_to_transform"}) {
    const Json value = config.value(key, Json());
    if (!value.is_null() && !value.empty()) {
      return refuse(Errc::unsupported, fmt::format("{} is {}", key, value.dump()), "use one rank for all layers");
    }
  }
  if (config.value("bias", Json("none")) != "none") {
    return refuse(Errc::unsupported, "bias is " + config["bias"].dump(), "use none");
  }
  const Json rank = config.value("r", Json());
  const Json alpha = config.value("lora_alpha", Json());
  const Json dropout = config.value("lora_dropout", Json(0.0));
  const Json targets = config.value("target_modules", Json());
  const bool readable = rank.is_number_integer() && alpha.is_number() && dropout.is_number() && targets.is_array() &&
                        std::ranges::all_of(targets, [](const Json& one) { return one.is_string(); });
  if (!readable) {
    return refuse(Errc::bad_file, "r, lora_alpha, lora_dropout or target_modules cannot be read",
                  "use the file that PEFT wrote, with target_modules as a list of names");
  }
  LoraSettings settings;
  settings.rank = rank.get<std::int64_t>();
  settings.alpha = alpha.get<double>();
  settings.dropout = dropout.get<double>();
  settings.targets = targets.get<std::vector<std::string>>();
  if (auto checked = check(settings); !checked) {
    Error error = checked.error();
    error.where = path.string();
    return error;
  }
  return settings;
}

Result<Done> read_part(const TensorFile& file, const Linear& linear, Parameter& part) {
  const auto tensor = file.find(part.name);
  if (!tensor) {
    return Error{Errc::bad_file, fmt::format("the adapter has no tensor {}", part.name), file.path.string(),
                 fmt::format("the model has {} {}; use an adapter that was made for it", linear.name(),
                             text_of_shape(linear.weight.shape))};
  }
  const TensorView& view = **tensor;
  if (view.shape != part.shape) {
    return Error{Errc::bad_file,
                 fmt::format("{} is {}, but {} {} of the model needs {}", view.name, text_of_shape(view.shape),
                             linear.name(), text_of_shape(linear.weight.shape), text_of_shape(part.shape)),
                 file.path.string(), "use an adapter that was made for this model"};
  }
  if (auto read = read_f32(view, 0, part.value.values()); !read) return read.error();
  if (const auto place = find_nonfinite(part.value.values())) {
    return Error{Errc::bad_file, fmt::format("value {} of {} is not finite", *place, view.name), file.path.string(),
                 "use another adapter"};
  }
  return Done{};
}

}  // namespace

Result<Done> attach_adapters(Engine& engine, Decoder& decoder, const LoraSettings& settings) {
  if (auto checked = check(settings); !checked) return checked;
  std::int64_t first = 0;
  return attach(engine, decoder, settings, [&](Linear& linear, Adapter& adapter) -> Result<Done> {
    // The standard deviation of a uniform distribution is its half width over sqrt(3).
    const UniformElement element{settings.seed, 1 / std::sqrt(3.0 * static_cast<double>(linear.inputs))};
    for (float& value : adapter.a.value.values()) value = element(first++);
    std::ranges::fill(adapter.b.value.values(), 0.0F);
    return Done{};
  });
}

Result<LoraSettings> load_adapters(Engine& engine, Decoder& decoder, const std::filesystem::path& folder) {
  auto settings = read_config(folder / config_file);
  if (!settings) return settings;
  const auto file = open_tensor_file(folder / weights_file);
  if (!file) return file.error();
  std::size_t used = 0;
  auto attached = attach(engine, decoder, *settings, [&](Linear& linear, Adapter& adapter) -> Result<Done> {
    used += 2;
    if (auto read = read_part(*file, linear, adapter.a); !read) return read;
    return read_part(*file, linear, adapter.b);
  });
  if (!attached) return attached.error();
  if (used != file->tensors.size()) {
    return Error{Errc::bad_file,
                 fmt::format("the adapter has {} tensors, the model takes {}", file->tensors.size(), used),
                 file->path.string(), "use an adapter that was made for this model"};
  }
  return settings;
}

Result<Done> save_adapters(const Decoder& decoder, const LoraSettings& settings, const std::string& base_model,
                           const std::filesystem::path& folder) {
  std::vector<NamedBytes> tensors;
  for (const DecoderLayer& layer : decoder.layers) {
    for (const Linear* linear : layer.linears()) {
      if (!linear->adapter) continue;
      for (const Parameter* part : {&linear->adapter->a, &linear->adapter->b}) {
        tensors.push_back(named_floats(part->name, part->shape, part->value.values()));
      }
    }
  }
  std::vector<std::string> targets = settings.targets;
  if (targets.empty()) targets.assign(linear_names.begin(), linear_names.end());
  const Json config = {
      {"base_model_name_or_path", base_model.empty() ? Json() : Json(base_model)},
      {"bias", "none"},
      {"fan_in_fan_out", false},
      {"inference_mode", true},
      {"init_lora_weights", true},
      {"lora_alpha", settings.alpha},
      {"lora_dropout", settings.dropout},
      {"modules_to_save", nullptr},
      {"peft_type", "LORA"},
      {"r", settings.rank},
      {"target_modules", targets},
      {"task_type", "CAUSAL_LM"},
      {"use_dora", false},
      {"use_rslora", false},
  };
  return write_folder(folder, [&](const std::filesystem::path& place) -> Result<Done> {
    if (auto written = write_safetensors(place / weights_file, tensors, {{"format", "pt"}}); !written) return written;
    return write_file(place / config_file, config.dump(2) + "\n");
  });
}

void merge_adapters(Engine& engine, Decoder& decoder) {
  for (Linear* linear : decoder.linears()) {
    if (!linear->adapter) continue;
    const Buffer merged = merged_weight(engine, *linear);
    if (linear->quantized) {
      linear->quantized.reset();
      linear->quantized_bytes.release();
      linear->weight.value = engine.memory().floats(linear->weight.size(), MemoryKind::weights);
    }
    std::ranges::copy(merged.values(), linear->weight.value.data());
    linear->adapter.reset();
  }
}

void unmerge_adapter(Engine& engine, Linear& linear, Adapter adapter) {
  QLAB_CHECK(!linear.quantized && !linear.adapter);
  engine.multiply(Matrix::dense(adapter.b.value.data(), linear.outputs, adapter.rank),
                  Matrix::dense(adapter.a.value.data(), adapter.rank, linear.inputs),
                  {linear.weight.value.data(), linear.inputs, -adapter.scale, true});
  linear.adapter = std::move(adapter);
}

}  // namespace qlab::training
