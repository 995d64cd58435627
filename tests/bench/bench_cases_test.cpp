// What `qloralab bench` times is timed only if it is right; no time is asserted.
#include "app/cli/bench_cases.hpp"

#include <algorithm>

#include "tests/support/catch.hpp"

namespace {

using namespace qlab::cli;

TEST_CASE("every bench case equals the reference loops, and the promised names are there", "[app][bench][parity]") {
  const auto bench = make_bench();
  REQUIRE(bench);
  CHECK(bench->bytes == std::int64_t{64} << 20);
  for (const char* name : {"quantize_nf4_fp32_b64", "dequantize_nf4_fp32_b64", "quantize_nf4_dq_fp32_b64",
                           "simulate_step_llama_7b", "train_step_classroom_full", "train_step_classroom_qlora"}) {
    CAPTURE(name);
    CHECK(
        std::any_of(bench->cases.begin(), bench->cases.end(), [&](const BenchCase& one) { return one.name == name; }));
  }
  for (const BenchCase& one : bench->cases) {
    CAPTURE(one.name);
    CHECK(one.check());
  }
}

}  // namespace
