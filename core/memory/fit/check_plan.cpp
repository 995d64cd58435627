#include "core/memory/fit/check_plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>

namespace qlab {
namespace {

Result<std::vector<std::string>> check_adapters(const Plan& plan) {
  const LoraSettings& lora = *plan.settings.lora;
  std::vector<std::string> names;
  std::int64_t targeted = 0, widest = 0, narrowest = INT64_MAX;
  std::string narrow_name;
  for (const Module& module : modules_of_layer(plan.shape)) {
    if (!module.is_linear()) continue;
    names.emplace_back(module.path.substr(module.path.rfind('.') + 1));
    if (!is_target(module, lora.targets)) continue;
    ++targeted;
    const std::int64_t side = std::min(module.inputs, module.outputs);
    widest = std::max(widest, side);
    if (side < narrowest) {
      narrowest = side;
      narrow_name = names.back();
    }
  }
  const std::string existing = fmt::format("the model has {}", fmt::join(names, ", "));
  if (targeted == 0) {
    return Error{Errc::bad_argument, fmt::format("no module is called {}", fmt::join(lora.targets, ", ")), "--targets",
                 existing};
  }
  if (lora.rank > widest) {
    return Error{Errc::bad_argument, fmt::format("the rank is {}", lora.rank), "--rank",
                 fmt::format("no target has a side above {}: use at most that", widest)};
  }
  std::vector<std::string> warnings;
  const auto unmatched = unmatched_targets(plan.shape, lora.targets);
  if (!unmatched.empty()) {
    warnings.push_back(fmt::format("no module is called {} (--targets): {}", fmt::join(unmatched, ", "), existing));
  }
  if (lora.rank > narrowest) {
    warnings.push_back(fmt::format("rank {} is more than {} can use (--rank): its shorter side is {}", lora.rank,
                                   narrow_name, narrowest));
  }
  return warnings;
}

}  // namespace

Result<std::vector<std::string>> check_plan(const Plan& plan) {
  std::vector<std::string> warnings;
  const std::int64_t positions = plan.shape.max_positions;
  if (positions > 0 && plan.settings.seq > positions) {
    if (plan.shape.positions == Positions::learned) {
      return Error{Errc::bad_argument, fmt::format("the sequence has {} tokens", plan.settings.seq), "--seq",
                   fmt::format("the model's table of positions ends at {}", positions)};
    }
    warnings.push_back(
        fmt::format("the sequence has {} tokens (--seq): the model was made for {}", plan.settings.seq, positions));
  }
  if (plan.settings.lora) {
    auto adapters = check_adapters(plan);
    if (!adapters) return adapters.error();
    warnings.insert(warnings.end(), adapters->begin(), adapters->end());
  }
  return warnings;
}

}  // namespace qlab
