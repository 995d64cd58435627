// `qloralab quantize FILE`: what quantization does to the tensors of a file, and the file that it makes of them.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/cli/device.hpp"
#include "app/cli/file_report.hpp"
#include "app/cli/interrupt.hpp"
#include "app/cli/terminal.hpp"
#include "core/checkpoint/quantize_file.hpp"

namespace qlab::cli {
namespace {

struct QuantizeOptions {
  std::string file, tensor, out, compatible;
  std::vector<std::string> types = {"nf4"};
  int block_size = 64;
  bool double_quantization = false;
  bool allow_nonfinite = false;
};

Result<QuantizeFileOptions> file_options(const QuantizeOptions& typed) {
  QuantizeFileOptions options;
  options.input = typed.file;
  options.tensor = typed.tensor;
  options.types = typed.types;
  options.block_size = typed.block_size;
  options.double_quantization = typed.double_quantization;
  options.allow_nonfinite = typed.allow_nonfinite;
  options.output = typed.out;
  options.as_bitsandbytes = typed.compatible == "bitsandbytes";
  if (!typed.compatible.empty() && !options.as_bitsandbytes) {
    return Error{Errc::bad_argument, fmt::format("--compat is '{}'", typed.compatible), "qloralab quantize",
                 "use bitsandbytes, or leave it out"};
  }
  return options;
}

Result<int> quantize(const QuantizeOptions& typed, const Common& common) {
  if (common.format == Format::log) return no_such_format(common.format, "quantize", "text, json or csv");
  const auto options = file_options(typed);
  if (!options) return options.error();
  const auto backend = open_backend(common);
  if (!backend) return backend.error();
  const auto report = [&] {
    InterruptWatch interrupt;
    ProgressBar progress;
    return quantize_file(*options, {**backend, common.threads, interrupt.token(), progress.sink()});
  }();
  if (!report) return report.error();
  return print_file_report(*report, common);
}

}  // namespace

Handler declare_quantize(CLI::App& cli) {
  const auto options = std::make_shared<QuantizeOptions>();
  cli.add_option("FILE", options->file, "a safetensors or npy file")->required();
  cli.add_option("--tensor", options->tensor, "one tensor of the file; else all of them")->type_name("NAME");
  cli.add_option("--type", options->types, "nf4, fp4, int4, int4_affine, int8 ...; several: nf4,int4")
      ->type_name("TYPE,...")
      ->delimiter(',')
      ->allow_extra_args(false);  // what follows may be FILE
  cli.add_option("--block", options->block_size, "values a block, 16 to 4096 (64)")->type_name("N");
  cli.add_flag("--double-quant", options->double_quantization, "quantize the blocks' constants too");
  cli.add_option("--compat", options->compatible, "bitsandbytes: byte for byte as that library")->type_name("LIBRARY");
  cli.add_flag("--allow-nonfinite", options->allow_nonfinite, "take NaN and infinity as bitsandbytes does");
  cli.add_option("--out", options->out, "write the quantized tensors into a safetensors file")->type_name("FILE");
  return [options](const Common& common) { return quantize(*options, common); };
}

}  // namespace qlab::cli
