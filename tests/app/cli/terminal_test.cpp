#include <sstream>

#include "app/views/columns.hpp"
#include "tests/app/cli/qloralab.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/terminal_program.hpp"

namespace {

using namespace qlab::test;

Outcome on_terminal(const Invocation& invocation, int columns) { return TerminalProgram(invocation, columns).wait(); }

/// Without colours and cursor movements.
std::string plain(const std::string& shown) {
  std::string out;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (shown[i] == '\x1b') {
      i = shown.find_first_of("mK", i);
    } else if (shown[i] != '\r') {
      out += shown[i];
    }
  }
  return out;
}

TEST_CASE("on a terminal the report has colours and the terminal's width", "[app][cli]") {
  const int columns = GENERATE(60, 120);
  const Outcome outcome = on_terminal(qloralab_invocation({"run", "checkpointing"}), columns);
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.out, ContainsSubstring("\x1b[1m") && ContainsSubstring("\x1b[32m"));
  std::istringstream lines(plain(outcome.out));
  int widest = 0;
  for (std::string line; std::getline(lines, line);) widest = std::max(widest, qlab::views::display_width(line));
  CHECK(widest <= columns);
  CHECK(widest > columns / 2);
}

TEST_CASE("NO_COLOR is honoured", "[app][cli]") {
  Invocation invocation = qloralab_invocation({"run", "checkpointing"});
  invocation.environment["NO_COLOR"] = "1";
  CHECK(on_terminal(invocation, 80).out.find("\x1b[1m") == std::string::npos);
}

const std::vector<std::string> slow_sweep{"run", "blockwise", "--set", "n=4194304", "--threads", "1"};

TEST_CASE("a slow run shows its progress on a terminal, and nowhere else", "[app][cli]") {
  const Outcome shown = on_terminal(qloralab_invocation(slow_sweep), 80);
  CHECK(shown.exit_code == 0);
  CHECK_THAT(shown.out, ContainsSubstring(" %") && ContainsSubstring("\r\x1b[K"));
  const Outcome quiet = qloralab(slow_sweep);
  CHECK((quiet.exit_code == 0 && quiet.err.empty()));
}

TEST_CASE("Ctrl-C stops a slow run, in one line, with nothing written", "[app][cli]") {
  const TemporaryFolder folder;
  std::vector<std::string> arguments = slow_sweep;
  arguments.insert(arguments.end(), {"--out", folder / "out", "--export", "csv"});
  TerminalProgram program(qloralab_invocation(arguments), 80);
  REQUIRE(program.wait_for(" %"));
  program.press("\x03");
  const Outcome outcome = program.wait();
  CHECK(outcome.exit_code == 2);
  CHECK_THAT(outcome.out, EndsWith("qloralab: error: stopped (blockwise): nothing was written\r\n"));
  CHECK(folder.entries() == 0);
}

}  // namespace
