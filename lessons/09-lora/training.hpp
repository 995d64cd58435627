// A transformer so small that a class can watch it being tuned: it learns which letter follows two others, then a
// quarter of the rules change. Tuned in full it shows a true update; tuned with adapters, what rank and targets do.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/report/report.hpp"
#include "lessons/09-lora/lora.hpp"

namespace qlab::lessons {

/// One way to tune, and the loss it ends with for each seed of data and adapters.
struct TunedPoint {
  std::string targets;  ///< of target_sets
  std::int64_t rank = 0;
  bool four_bits = false;  ///< on an NF4 model
  std::int64_t trainable = 0;
  std::vector<double> losses;

  double mean() const;
  double spread() const;  ///< the largest less the smallest
};

struct TuningSweep {
  double before = 0;  ///< loss on the changed rules before any tuning
  TunedPoint full;    ///< every weight trained
  std::vector<TunedPoint> points;

  /// nullptr if it is not there yet.
  const TunedPoint* find(const std::string& targets, std::int64_t rank, bool four_bits) const;
};

class SmallModel {
 public:
  SmallModel();
  ~SmallModel();
  SmallModel(const SmallModel&) = delete;
  SmallModel& operator=(const SmallModel&) = delete;

  /// Learns the first rules; everything below starts from there. False when stopped on the way.
  bool learn(const std::stop_token& stop, const std::function<void(double fraction)>& progress);

  /// Tunes every weight for `steps` steps and returns what that adds to `module` ("v_proj") of the last layer. Empty
  /// when stopped on the way.
  std::optional<Update> true_update(const std::string& module, std::int64_t steps, const std::stop_token& stop);

  /// Tunes in full, and with adapters of several ranks on several targets of the model and of its NF4 version, `seeds`
  /// times each. `tell` gets every state
  /// on the way. False when stopped.
  bool sweep(std::int64_t steps, std::int64_t seeds, const std::stop_token& stop, TuningSweep& result,
             const std::function<void(const TuningSweep& so_far, double fraction)>& tell);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

Table tuning_table(const TuningSweep& sweep);
Chart tuned_by_rank_chart(const TuningSweep& sweep);
Chart tuned_by_size_chart(const TuningSweep& sweep);
void add_tuning_values(const TuningSweep& sweep, Report& report);

}  // namespace qlab::lessons
