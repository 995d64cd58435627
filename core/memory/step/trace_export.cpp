#include "core/memory/step/trace_export.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstdlib>
#include <iterator>
#include <span>
#include <string_view>

#include "core/base/atomic_file.hpp"

namespace qlab {
namespace {

using step::StorageRecord;

constexpr std::array columns{"event", "action", "storage", "bytes",    "allocated_bytes", "kernel_bytes", "op",
                             "phase", "layer",  "part",    "category", "shape",           "dtype",        "live_bytes"};

const char* name_of(step::Part part) {
  constexpr std::array names{"outside", "residual", "attention", "mlp", "norm"};
  static_assert(names.size() == step::part_count);
  return names[static_cast<std::size_t>(part)];
}

/// One event with its circumstances.
struct Moment {
  std::uint32_t event = 0;
  bool is_free = false;
  std::size_t storage = 0;
  const StorageRecord* record = nullptr;
  std::int64_t allocated = 0;  ///< rounded up
  std::int64_t in_kernel = 0;
  const step::Stretch* place = nullptr;  ///< phase and layer
  std::int64_t live = 0;                 ///< after it
};

/// Calls visit(Moment) for every event up to the step's end.
template <class Visit>
void walk(const SimulatedStep& step, Visit visit) {
  const step::Tape& tape = *step.tape;
  std::size_t place = 0;
  std::size_t temporary = 0;
  Moment moment;
  for (; moment.event < step.last_event; ++moment.event) {
    while (place + 1 < tape.stretches().size() && tape.stretches()[place + 1].first_event <= moment.event) ++place;
    const step::Event event = tape.events()[moment.event];
    moment.is_free = event < 0;
    moment.storage = static_cast<std::size_t>(std::abs(event));
    moment.record = &tape.storages()[moment.storage];
    moment.allocated = step::rounded_allocation(moment.record->bytes);
    moment.place = &tape.stretches()[place];
    moment.live += moment.is_free ? -moment.allocated : moment.allocated;
    moment.in_kernel = 0;
    const auto& temporaries = tape.kernel_temporaries();
    if (temporary < temporaries.size() && temporaries[temporary].event == moment.event) {
      moment.in_kernel = temporaries[temporary++].bytes;
    }
    visit(moment);
  }
}

std::span<const std::int32_t> shape_of(const StorageRecord& record) {
  return {record.sizes.at.data(), static_cast<std::size_t>(record.sizes.dims)};
}

}  // namespace

std::string trace_csv(const SimulatedStep& step) {
  std::string out = fmt::format("{}\n", fmt::join(columns, ","));
  const auto into = std::back_inserter(out);
  walk(step, [&](const Moment& m) {
    fmt::format_to(into, "{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", m.event, m.is_free ? "free" : "alloc",
                   m.storage, m.record->bytes, m.allocated, m.in_kernel, step::name_of(m.record->op),
                   name_of(m.place->phase), m.place->layer, name_of(m.record->part),
                   name_of(category_of(step, *m.record)), fmt::join(shape_of(*m.record), "x"),
                   torch_name_of(m.record->dtype), m.live);
  });
  return out;
}

std::string trace_json(const SimulatedStep& step) {
  std::string out = fmt::format(
      "{{\"format_version\": 1, \"step_begin\": {}, \"peak_bytes\": {}, \"peak_bytes_cuda\": {},\n\"columns\": "
      "[\"{}\"],\n\"events\": [",
      step.first_event, step.peak_bytes, step.peak_bytes_cuda, fmt::join(columns, "\", \""));
  const auto into = std::back_inserter(out);
  walk(step, [&](const Moment& m) {
    fmt::format_to(into, "{}\n[{}, \"{}\", {}, {}, {}, {}, \"{}\", \"{}\", {}, \"{}\", \"{}\", [{}], \"{}\", {}]",
                   m.event == 0 ? "" : ",", m.event, m.is_free ? "free" : "alloc", m.storage, m.record->bytes,
                   m.allocated, m.in_kernel, step::name_of(m.record->op), name_of(m.place->phase), m.place->layer,
                   name_of(m.record->part), name_of(category_of(step, *m.record)), fmt::join(shape_of(*m.record), ", "),
                   torch_name_of(m.record->dtype), m.live);
  });
  out += "\n]}\n";
  return out;
}

Result<Done> write_trace(const SimulatedStep& step, const std::filesystem::path& file) {
  const std::string ending = file.extension().string();
  if (ending == ".csv") return write_file(file, trace_csv(step));
  if (ending == ".json") return write_file(file, trace_json(step));
  if (ending == ".pickle" || ending == ".pkl") return write_file(file, trace_snapshot(step));
  return Error{Errc::bad_argument, fmt::format("the ending of a trace is '{}'", ending), file.string(),
               "use .csv, .json or .pickle"};
}

}  // namespace qlab
