#include "core/memory/classroom.hpp"

#include "tests/support/catch.hpp"

namespace {

using namespace qlab;

TEST_CASE("the classroom formulas print the script's figures at its defaults", "[core][memory][golden]") {
  const classroom::Stats stats;
  CHECK(classroom::parameter_count(stats) == 6'442'450'944);
  const auto memory = classroom::paged_memory(stats);
  CHECK(memory.fp16_gb == 12.0);
  CHECK(memory.qlora_gb == 9.0);
  CHECK(memory.int8_bytes == 6'442'450'944);
  CHECK(memory.int4_bytes == 3'221'225'472);
  CHECK(memory.optimizer_bytes == 6'442'450'944);
  const auto checkpointing = classroom::checkpointing(stats, 0.5);
  CHECK(checkpointing.activations == 268'435'456);
  CHECK(checkpointing.activations_gb == 0.25);
  CHECK(checkpointing.saved_gb == 0.125);
  CHECK(checkpointing.kept_gb == 0.125);
}

TEST_CASE("the classroom formulas follow H, L, T, the ratio and the batch", "[core][memory]") {
  const classroom::Stats stats{.hidden_size = 5120, .num_layers = 40, .seq_length = 2048};
  CHECK(classroom::parameter_count(stats) == 12'582'912'000);  // 12 * 26,214,400 * 40
  CHECK(classroom::paged_memory(stats).fp16_gb == Approx(23.4375));
  CHECK(classroom::paged_memory(stats).qlora_gb == Approx(17.578125));
  const auto checkpointing = classroom::checkpointing(stats, 0.8, 3);  // 3 * 838,860,800 bytes = 2.34375 GiB
  CHECK(checkpointing.activations == 2'516'582'400);
  CHECK(checkpointing.saved_gb == Approx(1.875));
  CHECK(checkpointing.kept_gb == Approx(0.46875));
}

TEST_CASE("half a byte a parameter is an integer division, as in the script", "[core][memory]") {
  // 12 H^2 L is always even, so nothing is lost: 12 * 9 * 1 = 108 parameters, 54 bytes.
  const auto memory = classroom::paged_memory({.hidden_size = 3, .num_layers = 1, .seq_length = 1});
  CHECK(memory.fp16_bytes == 216);
  CHECK(memory.int4_bytes == 54);
  CHECK(memory.qlora_bytes == 162);
}

TEST_CASE("the practice task's terms add up as it prints them, two of its sums but nearly", "[core][memory][golden]") {
  const auto task = classroom::practice_task(7e9);
  CHECK(task.weights_gb == 14);
  CHECK(task.optimizer_gb == 28);
  CHECK(task.gradients_gb == 14);
  CHECK(task.full_gb() == 66);
  CHECK(task.lora_gb() == Approx(14.12));  // printed as 14.2
  CHECK(task.weights_4bit_gb == 3.5);
  CHECK(task.qlora_gb() == Approx(3.62));  // printed as 3.7
}

}  // namespace
