// Predictions beside measurements: the table, the chart and the errors that the scoreboard and a user's own runs share.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/report/report.hpp"

namespace qlab::lessons {

struct Score {
  std::string name;
  std::int64_t measured_bytes = 0;
  std::int64_t predicted_bytes = 0;
  std::int64_t workspace_bytes = 0;  ///< of cuBLAS, in the prediction

  double error_percent() const;  ///< signed: positive where we predict too much
};

struct Errors {
  double mean = 0;   ///< of the absolute errors, percent
  double worst = 0;  ///< the largest absolute error
};
Errors errors_of(std::span<const Score> scores);
/// "67 runs: off by 0.31 % on average, by 1.38 % at worst."
Text errors_sentence(const Errors& errors, std::size_t count);

/// A row a run: name, measured, predicted, of it cuBLAS, signed error.
Table scores_table(std::string name, Text title, std::span<const Score> scores);

struct ScoreGroup {
  Text label;
  std::vector<Score> scores;
};
/// Predicted against measured, a series a group, with the line on which both are the same.
Chart scores_chart(std::string name, Text title, const std::vector<ScoreGroup>& groups);

}  // namespace qlab::lessons
