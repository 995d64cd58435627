// How a quantized tensor lies in a safetensors file: as bitsandbytes and transformers store it, and our other formats
// by the same plan under a name of ours.
//   NAME                       U8 [bytes, 1]   codes
//   NAME.absmax                F32 [blocks], or U8 [blocks] with double quantization; a linear format's step
//   NAME.quant_map             F32 [levels]    what each code means
//   NAME.nested_absmax         F32 [nested blocks], NAME.nested_quant_map F32 [256]: double quantization only
//   NAME.minimum, NAME.minimum_nested_absmax, NAME.zero_points: formats that have them (ours only)
//   NAME.quant_state.bitsandbytes__nf4 (or __fp4; ours: qloralab__TYPE)   U8, a JSON text: type, block size, shape,
//   means
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/quantization/piecewise.hpp"
#include "core/quantization/quantize.hpp"
#include "core/tensor/safetensors.hpp"

namespace qlab {

/// A tensor that is quantized in a file, by what its quant_state says.
struct StoredTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  Dtype dtype = Dtype::f16;   ///< of the original
  QuantizeSettings settings;  ///< format, block sizes, type of the constants
  float scale_mean = 0;       ///< double quantization: what was removed
  float minimum_mean = 0;

  std::int64_t size() const;  ///< number of values
};

/// The parts in a file, those that a tensor does not have left out.
enum class Part { codes, scale, scale_nested, minimum, minimum_nested, zero_points, levels, nested_levels, state };
inline constexpr int part_count = 9;

/// "NAME.absmax"; of the state: "NAME.quant_state.bitsandbytes__nf4".
std::string name_of(Part part, const StoredTensor& tensor);

/// Writes one tensor into a safetensors file, piece by piece.
class StoredTensorWriter {
 public:
  explicit StoredTensorWriter(StoredTensor tensor);

  /// What must be in the file's entries; `first_entry` is the place of the first of them there.
  std::vector<TensorEntry> entries() const;

  /// The tables and the state, which are no piece's.
  Result<Done> write_fixed(SafetensorsWriter& file, std::size_t first_entry) const;

  /// The piece whose first value is `first_value`, a multiple of piece_unit().
  Result<Done> write_piece(SafetensorsWriter& file, std::size_t first_entry, std::int64_t first_value,
                           const QuantizedTensor& piece) const;

 private:
  struct Entry {
    Part part;
    TensorEntry entry;
  };

  StoredTensor tensor_;
  std::string state_;
  std::vector<Entry> entries_;
};

/// A quantized tensor found in a file.
struct StoredTensorReader {
  StoredTensor tensor;
  std::array<const TensorView*, part_count> parts{};  ///< by Part; nullptr for those it does not have

  /// Values [first, first + count) as quantize() left them; `first` is a multiple of piece_unit().
  QuantizedTensor piece(std::int64_t first, std::int64_t count) const;

  /// Lets the pages that were read leave resident memory.
  void release() const;
};

/// Every quantized tensor among the tensors of a file, in the order of their names; what is returned points to them.
/// `where` names the file in errors. Error: bad_file if a state cannot be read, or says something that the parts do not
/// bear out.
Result<std::vector<StoredTensorReader>> find_stored_tensors(std::span<const TensorView> tensors,
                                                            const std::string& where);

}  // namespace qlab
