#include "core/training/linear.hpp"

#include <algorithm>

#include "core/base/check.hpp"
#include "core/quantization/decode.hpp"
#include "core/tensor/philox.hpp"

namespace qlab::training {
namespace {

/// The weight for one product: where it lies, or decoded into memory that goes with this object.
class Weight {
 public:
  Weight(Engine& engine, const Linear& linear) : data_(linear.weight.value.data()) {
    if (!linear.quantized) return;
    decoded_ = dense_weight(engine, linear);
    data_ = decoded_.data();
  }
  const float* data() const { return data_; }

 private:
  Buffer decoded_;
  const float* data_;
};

/// Blocks a thread decodes at once: whole stripes of eight blocks end at a byte's edge.
std::int64_t decode_piece(int block_size) {
  const std::int64_t stripe = std::int64_t{8} * block_size;
  return stripe * std::max<std::int64_t>(1, 32768 / stripe);
}

/// The adapter's input: x itself, or x with the step's mask in memory that goes with this object.
class AdapterInput {
 public:
  AdapterInput(Engine& engine, const Adapter& adapter, const float* x, std::int64_t rows, std::int64_t width,
               std::optional<std::uint64_t> seed)
      : data_(x), mask_{adapter.dropout, seed.value_or(0), adapter.stream}, masked_(seed && adapter.dropout > 0) {
    if (!masked_) return;
    dropped_ = engine.memory().floats(rows * width, MemoryKind::temporary);
    engine.for_rows(rows, width, [&](std::int64_t first, std::int64_t last) {
      mask_.apply(x, first * width, (last - first) * width, dropped_.data() + first * width);
    });
    data_ = dropped_.data();
  }
  const float* data() const { return data_; }
  bool masked() const { return masked_; }
  const DropoutMask& mask() const { return mask_; }

 private:
  Buffer dropped_;
  const float* data_;
  DropoutMask mask_;
  bool masked_;
};

}  // namespace

std::int64_t Parameter::size() const {
  std::int64_t product = 1;
  for (const std::int64_t one : shape) product *= one;
  return product;
}

kernels::ProductTarget Parameter::gradient_target(Memory& memory, float factor) {
  const bool add = !gradient.empty();
  if (!add) gradient = memory.floats(size(), MemoryKind::gradients);
  return {gradient.data(), shape.back(), factor, add};
}

void DropoutMask::apply(const float* x, std::int64_t first, std::int64_t count, float* out) const {
  // A word in 2^32 is dropped if it lies below the rate.
  const auto bound = static_cast<std::uint64_t>(rate * 0x1p32);
  const auto kept = static_cast<float>(1 / (1 - rate));
  for (std::int64_t i = first; i < first + count;) {
    const auto block = static_cast<std::uint64_t>(i / 4);
    const PhiloxBlock bits =
        philox4x32_10({{static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                        static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)}},
                      seed);
    for (const std::int64_t end = std::min(first + count, (i / 4 + 1) * 4); i < end; ++i) {
      out[i - first] = bits.word[i % 4] < bound ? 0.0F : x[i] * kept;
    }
  }
}

void Linear::forward(Engine& engine, const float* x, std::int64_t rows, float* y, bool add,
                     std::optional<std::uint64_t> dropout_seed, LinearTape& tape) const {
  const Matrix input = Matrix::dense(x, rows, inputs);
  {
    const Weight w(engine, *this);
    engine.multiply(input, Matrix::dense(w.data(), outputs, inputs).transposed(), {y, outputs, 1, add});
  }
  if (!adapter) return;
  const Adapter& lora = *adapter;
  const AdapterInput dropped(engine, lora, x, rows, inputs, dropout_seed);
  tape.projected = engine.memory().floats(rows * lora.rank, MemoryKind::activations);
  engine.multiply(Matrix::dense(dropped.data(), rows, inputs),
                  Matrix::dense(lora.a.value.data(), lora.rank, inputs).transposed(),
                  {tape.projected.data(), lora.rank});
  engine.multiply(Matrix::dense(tape.projected.data(), rows, lora.rank),
                  Matrix::dense(lora.b.value.data(), outputs, lora.rank).transposed(), {y, outputs, lora.scale, true});
}

