// Whether a plan fits a card, what would make it fit, grids and comparisons of plans: as tables and charts, for
// `qloralab estimate`, the window and lessons. SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/memory/fit/footprint.hpp"
#include "core/memory/fit/suggest.hpp"
#include "core/memory/fit/sweep.hpp"
#include "core/report/report.hpp"

namespace qlab::lessons {

Text label_of(SweepKey key);
Text label_of(Knob knob);
Text label_of(ChangeKind kind);

/// "Fits on RTX 4090 (23.65 GiB), with 14.20 GiB to spare. ..." and what makes the peak.
Text verdict_sentence(const Verdict& verdict, const CardMemory& memory);
/// Only what makes the peak, where no card is named.
Text peak_sentence(const Verdict& verdict);

/// From the tensors to what nvidia-smi shows, and the card below where there is one. Table "card".
Table footprint_table(const Footprint& footprint, const CardOverheads& overheads,
                      const std::optional<CardMemory>& memory);

/// Total, by kind, quantized, trainable. Table "parameters".
Table parameters_table(const ModelShape& shape, const StepSettings& settings);

/// How far each knob may be turned on the card. Table "limits".
Table limits_table(std::span<const Limit> limits, const Plan& plan);

struct NamedModel {
  std::string name;
  std::int64_t parameters = 0;
  Footprint footprint;
};
/// The largest models that fit with the same settings. Table "models".
Table models_table(std::span<const NamedModel> models);

/// What makes a plan fit: each change by itself, then one after the other. Tables "changes" and "changes_together".
std::vector<Table> advice_tables(const Advice& advice);
Text advice_sentence(const Advice& advice, const CardMemory& memory);

/// The grid as table "sweep" and as chart "sweep": a line over one key, a map over two, the card's size marked.
Table sweep_table(const SweepGrid& grid);
Chart sweep_chart(const SweepGrid& grid, const std::optional<CardMemory>& memory);

struct NamedFootprint {
  Text name;
  const SimulatedStep* step = nullptr;
  Footprint footprint;
};
/// Several plans side by side, part by part. Table "compare".
Table compare_table(std::span<const NamedFootprint> plans, const std::optional<CardMemory>& memory);

}  // namespace qlab::lessons
