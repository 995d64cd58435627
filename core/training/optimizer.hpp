// Optimizers: AdamW with fp32 or 8-bit states, SGD with or without momentum. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/training/linear.hpp"
#include "core/training/safetensors_file.hpp"

namespace qlab {
struct TensorFile;
}

namespace qlab::training {

enum class OptimizerKind { adamw, adamw8bit, sgd, sgd_momentum };

/// "adamw", "adamw8bit", "sgd", "sgd_momentum"; the error lists them.
Result<OptimizerKind> parse_optimizer(std::string_view name);
std::string_view name_of(OptimizerKind kind);

struct OptimizerSettings {
  OptimizerKind kind = OptimizerKind::adamw;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.01;  ///< of every trainable tensor, norms and embeddings too
  double momentum = 0.9;       ///< sgd_momentum
  /// adamw8bit: smaller tensors keep fp32 states, as does the embedding whatever its size (the rows of tokens that do
  /// not occur would get v = 0 beside m != 0).
  std::int64_t smallest_8bit = 4096;
};

/// The states of one set of tensors. Steps are counted from 1.
///   adamw         p *= 1 - lr wd; m, v; p -= lr / (1 - b1^t) m / (sqrt(v) / sqrt(1 - b2^t) + eps)
///   adamw8bit     the same with m and v kept as codes of the dynamic 8-bit maps (signed, unsigned) in blocks of 256
///   sgd           p -= lr (g + wd p)
///   sgd_momentum  d = g + wd p; b = d in the first step, momentum b + d later; p -= lr b
/// Sources: Loshchilov and Hutter 2019; Dettmers et al. 2022 (8-bit optimizers); the orders of operations are PyTorch's
/// and bitsandbytes'.
class Optimizer {
 public:
  /// The tensors must outlive the optimizer; states are allocated in the first step.
  static std::unique_ptr<Optimizer> create(Engine& engine, const OptimizerSettings& settings,
                                           std::vector<Parameter*> parameters);

  Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  virtual ~Optimizer() = default;

  /// Changes every tensor by its gradient; all of them have one.
  virtual void step(double learning_rate) = 0;

  /// Steps done, and the states as tensors of a file, "TENSOR.exp_avg" and so on, for a run that is to go on.
  virtual std::int64_t steps() const = 0;
  virtual std::vector<NamedBytes> states() const = 0;
  /// The opposite. Error: bad_file for a tensor that is missing or of another shape.
  virtual Result<Done> restore(const TensorFile& file, std::int64_t steps) = 0;
};

/// Norm of all gradients as one vector; sums in a fixed order.
double gradient_norm(Engine& engine, std::span<Parameter* const> parameters);

/// Multiplies every gradient by min(1, largest / (norm + 1e-6)).
void clip_gradients(Engine& engine, std::span<Parameter* const> parameters, double norm, double largest);

}  // namespace qlab::training
