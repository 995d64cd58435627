#include "core/training/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <numeric>

#include "core/base/check.hpp"
#include "core/base/normal.hpp"
#include "core/tensor/tensor_file.hpp"
#include "core/training/loss.hpp"
#include "core/training/rotary.hpp"

namespace qlab::training {
namespace {

constexpr std::array<std::pair<std::string_view, Method>, 3> methods = {
    {{"full", Method::full}, {"lora", Method::lora}, {"qlora", Method::qlora}}};
constexpr double hopeless = 4;  // times the loss of guessing: no run comes back from there

/// Names the first line in which two descriptions of a run differ.
Error other_run(const std::filesystem::path& file, std::string_view theirs, std::string_view ours) {
  const auto take_line = [](std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    return line;
  };
  std::string_view began, now;
  while (began == now && !(theirs.empty() && ours.empty())) {
    began = take_line(theirs);
    now = take_line(ours);
  }
  return {Errc::bad_argument, fmt::format("the run was begun with '{}', not with '{}'", began, now), file.string(),
          "resume with the same options, or start anew without --resume"};
}

}  // namespace

Result<Method> parse_method(std::string_view name) {
  for (const auto& [known, method] : methods) {
    if (known == name) return method;
  }
  return Error{Errc::not_found, fmt::format("there is no method '{}'", name), "", "use one of full, lora, qlora"};
}

std::string_view name_of(Method method) {
  return std::ranges::find(methods, method, &std::pair<std::string_view, Method>::second)->first;
}

Result<QuantizeSettings> quantization_of(std::string_view type, int block_size, bool double_quantization) {
  auto format = find_format(type);
  if (!format) return format.error();
  QuantizeSettings settings;
  settings.format = *std::move(format);
  settings.block_size = block_size;
  settings.constants = double_quantization ? ConstantType::dynamic8 : ConstantType::fp32;
  return settings;
}

Result<Done> prepare(Engine& engine, Decoder& decoder, TrainSettings& settings, const std::filesystem::path& adapter) {
  if (settings.method == Method::full) return Done{};
  if (settings.method == Method::qlora) {
    for (Linear* linear : decoder.linears()) {
      if (auto quantized = quantize_weight(engine, *linear, settings.quantization); !quantized) return quantized;
    }
  }
  if (adapter.empty()) return attach_adapters(engine, decoder, settings.lora);
  auto loaded = load_adapters(engine, decoder, adapter);
  if (!loaded) return loaded.error();
  settings.lora = *std::move(loaded);
  return Done{};
}

double learning_rate_at(const TrainSettings& settings, std::int64_t step) {
  const auto fraction = [](std::int64_t part, std::int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
  };
  if (step < settings.warmup) return settings.learning_rate * fraction(step, settings.warmup);
  if (settings.schedule == Schedule::constant) return settings.learning_rate;
  const double done = fraction(step - settings.warmup, std::max<std::int64_t>(1, settings.steps - settings.warmup));
  return settings.learning_rate * 0.5 * (1 + cosine_sine(std::numbers::pi * std::min(done, 1.0)).cosine);
}

Trainer::Trainer(Engine& engine, Decoder& decoder, const TrainSettings& settings)
    : engine_(engine),
      decoder_(decoder),
      settings_(settings),
      parameters_(decoder.trainable()),
      optimizer_(Optimizer::create(engine, settings.optimizer, parameters_)) {}

Error Trainer::diverged(const char* what, double value) const {
  return {Errc::bad_argument, fmt::format("the run diverges: the {} is {:.4g}", what, value),
          fmt::format("step {}", steps_done() + 1),
          fmt::format("use a smaller --lr than {:g}, or --clip 1, or --warmup", settings_.learning_rate)};
}

Result<StepResult> Trainer::step(std::span<const Batch> batches) {
  const std::int64_t step = steps_done();
  for (Parameter* parameter : parameters_) parameter->gradient.release();
  const auto targets = [](std::int64_t sum, const Batch& batch) { return sum + batch.targets(); };
  const std::int64_t all = std::accumulate(batches.begin(), batches.end(), std::int64_t{0}, targets);
  StepResult result;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    PassSettings settings;
    settings.checkpointing = settings_.checkpointing;
    if (settings_.lora.dropout > 0) {
      settings.dropout_seed = settings_.seed + (static_cast<std::uint64_t>(step) << 24) + (std::uint64_t{i} << 56);
    }
    Pass pass(engine_, decoder_, batches[i], settings);
    result.loss += pass.forward(static_cast<double>(batches[i].targets()) / static_cast<double>(all));
    pass.backward();
  }
  result.gradient_norm = gradient_norm(engine_, parameters_);
  const double chance = natural_log(static_cast<double>(decoder_.config.vocab_size));
  if (!(result.loss < hopeless * chance)) return diverged("loss", result.loss);
  if (!std::isfinite(result.gradient_norm)) return diverged("gradient's norm", result.gradient_norm);
  if (settings_.clip > 0) clip_gradients(engine_, parameters_, result.gradient_norm, settings_.clip);
  optimizer_->step(learning_rate_at(settings_, step));
  history_.push_back(result);
  return result;
}

Result<Done> Trainer::save(const std::filesystem::path& file, const std::string& run) const {
  std::vector<NamedBytes> tensors = optimizer_->states();
  for (const Parameter* one : parameters_) tensors.push_back(named_floats(one->name, one->shape, one->value.values()));
  nlohmann::json history = nlohmann::json::array();
  for (const StepResult& one : history_) history.push_back({one.loss, one.gradient_norm});
  return write_safetensors(file, tensors,
                           {{"run", run}, {"steps", std::to_string(steps_done())}, {"history", history.dump()}});
}

Result<Done> Trainer::restore(const std::filesystem::path& file, const std::string& run) {
  const auto state = open_tensor_file(file);
  if (!state) return state.error();
  const auto text = [&](std::string_view key) {
    const auto found = std::ranges::find(state->metadata, key, &FileMetadata::value_type::first);
    return found == state->metadata.end() ? std::string() : found->second;
  };
  if (text("run") != run) return other_run(file, text("run"), run);
  const auto history = nlohmann::json::parse(text("history"), nullptr, false);
  const bool readable = history.is_array() && std::ranges::all_of(history, [](const nlohmann::json& one) {
                          return one.is_array() && one.size() == 2 && one[0].is_number() && one[1].is_number();
                        });
  if (!readable || text("steps") != std::to_string(history.size())) {
    return Error{Errc::bad_file, "this is no state of a training run", file.string(), "start anew without --resume"};
  }
  history_.clear();
  for (const auto& one : history) history_.push_back({one[0].get<double>(), one[1].get<double>()});
  for (Parameter* one : parameters_) {
    const auto tensor = state->find(one->name);
    if (!tensor) return tensor.error();
    if ((*tensor)->shape != one->shape) {
      return Error{Errc::bad_file,
                   fmt::format("{} is {}, in the model {}", one->name, text_of_shape((*tensor)->shape),
                               text_of_shape(one->shape)),
                   file.string(), "resume with the model that the run began with"};
    }
    if (auto read = read_f32(**tensor, 0, one->value.values()); !read) return read;
  }
  return optimizer_->restore(*state, static_cast<std::int64_t>(history_.size()));
}

double evaluate(Engine& engine, Decoder& decoder, const Batch& batch) {
  const std::int64_t targets = batch.targets();
  QLAB_CHECK(targets > 0);
  Pass pass(engine, decoder, batch, {});
  pass.forward_logits();
  const auto losses = token_losses(engine, batch, pass.logits(), decoder.config.vocab_size);
  return std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(targets);
}

}  // namespace qlab::training
