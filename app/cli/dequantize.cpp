// `qloralab dequantize FILE --out FILE`: quantized tensors back to fp16, bf16 or fp32.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/cli/device.hpp"
#include "app/cli/file_report.hpp"
#include "app/cli/interrupt.hpp"
#include "app/cli/terminal.hpp"
#include "core/checkpoint/dequantize_file.hpp"

namespace qlab::cli {
namespace {

struct DequantizeOptions {
  std::string file, out, dtype;
};

Result<std::optional<Dtype>> dtype_of(const std::string& typed) {
  if (typed.empty()) return std::optional<Dtype>();
  for (const auto& [name, dtype] :
       {std::pair("f16", Dtype::f16), std::pair("bf16", Dtype::bf16), std::pair("f32", Dtype::f32)}) {
    if (typed == name) return std::optional(dtype);
  }
  return Error{Errc::bad_argument, fmt::format("--dtype is '{}'", typed), "qloralab dequantize",
               "use f16, bf16 or f32"};
}

Result<int> dequantize(const DequantizeOptions& typed, const Common& common) {
  if (common.format == Format::log) return no_such_format(common.format, "dequantize", "text, json or csv");
  const auto dtype = dtype_of(typed.dtype);
  if (!dtype) return dtype.error();
  const auto backend = open_backend(common);
  if (!backend) return backend.error();
  const auto report = [&] {
    InterruptWatch interrupt;
    ProgressBar progress;
    return dequantize_file({typed.file, typed.out, *dtype},
                           {**backend, common.threads, interrupt.token(), progress.sink()});
  }();
  if (!report) return report.error();
  return print_file_report(*report, common);
}

}  // namespace

Handler declare_dequantize(CLI::App& cli) {
  const auto options = std::make_shared<DequantizeOptions>();
  cli.add_option("FILE", options->file, "a safetensors file with tensors quantized by us or by bitsandbytes")
      ->required();
  cli.add_option("--out", options->out, "the file to write: safetensors, or npy for one tensor")
      ->type_name("FILE")
      ->required();
  cli.add_option("--dtype", options->dtype, "of the dequantized tensors; else what each was")
      ->type_name("f16|bf16|f32");
  return [options](const Common& common) { return dequantize(*options, common); };
}

}  // namespace qlab::cli
