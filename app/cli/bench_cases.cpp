#include "app/cli/bench_cases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/base/check.hpp"
#include "core/base/parallel.hpp"
#include "core/memory/step/simulate.hpp"
#include "core/quantization/decode.hpp"
#include "core/quantization/encode.hpp"
#include "core/quantization/error_figures.hpp"
#include "core/quantization/quantize.hpp"
#include "core/tensor/generate.hpp"

namespace qlab::cli {
namespace {

constexpr std::int64_t value_count = std::int64_t{16} << 20;  // 64 MiB of fp32: beyond the caches of most machines
constexpr int block_size = 64;
constexpr std::int64_t checked_count = value_count / 16 / block_size * block_size;  // the reference loops are slow

struct Buffers {
  std::vector<float> values = std::vector<float>(value_count);
  std::vector<float> out = std::vector<float>(value_count);
};

/// One format's tensor, which quantizing fills and dequantizing reads.
struct Job {
  std::shared_ptr<Buffers> buffers;
  QuantizeSettings settings;
  QuantizedTensor tensor;

  void quantize(int threads) {
    QLAB_CHECK(qlab::quantize(buffers->values, settings, threads, tensor));  // N(0,1) has no value that is refused
  }
  void dequantize(int threads) { QLAB_CHECK(qlab::dequantize(tensor, buffers->out, threads)); }
};

Error wrong(const std::string& name) {
  return {Errc::unsupported, fmt::format("{} differs from the reference on this processor", name), "",
          "please report it with the processor's name"};
}

Result<Done> check_codes(const std::string& name, Job& job) {
  job.quantize(0);
  const EncodePlan plan(job.settings);
  std::vector<std::uint8_t> packed(checked_count * plan.bits / 8);
  std::vector<float> scale(checked_count / block_size);
  std::vector<float> minimum(scale.size());
  EncodedBlocks expected;
  expected.packed = packed.data();
  expected.scale = scale.data();
  if (plan.scale_rule == ScaleRule::min_max) expected.minimum = minimum.data();
  encode_plain(plan, job.buffers->values.data(), checked_count, expected);
  return std::equal(packed.begin(), packed.end(), job.tensor.packed.begin()) ? Result<Done>(Done{}) : wrong(name);
}

Result<Done> check_values(const std::string& name, Job& job) {
  job.quantize(0);
  job.dequantize(0);
  const DecodePlan plan(job.tensor);
  std::vector<float> expected(checked_count);
  decode_plain(plan, 0, checked_count, expected.data());
  return std::equal(expected.begin(), expected.end(), job.buffers->out.begin()) ? Result<Done>(Done{}) : wrong(name);
}

void add_format(Bench& bench, const std::shared_ptr<Buffers>& buffers, const char* format, ConstantType constants) {
  auto job = std::make_shared<Job>();
  job->buffers = buffers;
  job->settings.format = *find_format(format);
  job->settings.block_size = block_size;
  job->settings.constants = constants;
  const std::string what =
      fmt::format("{}{}_fp32_b{}", format, constants == ConstantType::dynamic8 ? "_dq" : "", block_size);
  bench.cases.push_back({"quantize_" + what, [job, what] { return check_codes("quantize_" + what, *job); },
                         [job](int threads) { job->quantize(threads); }});
  bench.cases.push_back({"dequantize_" + what, [job, what] { return check_values("dequantize_" + what, *job); },
                         [job](int threads) { job->dequantize(threads); }});
}

/// QLoRA on every Linear of LLaMA 7B with checkpoints: the trace of a whole step.
void add_simulated_step(Bench& bench) {
  const char* const name = "simulate_step_llama_7b";
  const ModelShape shape = llama_like_shape(4096, 32, 32000);
  StepSettings settings;
  settings.lora = LoraSettings{.rank = 16, .targets = {"all-linear"}, .dropout = 0};
  const auto check = [=]() -> Result<Done> {
    const auto steady = simulate_step(shape, settings);
    const auto second = simulate_first_steps(shape, settings, 2);
    if (!steady) return steady.error();
    if (!second) return second.error();
    return steady->peak_bytes == second->peak_bytes ? Result<Done>(Done{}) : wrong(name);
  };
  const auto run = [=](int) { QLAB_CHECK(simulate_step(shape, settings)); };
  bench.cases.push_back({.name = name, .check = check, .run = run, .against_copy = false, .parallel = false});
}

}  // namespace

Result<Bench> make_bench() {
  const auto buffers = std::make_shared<Buffers>();
  if (auto generated = generate({}, 0, buffers->values, 0); !generated) return generated.error();
  Bench bench;
  bench.bytes = value_count * static_cast<std::int64_t>(sizeof(float));
  bench.copy = [buffers](int threads) {
    for_each_piece(
        value_count, (value_count + threads - 1) / threads, threads, [&](std::int64_t first, std::int64_t last) {
          std::memcpy(buffers->out.data() + first, buffers->values.data() + first, (last - first) * sizeof(float));
        });
  };
  add_format(bench, buffers, "nf4", ConstantType::fp32);
  add_format(bench, buffers, "nf4", ConstantType::dynamic8);
  add_format(bench, buffers, "fp4", ConstantType::fp32);
  add_format(bench, buffers, "int4", ConstantType::fp32);
  add_format(bench, buffers, "int4_affine", ConstantType::fp32);
  add_format(bench, buffers, "int8", ConstantType::fp32);
  add_simulated_step(bench);
  add_training_steps(bench);
  return bench;
}

}  // namespace qlab::cli
