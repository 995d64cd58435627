#include "core/training/optimizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "core/base/check.hpp"
#include "core/tensor/tensor_file.hpp"
#include "core/training/state8.hpp"

namespace qlab::training {
namespace {

constexpr std::int64_t piece = 16384;  // values a thread takes at once
constexpr std::int64_t square_run = 4096;

constexpr std::array<std::pair<std::string_view, OptimizerKind>, 4> names = {
    {{"adamw", OptimizerKind::adamw},
     {"adamw8bit", OptimizerKind::adamw8bit},
     {"sgd", OptimizerKind::sgd},
     {"sgd_momentum", OptimizerKind::sgd_momentum}}};

/// base^count by repeated multiplication: the same everywhere, which no libm promises.
double power(double base, std::int64_t count) {
  double product = 1;
  for (std::int64_t i = 0; i < count; ++i) product *= base;
  return product;
}

Result<Done> read_state(const TensorFile& file, const std::string& name, Buffer& state) {
  const auto tensor = file.find(name);
  if (!tensor) return tensor.error();
  if ((*tensor)->size() != state.size() || (*tensor)->dtype != Dtype::f32) {
    return Error{Errc::bad_file, fmt::format("{} has another size than the run's", name), file.path.string(),
                 "resume with the model and the options that the run began with"};
  }
  return read_f32(**tensor, 0, state.values());
}

/// Of one tensor: either both fp32 states or both 8-bit ones.
struct Moments {
  Buffer m, v;
  std::unique_ptr<State8> m8, v8;
};

class AdamW final : public Optimizer {
 public:
  AdamW(Engine& engine, const OptimizerSettings& settings, std::vector<Parameter*> parameters)
      : engine_(engine), settings_(settings), parameters_(std::move(parameters)) {}

  void step(double learning_rate) override {
    if (moments_.empty()) allocate();
    ++steps_;
    const auto f32 = [](double x) { return static_cast<float>(x); };
    const double correction1 = 1 - power(settings_.beta1, steps_);
    const double correction2 = 1 - power(settings_.beta2, steps_);
    const kernels::AdamwStep step{f32(settings_.beta1),
                                  f32(settings_.beta2),
                                  f32(settings_.epsilon),
                                  f32(1 - learning_rate * settings_.weight_decay),
                                  f32(learning_rate / correction1),
                                  f32(std::sqrt(correction2))};
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      Parameter& p = *parameters_[i];
      Moments& own = moments_[i];
      QLAB_CHECK(!p.gradient.empty());
      if (own.m8) {
        step8(step, p, own);
        continue;
      }
      engine_.team().for_each_piece(p.size(), piece, [&](std::int64_t first, std::int64_t last, int) {
        engine_.rows().adamw(step, p.gradient.data() + first, last - first, p.value.data() + first,
                             own.m.data() + first, own.v.data() + first);
      });
    }
  }

  std::int64_t steps() const override { return steps_; }

  std::vector<NamedBytes> states() const override {
    std::vector<NamedBytes> all;
    for (std::size_t i = 0; i < moments_.size(); ++i) {
      const Parameter& p = *parameters_[i];
      const Moments& own = moments_[i];
      if (own.m8) {
        own.m8->append_to(all, p.name + ".exp_avg", p.shape);
        own.v8->append_to(all, p.name + ".exp_avg_sq", p.shape);
      } else {
        all.push_back(named_floats(p.name + ".exp_avg", p.shape, own.m.values()));
        all.push_back(named_floats(p.name + ".exp_avg_sq", p.shape, own.v.values()));
      }
    }
    return all;
  }

  Result<Done> restore(const TensorFile& file, std::int64_t steps) override {
    steps_ = steps;
    if (steps == 0) return Done{};
    allocate();
    for (std::size_t i = 0; i < moments_.size(); ++i) {
      const std::string& name = parameters_[i]->name;
      Moments& own = moments_[i];
      auto read = own.m8 ? own.m8->read(file, name + ".exp_avg") : read_state(file, name + ".exp_avg", own.m);
      if (!read) return read;
      read = own.v8 ? own.v8->read(file, name + ".exp_avg_sq") : read_state(file, name + ".exp_avg_sq", own.v);
      if (!read) return read;
    }
    return Done{};
  }

 private:
  void allocate() {
    for (const Parameter* p : parameters_) {
      Moments own;
      const bool small = p->size() < settings_.smallest_8bit || p->name.find("embed_tokens") != std::string::npos;
      if (settings_.kind == OptimizerKind::adamw8bit && !small) {
        own.m8 = std::make_unique<State8>(engine_.memory(), p->size(), true);
        own.v8 = std::make_unique<State8>(engine_.memory(), p->size(), false);
      } else {
        own.m = engine_.memory().zeros(p->size(), MemoryKind::optimizer);
        own.v = engine_.memory().zeros(p->size(), MemoryKind::optimizer);
      }
      moments_.push_back(std::move(own));
    }
  }

