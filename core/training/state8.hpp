// An optimizer state of 8 bits a value: codes of the dynamic map in blocks of 256, an fp32 absmax a block.
// Source: Dettmers et al. 2022, "8-bit optimizers via block-wise quantization". SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/training/memory.hpp"
#include "core/training/safetensors_file.hpp"

namespace qlab {
struct TensorFile;
}

namespace qlab::training {

class State8 {
 public:
  static constexpr std::int64_t block = 256;

  /// `size` zeros; the signed map for means, the unsigned one for squares.
  State8(Memory& memory, std::int64_t size, bool is_signed);

  /// Values [first, first + count) as numbers; `first` begins a block.
  void decode(std::int64_t first, std::int64_t count, float* out) const;
  /// Takes the nearest codes (fp32 midpoints, a tie goes down). `count` is whole blocks or reaches the end.
  void encode(std::int64_t first, std::int64_t count, const float* values);

  void append_to(std::vector<NamedBytes>& tensors, const std::string& name, std::vector<std::int64_t> shape) const;
  Result<Done> read(const TensorFile& file, const std::string& name);

 private:
  struct Map;
  static const Map& map(bool is_signed);

  const Map& map_;
  std::vector<std::uint8_t> codes_;
  std::vector<float> absmax_;
  Buffer counted_;
};

}  // namespace qlab::training
