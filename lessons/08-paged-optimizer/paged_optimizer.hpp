// paged-optimizer: three training steps on a card that is too small for a moment, and where the optimizer's pages are
// meanwhile. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/units.hpp"
#include "core/experiment/context.hpp"
#include "core/memory/paging/paged_run.hpp"
#include "core/memory/paging/step_work.hpp"
#include "core/report/report.hpp"
#include "lessons/support/memory_recipes.hpp"

namespace qlab::lessons {

/// An ordinary step, a long one and an ordinary one, with and without room.
struct PagedStudy {
  std::vector<paging::StepWork> work;    ///< of the three steps, the spike of the slider included
  std::int64_t ordinary_peak_bytes = 0;  ///< beside the paged state
  std::int64_t most_bytes = 0;           ///< of all three steps, beside the paged state
  std::int64_t state_bytes = 0;          ///< paged
  std::int64_t fixed_state_bytes = 0;    ///< optimizer state that stays on the card
  paging::Settings paging;
  paging::PagedRun run;

  bool finished() const { return !run.shortage; }
  /// By how much the card is too small, at the worst moment; 0 if it is not.
  std::int64_t missing_unpaged() const;
  std::int64_t missing_paged() const;
};

/// Errors: those of the model's file and of the step simulator.
Result<PagedStudy> study_of(const Parameters& parameters, const Context& context);

/// Waiting beside work, for the whole run on cards of different sizes.
struct CardSweep {
  std::vector<double> card_gib;
  std::vector<double> slow_down_percent;
  double least_paged_gib = 0;    ///< with less the run ends in spite of paging
  double least_unpaged_gib = 0;  ///< with less it ends without paging
};
CardSweep sweep_cards(const PagedStudy& study);

double slow_down_percent(const paging::StepFigures& figures);

Chart residency_chart(const PagedStudy& study);
Chart memory_chart(const PagedStudy& study);
Chart transfers_chart(const PagedStudy& study);
Chart step_time_chart(const PagedStudy& study);
Chart card_sweep_chart(const PagedStudy& study, const CardSweep& sweep);

}  // namespace qlab::lessons