  /// Decodes a run of both states, steps, encodes: the whole states are never numbers at once.
  void step8(const kernels::AdamwStep& step, Parameter& p, Moments& own) {
    Buffer numbers = engine_.memory().floats(2 * piece * engine_.team().threads(), MemoryKind::temporary);
    engine_.team().for_each_piece(p.size(), piece, [&](std::int64_t first, std::int64_t last, int worker) {
      float* const m = numbers.data() + worker * 2 * piece;
      float* const v = m + piece;
      own.m8->decode(first, last - first, m);
      own.v8->decode(first, last - first, v);
      engine_.rows().adamw(step, p.gradient.data() + first, last - first, p.value.data() + first, m, v);
      own.m8->encode(first, last - first, m);
      own.v8->encode(first, last - first, v);
    });
  }

  Engine& engine_;
  OptimizerSettings settings_;
  std::vector<Parameter*> parameters_;
  std::vector<Moments> moments_;
  std::int64_t steps_ = 0;
};

class Sgd final : public Optimizer {
 public:
  Sgd(Engine& engine, const OptimizerSettings& settings, std::vector<Parameter*> parameters)
      : engine_(engine), settings_(settings), parameters_(std::move(parameters)) {}

  void step(double learning_rate) override {
    const auto lr = static_cast<float>(learning_rate);
    const auto decay = static_cast<float>(settings_.weight_decay);
    const bool first_step = steps_++ == 0;
    if (has_momentum() && first_step) allocate();
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      Parameter& p = *parameters_[i];
      float* const momentum = has_momentum() ? momenta_[i].data() : nullptr;
      const float factor = first_step ? 0 : static_cast<float>(settings_.momentum);  // the first d is taken whole
      engine_.team().for_each_piece(p.size(), piece, [&](std::int64_t first, std::int64_t last, int) {
        for (std::int64_t k = first; k < last; ++k) {
          float d = p.gradient.data()[k] + decay * p.value.data()[k];
          if (momentum != nullptr) d = momentum[k] = factor * momentum[k] + d;
          p.value.data()[k] -= lr * d;
        }
      });
    }
  }

  std::int64_t steps() const override { return steps_; }

  std::vector<NamedBytes> states() const override {
    std::vector<NamedBytes> all;
    for (std::size_t i = 0; i < momenta_.size(); ++i) {
      all.push_back(
          named_floats(parameters_[i]->name + ".momentum_buffer", parameters_[i]->shape, momenta_[i].values()));
    }
    return all;
  }

  Result<Done> restore(const TensorFile& file, std::int64_t steps) override {
    steps_ = steps;
    if (steps == 0 || !has_momentum()) return Done{};
    allocate();
    for (std::size_t i = 0; i < momenta_.size(); ++i) {
      if (auto read = read_state(file, parameters_[i]->name + ".momentum_buffer", momenta_[i]); !read) return read;
    }
    return Done{};
  }

 private:
  bool has_momentum() const { return settings_.kind == OptimizerKind::sgd_momentum; }
  void allocate() {
    for (const Parameter* p : parameters_) momenta_.push_back(engine_.memory().zeros(p->size(), MemoryKind::optimizer));
  }

  Engine& engine_;
  OptimizerSettings settings_;
  std::vector<Parameter*> parameters_;
  std::vector<Buffer> momenta_;
  std::int64_t steps_ = 0;
};

}  // namespace

Result<OptimizerKind> parse_optimizer(std::string_view name) {
  std::string list;
  for (const auto& [known, kind] : names) {
    if (known == name) return kind;
    list += (list.empty() ? "" : ", ") + std::string(known);
  }
  return Error{Errc::not_found, fmt::format("there is no optimizer '{}'", name), "", "use one of " + list};
}

std::string_view name_of(OptimizerKind kind) {
  return std::ranges::find(names, kind, &std::pair<std::string_view, OptimizerKind>::second)->first;
}

std::unique_ptr<Optimizer> Optimizer::create(Engine& engine, const OptimizerSettings& settings,
                                             std::vector<Parameter*> parameters) {
  if (settings.kind == OptimizerKind::sgd || settings.kind == OptimizerKind::sgd_momentum) {
    return std::make_unique<Sgd>(engine, settings, std::move(parameters));
  }
  return std::make_unique<AdamW>(engine, settings, std::move(parameters));
}

double gradient_norm(Engine& engine, std::span<Parameter* const> parameters) {
  double sum = 0;
  std::vector<double> runs;
  for (const Parameter* p : parameters) {
    runs.assign(static_cast<std::size_t>((p->size() + square_run - 1) / square_run), 0);
    engine.team().for_each_piece(p->size(), square_run, [&](std::int64_t first, std::int64_t last, int) {
      runs[static_cast<std::size_t>(first / square_run)] =
          engine.rows().square_sum(p->gradient.data() + first, last - first);
    });
    for (const double one : runs) sum += one;
  }
  return std::sqrt(sum);
}

void clip_gradients(Engine& engine, std::span<Parameter* const> parameters, double norm, double largest) {
  const auto factor = static_cast<float>(std::min(1.0, largest / (norm + 1e-6)));
  if (!(factor < 1)) return;
  for (Parameter* p : parameters) {
    engine.team().for_each_piece(p->size(), piece, [&](std::int64_t first, std::int64_t last, int) {
      for (std::int64_t i = first; i < last; ++i) p->gradient.data()[i] *= factor;
    });
  }
}

}  // namespace qlab::training
