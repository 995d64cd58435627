#include "core/checkpoint/stored_tensor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "core/base/mapped_file.hpp"
#include "core/checkpoint/quant_state.hpp"
#include "core/quantization/codebooks.hpp"

namespace qlab {
namespace {

constexpr std::string_view their_mark = ".quant_state.bitsandbytes__";
constexpr std::string_view our_mark = ".quant_state.qloralab__";

/// The types that bitsandbytes knows; files of all others carry our name.
bool is_theirs(std::string_view type) { return type == "nf4" || type == "fp4"; }

std::size_t index_of(Part part) { return static_cast<std::size_t>(part); }

struct Expected {
  std::int64_t bytes = 0;  ///< 0: the tensor has no such part
  Dtype dtype = Dtype::u8;
};

Expected expected(Part part, const StoredTensor& tensor) {
  const PartSizes sizes = part_sizes(tensor.settings, tensor.size());
  const bool nested = tensor.settings.constants == ConstantType::dynamic8;
  const Dtype constants = nested ? Dtype::u8 : Dtype::f32;
  switch (part) {
    case Part::codes: return {sizes.codes, Dtype::u8};
    case Part::scale: return {sizes.scale, constants};
    case Part::scale_nested: return {sizes.scale_nested, Dtype::f32};
    case Part::minimum: return {sizes.minimum, constants};
    case Part::minimum_nested: return {sizes.minimum_nested, Dtype::f32};
    case Part::zero_points: return {sizes.zero_points, Dtype::u8};
    case Part::levels: return {static_cast<std::int64_t>(code_levels(tensor.settings.format).size()) * 4, Dtype::f32};
    case Part::nested_levels: return {nested ? 256 * 4 : 0, Dtype::f32};
    case Part::state: return {static_cast<std::int64_t>(quant_state_text(tensor).size()), Dtype::u8};
  }
  return {};
}

template <class T>
std::span<const std::byte> bytes_of_vector(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

template <class T>
std::vector<T> copy_out(const TensorView& part, std::int64_t first, std::int64_t count) {
  std::vector<T> values(static_cast<std::size_t>(count));
  const auto bytes = part.bytes.subspan(static_cast<std::size_t>(first) * sizeof(T), values.size() * sizeof(T));
  std::copy(bytes.begin(), bytes.end(), std::as_writable_bytes(std::span(values)).begin());
  return values;
}

/// Checks the parts against the state, and takes the levels of the codes from the file.
Result<Done> check_parts(StoredTensorReader& reader) {
  StoredTensor& tensor = reader.tensor;
  const auto bad = [](std::string what) { return Error{Errc::bad_file, std::move(what), "", ""}; };
  for (int i = 0; i < part_count; ++i) {
    const auto part = static_cast<Part>(i);
    if (part == Part::state) continue;
    const TensorView* view = reader.parts[index_of(part)];
    const Expected needed = expected(part, tensor);
    if (needed.bytes == 0) {
      reader.parts[index_of(part)] = nullptr;
      continue;
    }
    if (view == nullptr) return bad(fmt::format("has no '{}'", name_of(part, tensor)));
    // The library may store codes under the name of a wider type; their bytes are the same.
    const bool right_type = view->dtype == needed.dtype || part == Part::codes;
    if (!right_type || static_cast<std::int64_t>(view->bytes.size()) != needed.bytes) {
      return bad(fmt::format("has {} bytes of {} in '{}', its state needs {} of {}", view->bytes.size(),
                             name_of(view->dtype), view->name, needed.bytes, name_of(needed.dtype)));
    }
  }
  Format& format = tensor.settings.format;
  if (format.code_rule == CodeRule::nearest_level) {
    format.codebook = copy_out<float>(*reader.parts[index_of(Part::levels)], 0, std::ssize(format.codebook));
    if (auto checked = check_format(format); !checked) return bad("has a quant_map of no meaning");
  }
  if (const TensorView* map = reader.parts[index_of(Part::nested_levels)]; map != nullptr) {
    if (copy_out<float>(*map, 0, 256) != dynamic_map(true)) return bad("has an unknown nested_quant_map");
  }
  return Done{};
}

}  // namespace

std::int64_t StoredTensor::size() const { return TensorView{name, shape, dtype, {}}.size(); }

std::string name_of(Part part, const StoredTensor& tensor) {
  switch (part) {
    case Part::codes: return tensor.name;
    case Part::scale: return tensor.name + ".absmax";
    case Part::scale_nested: return tensor.name + ".nested_absmax";
    case Part::minimum: return tensor.name + ".minimum";
    case Part::minimum_nested: return tensor.name + ".minimum_nested_absmax";
    case Part::zero_points: return tensor.name + ".zero_points";
    case Part::levels: return tensor.name + ".quant_map";
    case Part::nested_levels: return tensor.name + ".nested_quant_map";
    case Part::state: break;
  }
  const std::string& type = tensor.settings.format.name;
  return fmt::format("{}{}{}", tensor.name, is_theirs(type) ? their_mark : our_mark, type);
}

StoredTensorWriter::StoredTensorWriter(StoredTensor tensor)
    : tensor_(std::move(tensor)), state_(quant_state_text(tensor_)) {
  for (int i = 0; i < part_count; ++i) {
    const auto part = static_cast<Part>(i);
    const Expected needed = expected(part, tensor_);
    if (needed.bytes == 0) continue;
    TensorEntry entry{name_of(part, tensor_), needed.dtype, {needed.bytes / qlab::bytes_of(needed.dtype)}};
    if (part == Part::codes) entry.shape.push_back(1);  // a column, as the library keeps it
    entries_.push_back({part, std::move(entry)});
  }
}

std::vector<TensorEntry> StoredTensorWriter::entries() const {
  std::vector<TensorEntry> entries;
  for (const Entry& entry : entries_) entries.push_back(entry.entry);
  return entries;
}

Result<Done> StoredTensorWriter::write_fixed(SafetensorsWriter& file, std::size_t first_entry) const {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Result<Done> written = Done{};
    switch (entries_[i].part) {
      case Part::levels:
        written = file.write(first_entry + i, 0, bytes_of_vector(code_levels(tensor_.settings.format)));
        break;
      case Part::nested_levels: written = file.write(first_entry + i, 0, bytes_of_vector(dynamic_map(true))); break;
      case Part::state: written = file.write(first_entry + i, 0, std::as_bytes(std::span(state_))); break;
      default: break;
    }
    if (!written) return written;
  }
  return Done{};
}

Result<Done> StoredTensorWriter::write_piece(SafetensorsWriter& file, std::size_t first_entry, std::int64_t first_value,
                                             const QuantizedTensor& piece) const {
  const QuantizeSettings& settings = tensor_.settings;
  const bool nested = settings.constants == ConstantType::dynamic8;
  const std::int64_t block = first_value / settings.block_size;
  const std::int64_t nested_offset = block / settings.nested_block_size * 4;
  const auto constants = [&](const BlockConstants& of) {
    return nested ? bytes_of_vector(of.codes) : bytes_of_vector(of.fp32);
  };
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const auto write = [&](std::int64_t offset, std::span<const std::byte> bytes) {
      return file.write(first_entry + i, offset, bytes);
    };
    const std::int64_t constants_offset = nested ? block : 4 * block;
    Result<Done> written = Done{};
    switch (entries_[i].part) {
      case Part::codes: written = write(first_value * settings.format.bits / 8, bytes_of_vector(piece.packed)); break;
      case Part::scale: written = write(constants_offset, constants(piece.scale)); break;
      case Part::scale_nested: written = write(nested_offset, bytes_of_vector(piece.scale.nested_absmax)); break;
      case Part::minimum: written = write(constants_offset, constants(piece.minimum)); break;
      case Part::minimum_nested: written = write(nested_offset, bytes_of_vector(piece.minimum.nested_absmax)); break;
      case Part::zero_points:
        written = write(block * settings.format.bits / 8, bytes_of_vector(piece.zero_points));
        break;
      default: break;
    }
    if (!written) return written;
  }
  return Done{};
}

