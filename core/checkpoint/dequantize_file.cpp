#include "core/checkpoint/dequantize_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <set>
#include <utility>

#include "core/checkpoint/pieces.hpp"
#include "core/checkpoint/stored_tensor.hpp"
#include "core/tensor/npy.hpp"
#include "core/tensor/tensor_file.hpp"

namespace qlab {
namespace {

/// Narrows to f16, bf16 or f32. Returns the place of the first finite value that becomes infinite.
std::optional<std::size_t> narrow(std::span<const float> values, Dtype dtype, std::vector<std::byte>& out) {
  if (dtype == Dtype::f32) {
    out.resize(values.size_bytes());
    std::memcpy(out.data(), values.data(), values.size_bytes());
    return std::nullopt;
  }
  std::optional<std::size_t> lost;
  out.resize(values.size() * 2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t bits = dtype == Dtype::f16 ? f16_from_f32(values[i]) : bf16_from_f32(values[i]);
    const std::uint16_t infinity = dtype == Dtype::f16 ? 0x7c00 : 0x7f80;
    if ((bits & 0x7fff) == infinity && std::isfinite(values[i]) && !lost) lost = i;
    std::memcpy(out.data() + 2 * i, &bits, sizeof bits);
  }
  return lost;
}

using Write = std::function<Result<Done>(std::int64_t offset, std::span<const std::byte> bytes)>;

/// Decodes one tensor piece by piece into `write`.
Result<Done> decode(const StoredTensorReader& reader, Dtype dtype, const FileWork& work, WorkMeter& meter,
                    const std::string& where, const Write& write) {
  const StoredTensor& tensor = reader.tensor;
  const std::int64_t size = tensor.size();
  const std::int64_t piece = piece_values(piece_unit(tensor.settings.block_size, tensor.settings.nested_block_size));
  std::vector<float> values;
  std::vector<std::byte> bytes;
  for (std::int64_t first = 0; first < size; first += piece) {
    const std::int64_t count = std::min(piece, size - first);
    values.resize(static_cast<std::size_t>(count));
    if (auto decoded = work.backend.dequantize(reader.piece(first, count), values); !decoded) return decoded;
    if (const auto lost = narrow(values, dtype, bytes)) {
      return Error{Errc::bad_argument,
                   fmt::format("value {} is {}, too large for {}", first + static_cast<std::int64_t>(*lost),
                               values[*lost], torch_name_of(dtype)),
                   where + "#" + tensor.name, "use --dtype f32"};
    }
    if (auto written = write(first * bytes_of(dtype), bytes); !written) return written;
    reader.release();
    if (auto going_on = meter.advance(count); !going_on) return going_on;
  }
  return Done{};
}

class Run {
 public:
  Run(const DequantizeFileOptions& options, const FileWork& work, const TensorFile& file,
      const std::vector<StoredTensorReader>& readers)
      : options_(options), work_(work), file_(file), readers_(readers) {}

  Result<DequantizeFileReport> operator()(AtomicFile output) {
    std::set<const TensorView*> used;
    std::int64_t total = 0;
    for (const StoredTensorReader& reader : readers_) {
      const StoredTensor& tensor = reader.tensor;
      used.insert(reader.parts.begin(), reader.parts.end());
      total += tensor.size();
      report_.tensors.push_back({tensor.name, tensor.shape, options_.dtype.value_or(tensor.dtype),
                                 tensor.settings.format.name, tensor.settings.block_size});
    }
    for (const TensorView& tensor : file_.tensors) {
      if (used.contains(&tensor)) continue;
      passed_.push_back(&tensor);
      report_.passed.push_back(tensor.name);
      total += std::ssize(tensor.bytes);
    }
    WorkMeter meter(work_, total);
    const bool to_npy = options_.output.extension() == ".npy";
    const auto done = to_npy ? write_npy(std::move(output), meter) : write_safetensors(std::move(output), meter);
    if (!done) return done.error();
    return std::move(report_);
  }

 private:
  Result<Done> write_npy(AtomicFile output, WorkMeter& meter) {
    const DequantizedTensor& tensor = report_.tensors.front();
    if (report_.tensors.size() != 1 || !passed_.empty() || tensor.dtype == Dtype::bf16) {
      return Error{Errc::bad_argument, "an npy file holds one tensor of float16 or float32", options_.output.string(),
                   "name the output .safetensors, or use --dtype f16 or f32"};
    }
    const std::string header = npy_header(tensor.dtype, tensor.shape);
    if (auto written = output.write_at(0, std::as_bytes(std::span(header))); !written) return written;
    const auto write = [&](std::int64_t offset, std::span<const std::byte> bytes) {
      return output.write_at(std::ssize(header) + offset, bytes);
    };
    if (auto done = decode(readers_.front(), tensor.dtype, work_, meter, file_.path.string(), write); !done)
      return done;
    return output.commit();
  }

  Result<Done> write_safetensors(AtomicFile output, WorkMeter& meter) {
    std::vector<TensorEntry> entries;
    for (const DequantizedTensor& tensor : report_.tensors)
      entries.push_back({tensor.name, tensor.dtype, tensor.shape});
    for (const TensorView* tensor : passed_) entries.push_back({tensor->name, tensor->dtype, tensor->shape});
    if (auto differ = check_names_differ(entries, file_.path); !differ) return differ;
    auto writer = SafetensorsWriter::create(std::move(output), entries, file_.metadata);
    if (!writer) return writer.error();
    for (std::size_t i = 0; i < readers_.size(); ++i) {
      const auto write = [&](std::int64_t offset, std::span<const std::byte> bytes) {
        return writer->write(i, offset, bytes);
      };
      const Dtype dtype = report_.tensors[i].dtype;
      if (auto done = decode(readers_[i], dtype, work_, meter, file_.path.string(), write); !done) return done;
    }
    for (std::size_t i = 0; i < passed_.size(); ++i) {
      if (auto copied = copy_tensor(*passed_[i], *writer, readers_.size() + i, meter); !copied) return copied;
    }
    return writer->commit();
  }

  const DequantizeFileOptions& options_;
  const FileWork& work_;
  const TensorFile& file_;
  const std::vector<StoredTensorReader>& readers_;
  std::vector<const TensorView*> passed_;
  DequantizeFileReport report_;
};

}  // namespace

Result<DequantizeFileReport> dequantize_file(const DequantizeFileOptions& options, const FileWork& work) {
  const auto file = open_tensor_file(options.input);
  if (!file) return file.error();
  const auto readers = find_stored_tensors(file->tensors, file->path.string());
  if (!readers) return readers.error();
  if (readers->empty()) {
    return Error{Errc::not_found, "the file has no quantized tensor", options.input.string(),
                 "use a file that quantize or bitsandbytes wrote"};
  }
  if (auto differ = check_not_same_file(options.input, options.output); !differ) return differ.error();
  auto output = AtomicFile::create(options.output);
  if (!output) return output.error();
  return Run(options, work, *file, *readers)(std::move(*output));
}

}  // namespace qlab
