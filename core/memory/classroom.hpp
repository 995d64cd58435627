// Level "classroom": the memory formulas of a tutorial's explainer script and of a practice task, exactly as they print
// them, integer divisions included. They are simplifications and say so; the exact bytes are in ledger.hpp. Nothing
// here is corrected.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace qlab::classroom {

/// The figures that the script starts from, with its defaults.
struct Stats {
  std::int64_t hidden_size = 4096;  ///< H
  std::int64_t num_layers = 32;     ///< L
  std::int64_t seq_length = 1024;   ///< T
};

/// 12 H^2 L: attention (4 H^2) and an MLP of 4 H (8 H^2) a layer; no embedding, norm or bias.
std::int64_t parameter_count(const Stats& stats);

/// One type of weight beside another, bytes of all parameters.
struct PagedMemory {
  std::int64_t fp16_bytes = 0;       ///< 2 a parameter
  std::int64_t int8_bytes = 0;       ///< 1 a parameter; not in the script, its rule carried on to the bars
  std::int64_t int4_bytes = 0;       ///< parameters // 2
  std::int64_t optimizer_bytes = 0;  ///< 2 int4_bytes: momentum and second moment, each as large as the 4-bit weights
  std::int64_t qlora_bytes = 0;      ///< int4_bytes + optimizer_bytes
  double fp16_gb = 0;                ///< GiB (bytes / 1024^3); the script prints "GB"
  double qlora_gb = 0;               ///< GiB, as above
};

PagedMemory paged_memory(const Stats& stats);

struct Checkpointing {
  std::int64_t activations = 0;  ///< 2 H T L; the script calls them elements and prints them as bytes
  double activations_gb = 0;     ///< GiB
  double saved_gb = 0;           ///< GiB: activations * saved_share / 1024^3
  double kept_gb = 0;            ///< GiB: the rest
};

/// `saved_share` is 0.5 in the script, which gives 0.3 to 0.8 as the range. `batch_size` is ours: the script knows one
/// sequence only, and every activation is there once for each.
Checkpointing checkpointing(const Stats& stats, double saved_share, std::int64_t batch_size = 1);

/// A practice task's sums, GB of 1e9 bytes. It does them for 7e9 parameters; activations, adapters and the adapters'
/// states are figures that it prints without a formula.
struct PracticeTask {
  double weights_gb = 0;       ///< 2 bytes a parameter
  double optimizer_gb = 0;     ///< Adam: 2 weights_gb
  double gradients_gb = 0;     ///< weights_gb
  double weights_4bit_gb = 0;  ///< half a byte a parameter
  double activations_gb = 10;
  double adapters_gb = 0.04;
  double adapter_states_gb = 0.08;

  double full_gb() const { return weights_gb + optimizer_gb + gradients_gb + activations_gb; }
  double lora_gb() const { return weights_gb + adapters_gb + adapter_states_gb; }
  double qlora_gb() const { return weights_4bit_gb + adapters_gb + adapter_states_gb; }
};

PracticeTask practice_task(double parameters);

}  // namespace qlab::classroom
