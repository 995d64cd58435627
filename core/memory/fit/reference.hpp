// Reference figures by others, each with the plan that they belong to: assets/reference. Two kinds of evidence, never
// mixed: what cards showed, and what PyTorch's code does on fake tensors. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/text.hpp"
#include "core/memory/fit/footprint.hpp"

namespace qlab {

/// A figure that a paper, a guide or a tutorial prints, of a run whose model and settings are known.
struct PublishedRun {
  std::string name;
  std::string source;
  std::int64_t measured_bytes = 0;
  Plan plan;
  bool of_process = false;  ///< what the driver shows; otherwise what tensors take
};

/// A published row that no simulated step can be set beside.
struct NotComparable {
  std::string source;
  Text reason;
};

struct Published {
  std::vector<PublishedRun> runs;
  std::vector<NotComparable> others;
};

/// Reads published.json and published_runs.json below `assets`/reference, with models and profiles of `assets`.
/// Errors: not_found, bad_file.
Result<Published> load_published(const std::filesystem::path& assets);

/// A step of PyTorch's own code on fake tensors, and how far two public estimators are off on it.
struct FakeTensorRun {
  std::string name;
  Plan plan;
  std::int64_t peak_bytes = 0;
  double fitcheck_percent = 0;                 ///< fitcheck-llm 0.3.1
  std::optional<double> accelerate_percent{};  ///< accelerate estimate-memory, which knows full fine-tuning only
};

/// Reads fake_tensor_steps.json. Errors: not_found, bad_file.
Result<std::vector<FakeTensorRun>> load_fake_tensor_runs(const std::filesystem::path& file);

}  // namespace qlab
