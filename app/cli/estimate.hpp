// What the parts of `qloralab estimate` share: the options as typed, and the plan they mean.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/cli/command.hpp"
#include "app/views/export.hpp"
#include "core/memory/fit/card.hpp"
#include "core/memory/fit/footprint.hpp"
#include "core/memory/fit/profile.hpp"

namespace qlab::cli {

/// Empty texts and numbers that are not there were not typed: the profile decides.
struct EstimateOptions {
  std::string cases, measured;                        // files of their own
  std::string model, method = "qlora", profile;       // what
  std::optional<std::int64_t> layers, hidden, vocab;  // or a shape of the sliders
  std::int64_t seq = 1024, batch = 1;
  std::optional<std::int64_t> rank, accumulation, checkpoint_every;
  std::optional<double> lora_dropout;
  std::vector<std::string> targets;
  std::string attention, checkpointing, optimizer, half;
  bool no_double_quantization = false, expandable_segments = false;
  std::string gpu, sweep;
  std::vector<std::string> compare;
  bool suggest = false;
  std::string out, formats, trace;
  std::string command;  ///< the command line, to make the answer again
};

/// What was asked for, read and checked.
struct EstimateTask {
  std::string model;  ///< a preset's name, a file's, or "H 4096, L 32, V 32000"
  Profile profile;
  Plan plan;
  std::optional<CardMemory> memory;
  views::ExportSettings exported;  ///< no formats: nothing is written
  std::string command;

  CardOverheads overheads() const { return memory ? memory->overheads : CardOverheads{}; }
};

/// What is to be written; no formats if nothing is. Errors: bad_argument.
Result<views::ExportSettings> export_settings(const EstimateOptions& typed, const Common& common);

/// Prints warnings to standard error. Errors: of the model's file, the profile, the card and each option.
Result<EstimateTask> read_task(const EstimateOptions& typed, const Common& common);

/// The plan with another method, all else as typed. Errors: bad_argument.
Result<Plan> plan_of(const EstimateOptions& typed, const Profile& profile, const ModelShape& shape,
                     const std::string& method);

struct Preset {
  std::string name;
  ModelShape shape;
};
/// Every model of assets/models, by name.
Result<std::vector<Preset>> load_presets();

/// Prints a Report as --format asks for (text and csv; json is each command's own document) and writes the exported
/// files. `json` is printed for --format json.
struct EstimateAnswer {
  Text title;
  Text summary;
  Report report;
  std::string json;
};
Result<Done> show(EstimateAnswer answer, const views::ExportSettings& exported, const std::string& command,
                  const Common& common);

// --- one file each; they return the exit code
Result<int> estimate_cases(const std::string& file, const Common& common);
Result<int> estimate_measured(const EstimateOptions& typed, const Common& common);
Result<int> estimate_one(const EstimateOptions& typed, const Common& common);
Result<int> estimate_sweep(const EstimateOptions& typed, const Common& common);
Result<int> estimate_compare(const EstimateOptions& typed, const Common& common);

}  // namespace qlab::cli
