// The authoring guide is followed to the letter: its commands are run, its files are written, in its order.
#include <algorithm>
#include <sstream>

#include "tests/app/cli/qloralab.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab::test;

struct Fence {
  std::string language;
  std::string text;
};

std::vector<Fence> fences_of(const std::string& markdown) {
  std::vector<Fence> fences;
  std::istringstream lines(markdown);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      if (!inside) fences.push_back({line.substr(3), ""});
      inside = !inside;
    } else if (inside) {
      fences.back().text += line + "\n";
    }
  }
  return fences;
}

TEST_CASE("the authoring guide works as it is written", "[app][cli]") {
  const TemporaryFolder folder;
  Invocation shell = qloralab_invocation({});
  shell.cwd = folder.path();
  shell.environment["PATH"] = std::filesystem::path(QLORALAB).parent_path().string() + ":" + std::getenv("PATH");
  const auto fences = fences_of(content_of(QLAB_SOURCE_ROOT "/lessons/AUTHORING.md"));
  REQUIRE(fences.size() == 4);
  for (const Fence& fence : fences) {
    CAPTURE(fence.text);
    if (fence.language == "toml") {
      put(folder / "my-blocks/lesson.toml", fence.text);
    } else if (fence.language == "markdown") {
      put(folder / "my-blocks/en.md", fence.text);
    } else {
      REQUIRE(fence.language == "sh");
      shell.command = {"bash", "-e", "-c", fence.text};
      const Outcome outcome = run_program(shell);
      CHECK((outcome.exit_code == 0 && outcome.err.empty()));
    }
  }
  CHECK(std::filesystem::exists(folder / "report.xml"));
  CHECK(std::filesystem::exists(folder / "slides/my-blocks-sweep.csv"));
  const json lesson = json::parse(qloralab({"run", folder / "my-blocks", "--format", "json"}).out);
  CHECK(lesson["parameters"]["block_size"] == 32);
}

}  // namespace
