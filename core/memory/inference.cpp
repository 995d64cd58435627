#include "core/memory/inference.hpp"

#include <algorithm>

namespace qlab {

std::int64_t kv_cache_bytes(const ModelShape& shape, std::int64_t batch, std::int64_t tokens, Dtype dtype) {
  std::int64_t positions = 0;
  for (std::int64_t layer = 0; layer < shape.num_layers; ++layer) {
    const bool slides =
        shape.sliding_window > 0 && layer >= shape.first_sliding_layer && layer % shape.sliding_period == 0;
    positions += slides ? std::min(tokens, shape.sliding_window) : tokens;
  }
  return 2 * batch * positions * shape.num_key_value_heads * shape.head_dim * bytes_of(dtype);
}

ServingBytes serving_bytes(const ModelShape& shape, const LoraSettings& lora, std::int64_t tasks) {
  ServingBytes bytes;
  bytes.tasks = tasks;
  bytes.merged = tasks * weight_bytes(shape, WeightStore::plain).total();
  bytes.base = weight_bytes(shape, WeightStore::bits4_double).total();
  bytes.one_adapter = bytes_of(Dtype::bf16) * adapter_parameters(shape, lora.rank, lora.targets);
  return bytes;
}

}  // namespace qlab
