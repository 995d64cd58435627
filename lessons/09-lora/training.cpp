#include "lessons/09-lora/training.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "core/base/check.hpp"
#include "core/tensor/philox.hpp"
#include "core/training/adapter.hpp"
#include "core/training/optimizer.hpp"
#include "core/training/pass.hpp"
#include "lessons/support/study.hpp"

namespace qlab::lessons {
namespace {

using training::Decoder;

constexpr std::int32_t letters = 16;
constexpr std::int64_t sequences = 16, length = 32;  // of a batch
constexpr std::int64_t base_steps = 300;
constexpr std::int64_t held_out_batches = 4;
// Each is near the best of its kind on this task; adapters, which start at 0, take larger steps.
constexpr double base_rate = 5e-3, full_rate = 4e-3, adapter_rate = 2e-2;
constexpr std::uint64_t base_seed = 1, held_out_seed = 99;
constexpr std::array<std::int64_t, 5> ranks{1, 2, 4, 8, 16};
struct Setting {
  const char* targets;
  bool four_bits;
};
constexpr std::array<Setting, 5> swept{
    {{"qv", false}, {"qkvo", false}, {"all-linear", false}, {"qv", true}, {"all-linear", true}}};

/// Uniform numbers, the same for the same seed.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : seed_(seed) {}
  double operator()() {
    const PhiloxBlock block = philox4x32_10({{count_++, 0, 0, 0}}, seed_);
    return uniform_from(block.word[0], block.word[1]);
  }
  std::int32_t letter() { return static_cast<std::int32_t>((*this)() * letters); }

 private:
  std::uint64_t seed_;
  std::uint32_t count_ = 0;
};

/// After two letters comes one of two others, the first of them four times out of five.
class Rules {
 public:
  explicit Rules(std::uint64_t seed) {
    Dice dice(seed);
    for (auto& pair : next_) pair = {dice.letter(), dice.letter()};
  }
  /// Every fourth rule, at random, is another.
  Rules changed(std::uint64_t seed) const {
    Rules other = *this;
    Dice dice(seed);
    for (auto& pair : other.next_) {
      if (dice() < 0.25) pair = {dice.letter(), dice.letter()};
    }
    return other;
  }
  training::Batch batch(Dice& dice) const {
    training::Batch batch{sequences, length, {}, {}};
    for (std::int64_t i = 0; i < sequences; ++i) {
      std::int32_t before = dice.letter(), last = dice.letter();
      batch.ids.push_back(before);
      batch.ids.push_back(last);
      for (std::int64_t t = 2; t < length; ++t) {
        const auto& pair = next_[static_cast<std::size_t>(before) * letters + static_cast<std::size_t>(last)];
        before = std::exchange(last, dice() < 0.8 ? pair[0] : pair[1]);
        batch.ids.push_back(last);
      }
    }
    batch.labels = batch.ids;
    return batch;
  }

 private:
  std::array<std::array<std::int32_t, 2>, letters * letters> next_{};
};

training::ModelConfig small_config() {
  training::ModelConfig config;
  config.hidden_size = 32;
  config.intermediate_size = 88;
  config.num_layers = 2;
  config.num_heads = config.num_key_value_heads = 4;
  config.head_dim = 8;
  config.vocab_size = letters;
  config.max_positions = length;
  return config;
}

/// Names of the trainer's Linears; empty means all of them.
std::vector<std::string> modules_of(const std::string& targets) {
  if (targets == "qv") return {"q_proj", "v_proj"};
  if (targets == "qkvo") return {"q_proj", "k_proj", "v_proj", "o_proj"};
  QLAB_CHECK(targets == "all-linear");
  return {};
}

std::int64_t trainable_of(Decoder& decoder) {
  std::int64_t sum = 0;
  for (const training::Parameter* parameter : decoder.trainable()) sum += parameter->size();
  return sum;
}

}  // namespace

struct SmallModel::Parts {
  training::Engine engine{0};
  Rules first{base_seed};
  Rules second = first.changed(base_seed);
  std::vector<std::vector<float>> learned;  ///< values of every tensor after learn()

  Decoder learned_model() {
    Decoder decoder = training::make_decoder(engine, small_config());
    const auto tensors = decoder.tensors();
    QLAB_CHECK(tensors.size() == learned.size());
    for (std::size_t i = 0; i < tensors.size(); ++i) std::ranges::copy(learned[i], tensors[i]->value.values().begin());
    return decoder;
  }

