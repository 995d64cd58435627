// Context: what an experiment is given beside its parameters. Backend, a way to be stopped, a way to tell how far it is
// and a sink for Reports that grow. SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>

#include "core/base/result.hpp"
#include "core/experiment/backend.hpp"
#include "core/experiment/parameters.hpp"
#include "core/report/report.hpp"

namespace qlab {

struct Context {
  Backend& backend;
  std::filesystem::path assets;                    ///< folder of the data files (model shapes)
  std::stop_token stop;                            ///< asked between pieces of work
  std::function<void(double fraction)> progress;   ///< 0 to 1; may be empty
  std::function<void(const Report& so_far)> grow;  ///< receives incomplete Reports; may be empty

  void tell_progress(double fraction) const {
    if (progress) progress(fraction);
  }
  /// Sends `report` on as incomplete.
  void tell(Report report) const {
    if (!grow) return;
    report.complete = false;
    grow(report);
  }
};

/// Deterministic in its parameters, whatever the number of threads or the instruction set; never prints, draws or
/// writes. When `context.stop` is requested it returns what it has, with Report::complete false.
using Experiment = Result<Report> (*)(const Parameters&, const Context&);

}  // namespace qlab
