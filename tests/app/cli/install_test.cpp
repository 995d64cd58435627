#include "tests/app/cli/qloralab.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab::test;

TEST_CASE("an installed program works wherever its folder is moved", "[app][cli]") {
  const TemporaryFolder folder;
  const Outcome installed =
      run_program({{QLAB_CMAKE, "--install", QLAB_BUILD_FOLDER, "--prefix", folder / "first"}, {}, {}});
  CAPTURE(installed.err);
  REQUIRE(installed.exit_code == 0);
  const auto moved = folder / "moved to 别处";
  std::filesystem::rename(folder / "first", moved);
  // What it reads is its own copy: this title stands nowhere else.
  const auto toml = moved / "share/qloralab/lessons/07-checkpointing/lesson.toml";
  std::string text = content_of(toml);
  const std::string title = "title = { en = \"";
  text.insert(text.find(title) + title.size(), "Moved: ");
  put(toml, text);
  Invocation invocation = qloralab_invocation({"check", "--format", "json"});
  invocation.command[0] = moved / "bin/qloralab";
  invocation.cwd = "/proc";
  const Outcome checked = run_program(invocation);
  CHECK((checked.exit_code == 0 && checked.err.empty()));
  invocation.command = {moved / "bin/qloralab", "lessons"};
  CHECK_THAT(run_program(invocation).out, ContainsSubstring("checkpointing  Moved: "));
  CHECK(std::filesystem::exists(moved / "share/qloralab/lessons/AUTHORING.md"));
  CHECK_FALSE(std::filesystem::exists(moved / "share/qloralab/lessons/engine"));
}

}  // namespace
