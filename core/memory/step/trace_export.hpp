// The trace of a simulated step as files: every allocation and free from the model's first tensor to the step's end, as
// a table (CSV, JSON), and as a snapshot for the visualiser at pytorch.org/memory_viz, with addresses from the model of
// the caching allocator. SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include "core/base/result.hpp"
#include "core/memory/step/simulate.hpp"

namespace qlab {

/// Writes the trace to `file` in the format of its ending: .csv, .json, or .pickle (also .pkl), the last for PyTorch.
/// The file appears whole or not at all. Errors: bad_argument for another ending; io.
Result<Done> write_trace(const SimulatedStep& step, const std::filesystem::path& file);

/// Rows (event, action, storage, bytes, allocated_bytes, kernel_bytes, op, phase, layer, part, category, shape, dtype,
/// live_bytes). action is alloc or free; bytes are exact, allocated_bytes rounded up to 512; kernel_bytes are what the
/// operation's CUDA kernel takes besides while it runs; phase and layer (-1 outside the layers) are those of the
/// moment, the other words describe the storage; live_bytes counts allocated_bytes after the event.
std::string trace_csv(const SimulatedStep& step);

/// {"format_version": 1, "step_begin", "peak_bytes", "peak_bytes_cuda", "columns": [as above], "events": [[...], ...]};
/// step_begin is the first event of the step, what lies before it makes the model.
std::string trace_json(const SimulatedStep& step);

/// What torch.cuda.memory._snapshot() gives, pickled: segments and device_traces. Each allocation's frames say, from
/// the inside out, the operation with shape and type, what the storage is for, the module, and the phase.
std::string trace_snapshot(const SimulatedStep& step);

}  // namespace qlab
