// The comparison that the lesson makes live: the same base model taught to answer questions by several methods, with
// several seeds; what they cost, how well they end, and what merging and requantizing do.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/experiment/context.hpp"
#include "core/experiment/parameters.hpp"
#include "core/report/report.hpp"
#include "core/training/sampling.hpp"
#include "core/training/text_task.hpp"
#include "core/training/trainer.hpp"

namespace qlab::lessons {

/// What one method did. Everything grows while it runs.
struct MethodResult {
  training::Method method{};
  std::vector<std::vector<double>> curves;  ///< training loss by step, one for each seed
  std::vector<double> final_losses;         ///< on unseen questions, one for each finished seed
  std::vector<double> step_ms;              ///< all steps
  std::int64_t trainable = 0;
  training::Memory::Shares peak{};             ///< measured bytes by kind, at the peak of a step
  std::optional<std::int64_t> pytorch_peak{};  ///< the simulator's prediction for PyTorch
  std::vector<std::string> answers;            ///< of the first seed, one for each shown question

  double mean_loss() const;
  double spread() const;  ///< standard deviation over the seeds
  double median_ms() const;
};

/// Loss on unseen questions of one kind of 4-bit model, by seed.
struct FourBitEnd {
  std::string id;
  Text label;
  std::vector<double> losses;
};

struct Comparison {
  double loss_before = 0;
  double weights_mb_dense = 0, weights_mb_packed = 0;  ///< of the linear layers
  std::vector<training::Sample> questions;             ///< shown with their answers
  std::vector<std::string> answers_before;
  std::vector<MethodResult> methods;
  std::vector<FourBitEnd> four_bits;  ///< orders of quantizing, tuning and merging
  double merged_difference = 0;       ///< largest difference of a logit, adapter beside the decoded weights or merged
  std::int64_t steps = 0, seeds = 0;

  const MethodResult* find(training::Method method) const;
};

/// What the parameters ask for.
struct FinetuneSettings {
  std::vector<training::Method> methods;
  training::TrainSettings train;
  double full_rate = 0, adapter_rate = 0;
  std::int64_t steps = 0, seeds = 0;
  std::uint64_t seed = 1;
  training::Sampling sampling;
};

/// Runs the comparison, `tell` after every few steps. The result is complete unless `stop` was requested on the way.
Result<Comparison> compare_methods(const FinetuneSettings& settings, const Context& context,
                                   const std::function<void(const Comparison& so_far, double done)>& tell);

/// The Report of a comparison, whether it has come to its end or not.
Report report_of(const Comparison& comparison, const FinetuneSettings& settings);

}  // namespace qlab::lessons
