#include "core/checkpoint/quantize_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/checkpoint/pieces.hpp"
#include "core/checkpoint/stored_tensor.hpp"
#include "core/quantization/piecewise.hpp"
#include "core/tensor/tensor_file.hpp"

namespace qlab {
namespace {

/// bitsandbytes' list, of its version 0.50.
constexpr std::array library_block_sizes = {32, 64, 128, 256, 512, 1024, 2048, 4096};

/// One tensor on its way: a quantizer and the error of each type, and where it goes in the output.
struct Job {
  const TensorView* tensor = nullptr;
  std::vector<PiecewiseQuantizer> quantizers;
  std::vector<ErrorFigureSums> errors;
  std::optional<StoredTensorWriter> stored;
  std::size_t first_entry = 0;
};

Result<Done> check_bitsandbytes(const QuantizeFileOptions& options) {
  for (const std::string& type : options.types) {
    if (type != "nf4" && type != "fp4") {
      return Error{Errc::bad_argument, fmt::format("bitsandbytes has no type '{}'", type), "", "use nf4 or fp4"};
    }
  }
  if (std::find(library_block_sizes.begin(), library_block_sizes.end(), options.block_size) ==
      library_block_sizes.end()) {
    return Error{Errc::bad_argument, fmt::format("bitsandbytes has no block size {}", options.block_size), "",
                 fmt::format("use one of {}", fmt::join(library_block_sizes, ", "))};
  }
  return Done{};
}

Result<std::vector<QuantizeSettings>> settings_of(const QuantizeFileOptions& options) {
  if (options.block_size < min_block_size || options.block_size > max_block_size) {
    return Error{Errc::bad_argument, fmt::format("block size is {}", options.block_size), "",
                 fmt::format("use {} to {}", min_block_size, max_block_size)};
  }
  if (options.types.empty()) return Error{Errc::bad_argument, "no type is named", "", "use --type nf4"};
  if (!options.output.empty() && options.types.size() != 1) {
    return Error{Errc::bad_argument, fmt::format("{} types for one output file", options.types.size()), "",
                 "name one type, or leave the output out"};
  }
  if (options.as_bitsandbytes) {
    if (auto known = check_bitsandbytes(options); !known) return known.error();
  }
  std::vector<QuantizeSettings> all;
  for (const std::string& type : options.types) {
    auto format = find_format(type);
    if (!format) return format.error();
    QuantizeSettings settings;
    settings.format = std::move(*format);
    settings.block_size = options.block_size;
    settings.constants = options.double_quantization ? ConstantType::dynamic8 : ConstantType::fp32;
    settings.compatibility = options.as_bitsandbytes ? Compatibility::bitsandbytes : Compatibility::nearest;
    settings.allow_nonfinite = options.allow_nonfinite;
    all.push_back(std::move(settings));
  }
  return all;
}

bool is_embedding_or_head(std::string_view name) {
  if (name.ends_with(".weight")) name.remove_suffix(7);
  const std::string_view module = name.substr(name.rfind('.') + 1);
  constexpr std::array<std::string_view, 6> names = {"lm_head", "output", "wte", "wpe", "score", "classifier"};
  return module.find("embed") != std::string_view::npos || std::find(names.begin(), names.end(), module) != names.end();
}

std::optional<PassReason> reason_to_pass(const TensorView& tensor, const QuantizeFileOptions& options) {
  const bool library_lacks = options.as_bitsandbytes && tensor.dtype == Dtype::f64;
  if ((!is_floating_input(tensor.dtype) && tensor.dtype != Dtype::f64) || library_lacks) return PassReason::dtype;
  if (tensor.size() == 0) return PassReason::empty;
  if (options.output.empty() || !options.tensor.empty()) return std::nullopt;
  if (tensor.shape.size() != 2) return PassReason::not_a_matrix;
  if (is_embedding_or_head(tensor.name)) return PassReason::embedding_or_head;
  return std::nullopt;
}

struct Passed {
  const TensorView* tensor;
  PassReason reason;
};

/// What becomes of the tensors of a file.
struct Choice {
  std::vector<const TensorView*> quantized;
  std::vector<Passed> passed;
};

Result<Choice> choose_named(const TensorFile& file, const QuantizeFileOptions& options) {
  const auto tensor = file.find(options.tensor);
  if (!tensor) return tensor.error();
  const auto reason = reason_to_pass(**tensor, options);
  if (!reason) return Choice{{*tensor}, {}};
  if (reason == PassReason::empty) {
    return Error{Errc::bad_argument, fmt::format("tensor '{}' is empty", options.tensor), file.path.string(),
                 "use a tensor with values"};
  }
  return Error{Errc::unsupported, fmt::format("tensor '{}' is {}", options.tensor, name_of((*tensor)->dtype)),
               file.path.string(), "use a tensor of F32, F16 or BF16"};
}

Result<Choice> choose(const TensorFile& file, const QuantizeFileOptions& options) {
  if (!options.tensor.empty()) return choose_named(file, options);
  Choice choice;
  for (const TensorView& tensor : file.tensors) {
    if (const auto reason = reason_to_pass(tensor, options)) {
      choice.passed.push_back({&tensor, *reason});
    } else {
      choice.quantized.push_back(&tensor);
    }
  }
  if (!choice.quantized.empty()) return choice;
  return Error{Errc::not_found, "the file has no tensor to quantize", file.path.string(),
               options.output.empty() ? "use a file with tensors of F32, F16 or BF16" : "name one with --tensor"};
}

/// An error of a tensor's values, with file and tensor.
Error at(const TensorFile& file, const TensorView& tensor, Error error) {
  if (error.where.empty() && error.code != Errc::cancelled) error.where = file.path.string() + "#" + tensor.name;
  return error;
}

class Run {
 public:
  Run(const QuantizeFileOptions& options, const FileWork& work, const TensorFile& file,
      const std::vector<QuantizeSettings>& settings)
      : options_(options), work_(work), file_(file), settings_(settings) {}