  bool train(Decoder& decoder, const Rules& rules, std::int64_t steps, double rate, std::uint64_t seed,
             const std::stop_token& stop, const std::function<void(double)>& progress) {
    training::OptimizerSettings settings;
    settings.weight_decay = 0;
    const auto parameters = decoder.trainable();
    const auto optimizer = training::Optimizer::create(engine, settings, parameters);
    Dice dice(seed);
    for (std::int64_t step = 0; step < steps; ++step) {
      if (stop.stop_requested()) return false;
      for (training::Parameter* parameter : parameters) parameter->gradient.release();
      training::Pass pass(engine, decoder, rules.batch(dice), {});
      pass.forward();
      pass.backward();
      const double warm = std::min(1.0, static_cast<double>(step + 1) / 10);
      const double left = 1 - 0.9 * static_cast<double>(step) / static_cast<double>(steps);
      optimizer->step(rate * warm * left);
      if (progress) progress(static_cast<double>(step + 1) / static_cast<double>(steps));
    }
    return true;
  }

  double loss_on(Decoder& decoder, const Rules& rules) {
    Dice dice(held_out_seed);
    double sum = 0;
    for (std::int64_t i = 0; i < held_out_batches; ++i) {
      training::Pass pass(engine, decoder, rules.batch(dice), {});
      sum += pass.forward();
    }
    return sum / held_out_batches;
  }
};

SmallModel::SmallModel() : parts_(std::make_unique<Parts>()) {}
SmallModel::~SmallModel() = default;

bool SmallModel::learn(const std::stop_token& stop, const std::function<void(double)>& progress) {
  Decoder decoder = training::make_decoder(parts_->engine, small_config());
  training::initialize(decoder, base_seed);
  if (!parts_->train(decoder, parts_->first, base_steps, base_rate, base_seed, stop, progress)) return false;
  for (const training::Parameter* tensor : decoder.tensors()) {
    const auto values = tensor->value.values();
    parts_->learned.emplace_back(values.begin(), values.end());
  }
  return true;
}

std::optional<Update> SmallModel::true_update(const std::string& module, std::int64_t steps,
                                              const std::stop_token& stop) {
  Decoder decoder = parts_->learned_model();
  const auto name = std::ranges::find(training::linear_names, module);
  QLAB_CHECK(name != training::linear_names.end());
  training::Linear& linear =
      *decoder.layers.back().linears()[static_cast<std::size_t>(name - training::linear_names.begin())];
  const auto values = linear.weight.value.values();
  const std::vector<float> before(values.begin(), values.end());
  if (!parts_->train(decoder, parts_->second, steps, full_rate, base_seed, stop, {})) return {};
  Update update{{values.begin(), values.end()}, linear.outputs, linear.inputs, {}};
  for (std::size_t i = 0; i < before.size(); ++i) update.values[i] -= before[i];
  update.description = {
      "what " + std::to_string(steps) + " steps of full fine-tuning add to " + module +
          " of a small transformer, trained here and now,",
      "刚刚训练出来的：小型 Transformer 经 " + std::to_string(steps) + " 步全参数微调后 " + module + " 的增量"};
  return update;
}

bool SmallModel::sweep(std::int64_t steps, std::int64_t seeds, const std::stop_token& stop, TuningSweep& result,
                       const std::function<void(const TuningSweep&, double)>& tell) {
  const double runs = static_cast<double>(seeds) * (1 + static_cast<double>(swept.size() * ranks.size()));
  double done = 0;
  {
    Decoder decoder = parts_->learned_model();
    result.before = parts_->loss_on(decoder, parts_->second);
  }
  const auto tune = [&](TunedPoint& point, std::uint64_t seed) {
    Decoder decoder = parts_->learned_model();
    const bool full = point.rank == 0;
    if (point.four_bits) {
      for (training::Linear* linear : decoder.linears()) {
        const auto quantized = training::quantize_weight(parts_->engine, *linear, {.format = known_format("nf4")});
        QLAB_CHECK(static_cast<bool>(quantized));
      }
    }
    if (!full) {
      const auto attached = training::attach_adapters(
          parts_->engine, decoder,
          {point.rank, 2.0 * static_cast<double>(point.rank), 0, modules_of(point.targets), seed});
      QLAB_CHECK(static_cast<bool>(attached));
    }
    point.trainable = trainable_of(decoder);
    if (!parts_->train(decoder, parts_->second, steps, full ? full_rate : adapter_rate, seed, stop, {})) return false;
    point.losses.push_back(parts_->loss_on(decoder, parts_->second));
    tell(result, ++done / runs);
    return true;
  };
  result.full.targets = "full";
  for (const auto& [targets, four_bits] : swept) {
    for (const std::int64_t rank : ranks) result.points.push_back({targets, rank, four_bits, 0, {}});
  }
  for (std::int64_t seed = 1; seed <= seeds; ++seed) {
    if (!tune(result.full, static_cast<std::uint64_t>(seed))) return false;
    for (TunedPoint& point : result.points) {
      if (!tune(point, static_cast<std::uint64_t>(seed))) return false;
    }
  }
  return true;
}

}  // namespace qlab::lessons
