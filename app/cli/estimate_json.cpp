#include "app/cli/estimate_json.hpp"

#include <cstddef>

namespace qlab::cli {

Json parameters_json(const ModelShape& shape, const StepSettings& settings) {
  const ParameterCounts counts = count_parameters(shape);
  Json by_kind = {
      {"embedding", counts.embedding}, {"attention", counts.attention}, {"mlp", counts.mlp}, {"norm", counts.norm}};
  if (counts.lm_head > 0) by_kind["lm_head"] = counts.lm_head;
  const bool quantized = settings.method == TrainingMethod::qlora;
  const std::int64_t trainable =
      settings.lora ? adapter_parameters(shape, settings.lora->rank, settings.lora->targets) : counts.total();
  return {{"total", counts.total()},
          {"by_kind", by_kind},
          {"quantized", quantized ? quantized_linears(shape).weights : 0},
          {"trainable", trainable}};
}

Json step_json(const ModelShape& shape, const StepSettings& settings, const StepFigures& step,
               std::int64_t reserved_bytes) {
  Json phases;
  for (std::size_t i = 1; i < step.phase_peaks.size(); ++i) {
    phases[name_of(static_cast<step::Phase>(i))] = step.phase_peaks[i];
  }
  Json breakdown;
  for (std::size_t i = 0; i < step.breakdown.size(); ++i) {
    if (step.breakdown[i] != 0) breakdown[name_of(static_cast<step::Category>(i))] = step.breakdown[i];
  }
  return {{"peak_bytes", step.peak_bytes},
          {"peak_bytes_cuda", step.peak_bytes_cuda},
          {"peak_phase", name_of(step.peak_phase)},
          {"phase_peaks", phases},
          {"breakdown", breakdown},
          {"peak_reserved_bytes", reserved_bytes},
          {"optimizer_paged_bytes", step.paged_bytes},
          {"parameters", parameters_json(shape, settings)}};
}

Json footprint_json(const Footprint& footprint) {
  return {{"kernel_bytes", footprint.kernels},
          {"fragmentation_bytes", footprint.fragmentation},
          {"cublas_workspace_bytes", footprint.workspaces},
          {"cuda_context_bytes", footprint.context},
          {"process_bytes", footprint.process()}};
}

}  // namespace qlab::cli
