// --device: the processor and the GPU, where there is one, print the same document but for the device's name.
#include "tests/app/cli/qloralab.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab::test;

TEST_CASE("the option --device gpu computes what the processor does, or says why it cannot", "[app][cli]") {
  const Outcome there = qloralab({"run", "nf4", "--format", "json", "--device", "gpu"});
  const Outcome here = qloralab({"run", "nf4", "--format", "json", "--device", "cpu"});
  REQUIRE(here.exit_code == 0);
  if (there.exit_code != 0) {
    CHECK(there.exit_code == 2);
    CHECK(there.out.empty());
    CHECK(there.err.find("--device cpu") != std::string::npos);
    return;
  }
  json ours = json::parse(there.out);
  json expected = json::parse(here.out);
  CHECK(ours["device"] != expected["device"]);
  ours.erase("device");
  expected.erase("device");
  CHECK(ours == expected);
}

}  // namespace
