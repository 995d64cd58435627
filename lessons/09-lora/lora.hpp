// lora: how many weights adapters train, how well a low rank holds an update, and what merging costs.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/experiment/context.hpp"
#include "core/experiment/parameters.hpp"
#include "core/memory/model_shape.hpp"
#include "core/report/report.hpp"
#include "core/tensor/low_rank.hpp"

namespace qlab::lessons {

/// A model of assets/models with its name.
struct NamedShape {
  std::string id;
  Text label;
  ModelShape shape;
};
/// Every choice of the parameter `model`, in its order. Errors: those of the files.
Result<std::vector<NamedShape>> models_of(const Parameters& parameters, const Context& context);

/// What "qv", "qkvo", "mlp" and "all-linear" mean in this model.
std::vector<std::string> targets_of(const ModelShape& shape, const std::string& id);
inline constexpr std::array<const char*, 4> target_sets{"qv", "qkvo", "mlp", "all-linear"};
Text label_of_targets(const std::string& id);

Table modules_table(const ModelShape& shape, std::int64_t rank, const std::vector<std::string>& targets);
Table models_table(const std::vector<NamedShape>& models, std::int64_t rank);
Chart by_module_chart(const NamedShape& model, std::int64_t rank, const std::vector<std::string>& targets);
Chart by_model_chart(const std::vector<NamedShape>& models, std::int64_t rank);
Chart by_rank_chart(const NamedShape& model, std::int64_t rank);

/// Adapters in training as PEFT keeps them: fp32 weights, gradients and AdamW's two moments.
inline constexpr double training_bytes_per_weight = 16;

/// An update of weights whose rank is in question.
struct Update {
  std::vector<float> values;  ///< [rows, columns], row-major
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  Text description;
};
/// The made-up update that the parameters ask for.
Result<Update> generated_update(const Parameters& parameters, const Context& context);

Chart singular_values_chart(const Decomposition& update, const Decomposition& random, std::int64_t rank);
Chart error_by_rank_chart(const Decomposition& update, const Decomposition& random, std::int64_t rank);
/// Norm of the update less B A over the norm of the update, element by element: no singular values involved.
double measured_relative_error(const Update& update, const LowRank& low);

/// One layer: a frozen NF4 weight, an adapter that holds the update's best approximation, and three ways to merge.
struct Merging {
  double update_share = 0;  ///< norm of (alpha / r) B A over the norm of W
  /// Norm of the change of the outputs over the norm of the adapter's part of them.
  double in_fp32 = 0;
  double in_bf16 = 0;
  double in_nf4 = 0;
  double largest_difference = 0;  ///< of two outputs, beside the adapter and merged in fp32, over the largest output
};
Result<Merging> merging_of(const LowRank& low, std::int64_t rows, std::int64_t columns, double alpha,
                           double update_percent, Backend& backend);
Chart merging_chart(const Merging& merging);

}  // namespace qlab::lessons
