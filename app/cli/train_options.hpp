// The options of `qloralab train`. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/cli/command.hpp"
#include "core/training/trainer.hpp"

namespace qlab::cli {

inline constexpr std::int64_t default_steps = 100;  ///< on a corpus; on fixed batches all of them

struct TrainOptions {
  std::string model, batches, corpus, adapter, out;
  std::string method = "qlora", type = "nf4", optimizer = "adamw", schedule = "constant";
  std::vector<std::string> targets;
  std::int64_t steps = 0, batch = 8, sequence = 128, accumulate = 1, warmup = 0, rank = 8;
  int block_size = 64;
  double learning_rate = 1e-3, weight_decay = 0.01, clip = 0, alpha = 16, dropout = 0;
  bool double_quantization = false, checkpointing = false, merge = false, resume = false;

  /// Everything the course of a run depends on, as one line.
  std::string fingerprint(const training::TrainSettings& settings) const;
};

void declare_train_options(CLI::App& cli, TrainOptions& options);

/// What the options mean for the run; `steps` is settled when the batches are known. Errors: bad_argument for figures
/// out of range and options that do not go together.
Result<training::TrainSettings> read_train_settings(const TrainOptions& options, const Common& common);

}  // namespace qlab::cli
