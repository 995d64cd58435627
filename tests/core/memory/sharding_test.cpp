#include "core/memory/sharding.hpp"

#include "core/memory/inference.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;

ModelShape llama_7b() { return llama_like_shape(4096, 32, 32000); }
constexpr std::int64_t parameters_7b = 6'738'415'616;

StepSettings full_fp16() {
  StepSettings settings;
  settings.method = TrainingMethod::full;
  settings.optimizer = Optimizer::paged_adamw_32bit;  // fp32 moments
  return settings;
}

TEST_CASE("ZeRO's stages are the paper's 16, 4 + 12/N, 2 + 14/N and 16/N bytes a parameter", "[core][memory]") {
  const auto a_parameter = [](Sharding sharding, std::int64_t cards) {
    const ShardedState state = sharded_state(llama_7b(), full_fp16(), sharding, cards, false, true);
    return static_cast<double>(state.on_card() - state.gathered) / parameters_7b;
  };
  CHECK(a_parameter(Sharding::none, 64) == Approx(16));
  CHECK(a_parameter(Sharding::zero1, 64) == Approx(4 + 12.0 / 64));
  CHECK(a_parameter(Sharding::zero2, 64) == Approx(2 + 14.0 / 64));
  CHECK(a_parameter(Sharding::zero3, 64) == Approx(16.0 / 64));
  for (const auto sharding : {Sharding::zero1, Sharding::zero2, Sharding::zero3, Sharding::fsdp}) {
    CHECK(a_parameter(sharding, 1) == Approx(16));
  }
}

TEST_CASE("what is split is gathered a layer at a time, two with FSDP", "[core][memory]") {
  constexpr std::int64_t layer = 2 * (4 * 4096 * 4096 + 3 * 4096 * 11008 + 2 * 4096);
  CHECK(sharded_state(llama_7b(), full_fp16(), Sharding::zero2, 8).gathered == 0);
  CHECK(sharded_state(llama_7b(), full_fp16(), Sharding::zero3, 8).gathered == layer);
  CHECK(sharded_state(llama_7b(), full_fp16(), Sharding::fsdp, 8).gathered == 2 * layer);
  CHECK(sharded_state(llama_7b(), full_fp16(), Sharding::fsdp, 1).gathered == 0);
}

TEST_CASE("offload moves gradients and states to the host and loses nothing", "[core][memory]") {
  const ShardedState on_cards = sharded_state(llama_7b(), full_fp16(), Sharding::zero2, 4);
  const ShardedState offloaded = sharded_state(llama_7b(), full_fp16(), Sharding::zero2, 4, true);
  CHECK(offloaded.on_card() == on_cards.weights);
  CHECK(offloaded.host == 4 * (on_cards.gradients + on_cards.optimizer_state));
}

TEST_CASE("the cache of keys and values counts key-value heads and windows", "[core][memory]") {
  // 32 layers, 4096 values of K and of V, 2 bytes: half a MiB a token.
  CHECK(kv_cache_bytes(llama_7b(), 1, 1) == 512 * 1024);
  CHECK(kv_cache_bytes(llama_7b(), 3, 2048) == 3LL * 2048 * 512 * 1024);
  CHECK(kv_cache_bytes(llama_7b(), 1, 1, Dtype::i8) == 256 * 1024);
  ModelShape grouped = llama_7b();
  grouped.num_key_value_heads = 8;
  CHECK(kv_cache_bytes(grouped, 1, 1000) * 4 == kv_cache_bytes(llama_7b(), 1, 1000));
  grouped.sliding_window = 100;
  grouped.sliding_period = 2;  // every other layer
  CHECK(kv_cache_bytes(grouped, 1, 1000) == 2LL * 2 * 8 * 128 * (16 * 100 + 16 * 1000));
}

TEST_CASE("one 4-bit base serves many adapters where merged models would each be whole", "[core][memory]") {
  const ServingBytes bytes = serving_bytes(llama_7b(), {16, {"q_proj", "k_proj", "v_proj", "o_proj"}, 0}, 10);
  CHECK(bytes.merged == 10 * 2 * parameters_7b);
  CHECK(bytes.one_adapter == 2 * 16'777'216);
  CHECK(bytes.with_adapters() == weight_bytes(llama_7b(), WeightStore::bits4_double).total() + 20 * 16'777'216LL);
}

}  // namespace