QuantizedTensor StoredTensorReader::piece(std::int64_t first, std::int64_t count) const {
  const QuantizeSettings& settings = tensor.settings;
  QuantizedTensor piece;
  piece.format = settings.format;
  piece.size = count;
  piece.block_size = settings.block_size;
  const std::int64_t block = first / settings.block_size;
  const PartSizes sizes = part_sizes(settings, count);
  const auto part = [&](Part wanted) -> const TensorView& { return *parts[index_of(wanted)]; };
  const auto constants = [&](Part values, Part nested, float mean) {
    BlockConstants out;
    out.type = settings.constants;
    if (settings.constants == ConstantType::fp32) {
      out.fp32 = copy_out<float>(part(values), block, piece.blocks());
    } else {
      out.codes = copy_out<std::uint8_t>(part(values), block, piece.blocks());
      out.nested_absmax = copy_out<float>(part(nested), block / settings.nested_block_size, sizes.scale_nested / 4);
      out.nested_block_size = settings.nested_block_size;
      out.offset = mean;
    }
    return out;
  };
  piece.packed = copy_out<std::uint8_t>(part(Part::codes), first * settings.format.bits / 8, sizes.codes);
  piece.scale = constants(Part::scale, Part::scale_nested, tensor.scale_mean);
  if (sizes.minimum > 0) piece.minimum = constants(Part::minimum, Part::minimum_nested, tensor.minimum_mean);
  if (sizes.zero_points > 0) {
    piece.zero_points =
        copy_out<std::uint8_t>(part(Part::zero_points), block * settings.format.bits / 8, sizes.zero_points);
  }
  return piece;
}

void StoredTensorReader::release() const {
  for (const TensorView* part : parts) {
    if (part != nullptr) release_pages(part->bytes);
  }
}

Result<std::vector<StoredTensorReader>> find_stored_tensors(std::span<const TensorView> tensors,
                                                            const std::string& where) {
  std::map<std::string_view, const TensorView*> by_name;
  for (const TensorView& tensor : tensors) by_name[tensor.name] = &tensor;
  std::vector<StoredTensorReader> found;
  for (const auto& [name, state] : by_name) {
    const std::string_view mark = name.find(their_mark) != std::string_view::npos ? their_mark : our_mark;
    const std::size_t at = name.find(mark);
    if (at == std::string_view::npos) continue;
    const std::string_view type = name.substr(at + mark.size());
    const auto bad = [&, owner = name.substr(0, at)](const Error& error) {
      return Error{Errc::bad_file, fmt::format("quantized tensor '{}' {}", owner, error.what), where,
                   "write the file again"};
    };
    const std::string_view text(reinterpret_cast<const char*>(state->bytes.data()), state->bytes.size());
    auto tensor = parse_quant_state(text, type);
    if (!tensor) return bad(tensor.error());
    StoredTensorReader reader;
    reader.tensor = std::move(*tensor);
    reader.tensor.name = std::string(name.substr(0, at));
    for (int i = 0; i < part_count; ++i) {
      const auto part = by_name.find(name_of(static_cast<Part>(i), reader.tensor));
      if (part != by_name.end()) reader.parts[static_cast<std::size_t>(i)] = part->second;
    }
    if (auto checked = check_parts(reader); !checked) return bad(checked.error());
    found.push_back(std::move(reader));
  }
  return found;
}

}  // namespace qlab