  Result<QuantizeFileReport> operator()(std::optional<AtomicFile> output) {
    auto choice = choose(file_, options_);
    if (!choice) return choice.error();
    passed_ = std::move(choice->passed);
    for (const Passed& passed : passed_) {
      report_.passed.push_back({passed.tensor->name, passed.tensor->shape, passed.tensor->dtype, passed.reason});
    }
    for (const TensorView* tensor : choice->quantized) {
      Job job;
      job.tensor = tensor;
      for (const QuantizeSettings& settings : settings_) job.quantizers.emplace_back(settings, tensor->size());
      job.errors.resize(settings_.size());
      jobs_.push_back(std::move(job));
    }
    WorkMeter meter(work_, total_work());
    if (settings_.front().constants == ConstantType::dynamic8) {
      for (Job& job : jobs_) {
        if (auto surveyed = survey(job, meter); !surveyed) return at(file_, *job.tensor, surveyed.error());
      }
    }
    std::optional<SafetensorsWriter> writer;
    if (output) {
      auto begun = begin(std::move(*output));
      if (!begun) return begun.error();
      writer = std::move(*begun);
    }
    for (Job& job : jobs_) {
      if (auto done = quantize(job, writer, meter); !done) return at(file_, *job.tensor, done.error());
    }
    if (writer) {
      if (auto done = finish(*writer, meter); !done) return done.error();
    }
    return std::move(report_);
  }

 private:
  std::int64_t unit() const { return piece_unit(options_.block_size, settings_.front().nested_block_size); }

  std::int64_t total_work() const {
    const int passes = settings_.front().constants == ConstantType::dynamic8 ? 2 : 1;
    std::int64_t total = 0;
    for (const Job& job : jobs_) total += passes * job.tensor->size();
    if (options_.output.empty()) return total;
    for (const Passed& passed : passed_) total += std::ssize(passed.tensor->bytes);
    return total;
  }

  Result<Done> survey(Job& job, WorkMeter& meter) {
    return for_each_piece_of(*job.tensor, unit(), [&](std::int64_t, std::span<const float> values) -> Result<Done> {
      for (PiecewiseQuantizer& quantizer : job.quantizers) {
        if (auto surveyed = quantizer.survey(work_.backend, values); !surveyed) return surveyed;
      }
      return meter.advance(std::ssize(values));
    });
  }

