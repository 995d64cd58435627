#include "tests/app/cli/qloralab.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab::test;

Outcome without_display(std::vector<std::string> arguments) {
  Invocation invocation = qloralab_invocation(std::move(arguments));
  invocation.environment["WAYLAND_DISPLAY"] = std::nullopt;
  return run_program(invocation);
}

TEST_CASE("without a display the window says what works without one", "[app][cli]") {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{}, {"gui"}, {"gui", "nf4", "--set", "block=128"}, {"--lang", "zh"}}) {
    CAPTURE(arguments);
    const Outcome outcome = without_display(arguments);
    CHECK((outcome.exit_code == 2 && outcome.out.empty()));
    CHECK_THAT(outcome.err,
               StartsWith("qloralab: error: ") && EndsWith(": use qloralab lessons, run or check, which need none\n"));
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  }
}

}  // namespace