void Linear::backward(Engine& engine, const float* x, const float* dy, std::int64_t rows, float* dx, bool add,
                      std::optional<std::uint64_t> dropout_seed, const LinearTape& tape) {
  const Matrix input = Matrix::dense(x, rows, inputs);
  const Matrix d = Matrix::dense(dy, rows, outputs);
  if (weight.trainable) {
    engine.multiply(d.transposed(), input, weight.gradient_target(engine.memory(), 1));
  }
  if (dx != nullptr) {
    const Weight w(engine, *this);
    engine.multiply(d, Matrix::dense(w.data(), outputs, inputs), {dx, inputs, 1, add});
  }
  if (!adapter) return;
  Adapter& lora = *adapter;
  const Matrix projected = Matrix::dense(tape.projected.data(), rows, lora.rank);
  Buffer dprojected = engine.memory().floats(rows * lora.rank, MemoryKind::temporary);
  engine.multiply(d, Matrix::dense(lora.b.value.data(), outputs, lora.rank),
                  {dprojected.data(), lora.rank, lora.scale});
  engine.multiply(d.transposed(), projected, lora.b.gradient_target(engine.memory(), lora.scale));
  const AdapterInput dropped(engine, lora, x, rows, inputs, dropout_seed);
  const Matrix back = Matrix::dense(dprojected.data(), rows, lora.rank);
  engine.multiply(back.transposed(), Matrix::dense(dropped.data(), rows, inputs),
                  lora.a.gradient_target(engine.memory(), 1));
  if (dx == nullptr) return;
  const Matrix a = Matrix::dense(lora.a.value.data(), lora.rank, inputs);
  if (!dropped.masked()) return engine.multiply(back, a, {dx, inputs, 1, true});
  Buffer ddropped = engine.memory().floats(rows * inputs, MemoryKind::temporary);
  engine.multiply(back, a, {ddropped.data(), inputs});
  engine.for_rows(rows, inputs, [&](std::int64_t first, std::int64_t last) {
    const std::int64_t start = first * inputs;
    const std::int64_t count = (last - first) * inputs;
    dropped.mask().apply(ddropped.data(), start, count, ddropped.data() + start);
    engine.rows().add(ddropped.data() + start, 1, count, dx + start);
  });
}

Buffer dense_weight(Engine& engine, const Linear& linear) {
  Buffer out = engine.memory().floats(linear.weight.size(), MemoryKind::temporary);
  if (!linear.quantized) {
    std::ranges::copy(linear.weight.value.values(), out.data());
    return out;
  }
  static const Decode decode = decode_variants().back().decode;
  const DecodePlan plan(*linear.quantized);
  engine.team().for_each_piece(
      linear.quantized->size, decode_piece(plan.block_size),
      [&](std::int64_t first, std::int64_t last, int) { decode(plan, first, last - first, out.data() + first); });
  return out;
}

Result<Done> quantize_weight(Engine& engine, Linear& linear, const QuantizeSettings& settings) {
  QLAB_CHECK(!linear.quantized);
  auto codes = quantize(linear.weight.value.values(), settings, engine.team().threads());
  if (!codes) {
    Error error = codes.error();
    error.where = linear.name();
    return error;
  }
  linear.quantized = *std::move(codes);
  linear.quantized_bytes = engine.memory().reserve(linear.quantized->bytes(), MemoryKind::weights);
  linear.weight.value.release();
  linear.weight.gradient.release();
  linear.weight.trainable = false;
  return Done{};
}

Buffer merged_weight(Engine& engine, const Linear& linear) {
  Buffer merged = dense_weight(engine, linear);
  if (!linear.adapter) return merged;
  const Adapter& lora = *linear.adapter;
  engine.multiply(Matrix::dense(lora.b.value.data(), linear.outputs, lora.rank),
                  Matrix::dense(lora.a.value.data(), lora.rank, linear.inputs),
                  {merged.data(), linear.inputs, lora.scale, true});
  return merged;
}

}  // namespace qlab::training
