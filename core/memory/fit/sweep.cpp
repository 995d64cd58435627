#include "core/memory/fit/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <mutex>
#include <utility>

#include "core/base/parallel.hpp"

namespace qlab {
namespace {

struct Key {
  SweepKey key;
  const char* name;
  std::int64_t most;
};
constexpr std::array<Key, 7> keys{{{SweepKey::seq, "seq", 16'777'216},
                                   {SweepKey::batch, "batch", 65'536},
                                   {SweepKey::rank, "rank", 65'536},
                                   {SweepKey::accumulation, "accumulation", 1'024},
                                   {SweepKey::layers, "layers", 4'096},
                                   {SweepKey::hidden, "hidden", 262'144},
                                   {SweepKey::vocab, "vocab", 16'777'216}}};
constexpr std::int64_t most_points = 250'000;

const std::string where = "--sweep";

Error bad(std::string_view part, std::string hint) {
  return {Errc::bad_argument, fmt::format("'{}' is no range", part.substr(0, 40)), where, std::move(hint)};
}

Result<std::int64_t> read_number(std::string_view part, std::string_view digits, const Key& key) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (code != std::errc() || end != digits.data() + digits.size() || number < 1 || number > key.most) {
    return bad(part, fmt::format("{} takes whole numbers from 1 to {}", key.name, key.most));
  }
  return number;
}

/// "seq=512:8192:512".
Result<SweepAxis> read_axis(std::string_view part) {
  const std::size_t equals = part.find('=');
  const std::string_view name = part.substr(0, equals);
  const auto* key = std::find_if(keys.begin(), keys.end(), [&](const Key& one) { return one.name == name; });
  if (key == keys.end() || equals == std::string_view::npos) {
    std::string list;
    for (const Key& one : keys) list += (list.empty() ? "" : ", ") + std::string(one.name);
    return bad(part, fmt::format("give KEY=FIRST:LAST:STEP with one of {}", list));
  }
  std::vector<std::int64_t> numbers;
  for (std::string_view rest = part.substr(equals + 1);;) {
    const std::size_t colon = rest.find(':');
    const auto number = read_number(part, rest.substr(0, colon), *key);
    if (!number) return number.error();
    numbers.push_back(*number);
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  if (numbers.size() > 3) return bad(part, "give at most FIRST:LAST:STEP");
  const std::int64_t first = numbers[0];
  const std::int64_t last = numbers.size() > 1 ? numbers[1] : first;
  const std::int64_t step = numbers.size() > 2 ? numbers[2] : 1;
  if (last < first) return bad(part, "give the smaller end first");
  if ((last - first) / step >= most_points) return bad(part, fmt::format("use at most {} points", most_points));
  SweepAxis axis{key->key, {}};
  for (std::int64_t value = first; value <= last; value += step) axis.values.push_back(value);
  return axis;
}

/// The plan at a point; nullopt where there is no such model.
std::optional<Plan> at(Plan plan, SweepKey key, std::int64_t value) {
  ModelShape& shape = plan.shape;
  switch (key) {
    case SweepKey::seq: plan.settings.seq = value; break;
    case SweepKey::batch: plan.settings.batch = value; break;
    case SweepKey::accumulation: plan.settings.accumulation = value; break;
    case SweepKey::layers: shape.num_layers = value; break;
    case SweepKey::vocab: shape.vocab_size = value; break;
    case SweepKey::hidden: shape = llama_like_shape(value, shape.num_layers, shape.vocab_size); break;
    case SweepKey::rank: plan.settings.lora->rank = value; break;
  }
  if (plan.settings.lora) {
    for (const Module& module : modules_of_layer(shape)) {
      if (is_target(module, plan.settings.lora->targets) &&
          plan.settings.lora->rank > std::min(module.inputs, module.outputs)) {
        return std::nullopt;
      }
    }
  }
  return plan;
}

}  // namespace

const char* name_of(SweepKey key) {
  const auto* found = std::find_if(keys.begin(), keys.end(), [&](const Key& one) { return one.key == key; });
  return found->name;
}

Result<std::vector<SweepAxis>> parse_sweep(std::string_view typed) {
  std::vector<SweepAxis> axes;
  for (std::string_view rest = typed;;) {
    const std::size_t comma = rest.find(',');
    auto axis = read_axis(rest.substr(0, comma));
    if (!axis) return axis.error();
    if (!axes.empty() && axes.front().key == axis->key) return bad(typed, "give each key once");
    axes.push_back(*std::move(axis));
    if (comma == std::string_view::npos) break;
    if (axes.size() == 2) return bad(typed, "give one or two keys");
    rest.remove_prefix(comma + 1);
  }
  std::int64_t points = 1;
  for (const SweepAxis& axis : axes) points *= static_cast<std::int64_t>(axis.values.size());
  if (points > most_points) return bad(typed, fmt::format("use at most {} points", most_points));
  return axes;
}

Result<SweepGrid> sweep(const Plan& plan, const std::vector<SweepAxis>& axes, const CardOverheads& overheads,
                        int threads, std::stop_token stop, const std::function<void(double)>& progress) {
  std::int64_t points = 1;
  for (const SweepAxis& axis : axes) {
    points *= static_cast<std::int64_t>(axis.values.size());
    if (axis.key == SweepKey::rank && !plan.settings.lora) {
      return Error{Errc::bad_argument, "rank of a method without adapters", where, "use --method lora or qlora"};
    }
  }
  SweepGrid grid{axes, std::vector<std::optional<std::int64_t>>(static_cast<std::size_t>(points))};
  std::mutex mutex;
  std::int64_t done = 0;
  std::optional<Error> failure;
  for_each_piece(points, 1, threads, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t point = first; point < last; ++point) {
      if (stop.stop_requested()) return;
      std::optional<Plan> there = plan;
      std::int64_t index = point;
      for (std::size_t a = axes.size(); a-- > 0 && there;) {
        const auto size = static_cast<std::int64_t>(axes[a].values.size());
        there = at(*std::move(there), axes[a].key, axes[a].values[static_cast<std::size_t>(index % size)]);
        index /= size;
      }
      std::optional<Error> error;
      if (there) {
        const auto figures = simulate_figures(there->shape, there->settings);
        if (figures) {
          grid.bytes[static_cast<std::size_t>(point)] =
              figures->peak_bytes_cuda + overheads.workspace_bytes + overheads.context_bytes;
        } else {
          error = figures.error();
        }
      }
      const std::lock_guard lock(mutex);
      ++done;
      if (error && !failure) failure = std::move(error);
      if (progress) progress(static_cast<double>(done) / static_cast<double>(points));
    }
  });
  if (stop.stop_requested()) return Error{Errc::cancelled, "stopped", where, "nothing was written"};
  if (failure) return *failure;
  return grid;
}

}  // namespace qlab
