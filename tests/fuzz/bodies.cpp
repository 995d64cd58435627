#include "tests/fuzz/bodies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/checkpoint/stored_tensor.hpp"
#include "core/tensor/finite.hpp"
#include "core/tensor/npy.hpp"
#include "core/tensor/safetensors.hpp"

namespace qlab::fuzz {
namespace {

constexpr std::int64_t most_values = 1 << 16;  // a fuzzer's inputs are small, but a shape of zeros can claim anything

/// An error must be one short line for the file.
std::string check_error(const Error& error) {
  const std::string message = error.message();
  if (message.size() > 1000) return fmt::format("an error of {} bytes", message.size());
  if (message.find('\n') != std::string::npos) return "an error of two lines";
  return error.where == "file" ? "" : "an error without the file: " + message;
}

/// The tensor's bytes are as many as its shape needs, lie within the file and can be read.
std::string check_tensor(std::span<const std::byte> file, const TensorView& tensor) {
  if (tensor.size() * bytes_of(tensor.dtype) != std::ssize(tensor.bytes)) return "bytes that are not the shape's";
  if (tensor.bytes.empty()) return "";
  const std::byte* const end = file.data() + file.size();
  if (tensor.bytes.data() < file.data() || tensor.bytes.data() + tensor.bytes.size() > end)
    return "bytes not in the file";
  std::vector<float> values(static_cast<std::size_t>(std::min(tensor.size(), most_values)));
  const bool readable = is_floating_input(tensor.dtype) || tensor.dtype == Dtype::f64;
  if (static_cast<bool>(read_f32(tensor, tensor.size() - std::ssize(values), values)) != readable) {
    return "a dtype that reads as it should not";
  }
  static_cast<void>(find_nonfinite(values));
  return "";
}

/// What was found decodes, piece by piece.
std::string check_stored(const StoredTensorReader& reader) {
  const QuantizeSettings& settings = reader.tensor.settings;
  const std::int64_t unit = piece_unit(settings.block_size, settings.nested_block_size);
  const std::int64_t size = reader.tensor.size();
  for (std::int64_t first = 0; first < size; first += unit) {
    std::vector<float> values(static_cast<std::size_t>(std::min(unit, size - first)));
    if (!dequantize(reader.piece(first, std::ssize(values)), values, 1)) return "a piece that does not decode";
  }
  return "";
}

}  // namespace

std::string read_safetensors(std::span<const std::byte> file) {
  const auto content = parse_safetensors(file, "file");
  if (!content) return check_error(content.error());
  for (const TensorView& tensor : content->tensors) {
    if (std::string problem = check_tensor(file, tensor); !problem.empty()) return problem;
  }
  const auto stored = find_stored_tensors(content->tensors, "file");
  if (!stored) return check_error(stored.error());
  for (const StoredTensorReader& reader : *stored) {
    if (std::string problem = check_stored(reader); !problem.empty()) return problem;
  }
  return "";
}

std::string read_npy(std::span<const std::byte> file) {
  const auto tensor = parse_npy(file, "tensor", "file");
  return tensor ? check_tensor(file, *tensor) : check_error(tensor.error());
}

}  // namespace qlab::fuzz
