#include "core/training/base_model.hpp"

#include <cstdlib>

#include "core/training/hub_folder.hpp"
#include "core/training/text_task.hpp"
#include "core/training/trainer.hpp"

namespace qlab::training {
namespace {

// A change of anything below, of the sizes or of the grammar is another model: then the name takes the next number.
constexpr const char* folder_name = "base-model-1";
constexpr std::int64_t steps = 400, batch_size = 8, length = 96;
constexpr std::uint64_t seed = 1;

Result<Decoder> train(Engine& engine, const std::stop_token& stop, const std::function<void(double)>& progress) {
  Decoder decoder = make_decoder(engine, base_model_config());
  initialize(decoder, seed);
  TrainSettings settings;
  settings.learning_rate = 4e-3;
  settings.steps = steps;
  settings.warmup = steps / 20;
  settings.schedule = Schedule::cosine;
  settings.clip = 1;
  Trainer trainer(engine, decoder, settings);
  for (std::int64_t step = 0; step < steps; ++step) {
    if (stop.stop_requested()) return Error{Errc::cancelled, "the training of the base model was stopped", "", ""};
    const std::vector<Batch> batches = {sentence_batch(batch_size, length, seed, step)};
    if (auto done = trainer.step(batches); !done) return done.error();
    if (progress) progress(static_cast<double>(step + 1) / steps);
  }
  for (Parameter* one : decoder.trainable()) one->gradient.release();
  return decoder;
}

}  // namespace

ModelConfig base_model_config() {
  ModelConfig config;
  config.hidden_size = 64;
  config.intermediate_size = 176;
  config.num_layers = 2;
  config.num_heads = 4;
  config.num_key_value_heads = 4;
  config.head_dim = 16;
  config.max_positions = 256;
  return config;
}

std::filesystem::path base_model_folder() {
  const char* const cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && std::filesystem::path(cache).is_absolute()) {
    return std::filesystem::path(cache) / "qloralab" / folder_name;
  }
  const char* const home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') return {};
  return std::filesystem::path(home) / ".cache" / "qloralab" / folder_name;
}

namespace {

/// A cache that another version left behind or somebody damaged is as good as none.
Result<Decoder> from_cache(Engine& engine, const std::filesystem::path& folder) {
  auto cached = load_decoder(engine, folder);
  if (cached && !(cached->config == base_model_config())) {
    return Error{Errc::bad_file, "this is another model", folder.string(), "remove it"};
  }
  return cached;
}

}  // namespace

Result<Decoder> base_model(Engine& engine, const std::stop_token& stop, const std::function<void(double)>& progress) {
  const std::filesystem::path folder = base_model_folder();
  if (!folder.empty()) {
    if (auto cached = from_cache(engine, folder)) return cached;
  }
  auto trained = train(engine, stop, progress);
  if (trained && !folder.empty()) static_cast<void>(save_decoder(engine, *trained, folder));
  return trained;
}

Result<std::filesystem::path> cached_base_model() {
  std::filesystem::path folder = base_model_folder();
  if (folder.empty()) {
    return Error{Errc::io, "there is no place to keep the trained model", "", "set XDG_CACHE_HOME to a folder"};
  }
  Engine engine(0);
  if (from_cache(engine, folder)) return folder;
  auto trained = train(engine, {}, {});
  if (!trained) return trained.error();
  if (auto saved = save_decoder(engine, *trained, folder); !saved) return saved.error();
  return folder;
}

}  // namespace qlab::training