  /// Lays the output file out. The means of double quantization are known by now.
  Result<SafetensorsWriter> begin(AtomicFile output) {
    std::vector<TensorEntry> entries;
    for (Job& job : jobs_) {
      StoredTensor stored;
      stored.name = job.tensor->name;
      stored.shape = job.tensor->shape;
      stored.dtype = job.tensor->dtype == Dtype::f64 ? Dtype::f32 : job.tensor->dtype;
      stored.settings = settings_.front();
      if (stored.settings.constants == ConstantType::dynamic8) {
        stored.scale_mean = job.quantizers.front().scale_mean();
        if (stored.settings.format.scale_rule == ScaleRule::min_max) {
          stored.minimum_mean = job.quantizers.front().minimum_mean();
        }
      }
      job.stored.emplace(std::move(stored));
      job.first_entry = entries.size();
      for (TensorEntry& entry : job.stored->entries()) entries.push_back(std::move(entry));
    }
    first_passed_ = entries.size();
    for (const PassedTensor& passed : report_.passed) entries.push_back({passed.name, passed.dtype, passed.shape});
    if (auto differ = check_names_differ(entries, file_.path); !differ) return differ.error();
    return SafetensorsWriter::create(std::move(output), entries, file_.metadata);
  }

  Result<Done> quantize(Job& job, std::optional<SafetensorsWriter>& writer, WorkMeter& meter) {
    const auto piece = [&](std::int64_t first, std::span<const float> values) -> Result<Done> {
      decoded_.resize(values.size());
      for (std::size_t i = 0; i < job.quantizers.size(); ++i) {
        auto quantized = job.quantizers[i].quantize(work_.backend, values);
        if (!quantized) return quantized.error();
        if (auto decoded = work_.backend.dequantize(*quantized, decoded_); !decoded) return decoded;
        job.errors[i].add(values, decoded_, work_.threads);
        if (!writer) continue;
        if (auto written = job.stored->write_piece(*writer, job.first_entry, first, *quantized); !written) {
          return written;
        }
      }
      return meter.advance(std::ssize(values));
    };
    if (auto done = for_each_piece_of(*job.tensor, unit(), piece); !done) return done;
    if (writer) {
      if (auto written = job.stored->write_fixed(*writer, job.first_entry); !written) return written;
    }
    for (std::size_t i = 0; i < job.quantizers.size(); ++i) {
      const QuantizeSettings& settings = settings_[i];
      const auto bytes = static_cast<double>(part_sizes(settings, job.tensor->size()).total());
      report_.tensors.push_back({job.tensor->name, job.tensor->shape, job.tensor->dtype, settings.format.name,
                                 settings.block_size, 8 * bytes / static_cast<double>(job.tensor->size()),
                                 job.errors[i].figures()});
    }
    return Done{};
  }

  Result<Done> finish(SafetensorsWriter& writer, WorkMeter& meter) {
    for (std::size_t i = 0; i < passed_.size(); ++i) {
      if (auto copied = copy_tensor(*passed_[i].tensor, writer, first_passed_ + i, meter); !copied) return copied;
    }
    return writer.commit();
  }

  const QuantizeFileOptions& options_;
  const FileWork& work_;
  const TensorFile& file_;
  const std::vector<QuantizeSettings>& settings_;
  std::vector<Job> jobs_;
  std::vector<Passed> passed_;
  std::vector<float> decoded_;
  std::size_t first_passed_ = 0;
  QuantizeFileReport report_;
};

}  // namespace

Result<QuantizeFileReport> quantize_file(const QuantizeFileOptions& options, const FileWork& work) {
  const auto settings = settings_of(options);
  if (!settings) return settings.error();
  const auto file = open_tensor_file(options.input);
  if (!file) return file.error();
  std::optional<AtomicFile> output;
  if (!options.output.empty()) {
    if (auto differ = check_not_same_file(options.input, options.output); !differ) return differ.error();
    auto created = AtomicFile::create(options.output);
    if (!created) return created.error();
    output = std::move(*created);
  }
  return Run(options, work, *file, *settings)(std::move(output));
}

}  // namespace qlab
