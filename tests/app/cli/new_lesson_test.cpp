#include "tests/app/cli/qloralab.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab::test;

TEST_CASE("a new lesson from any of ours passes check as it is", "[app][cli]") {
  const TemporaryFolder folder;
  const json listed = json::parse(qloralab({"lessons", "--format", "json"}).out);
  REQUIRE(listed["lessons"].size() >= 2);
  for (const json& lesson : listed["lessons"]) {
    const std::string from = lesson["id"];
    CAPTURE(from);
    const auto mine = folder / ("my-" + from);
    const Outcome made = qloralab({"new-lesson", mine, "--from", from});
    CHECK((made.exit_code == 0 && made.err.empty()));
    const Outcome checked = qloralab({"check", mine, "--format", "json"});
    CHECK(checked.exit_code == 0);
    const json item = json::parse(checked.out)["items"][0];
    CHECK(item["checks"].back()["name"].get<std::string>().starts_with("expect_"));
    CHECK_THAT(content_of(mine / "lesson.toml"), StartsWith("# A lesson of your own."));
    CHECK_THAT(content_of(mine / "zh.md"), ContainsSubstring("(lesson:" + from + ")"));
  }
}

TEST_CASE("every commented entry of a new lesson is ready to be used", "[app][cli]") {
  const TemporaryFolder folder;
  REQUIRE(qloralab({"new-lesson", folder / "mine", "--from", "memory-ledger"}).exit_code == 0);
  std::string toml = content_of(folder / "mine/lesson.toml");
  for (const char* start : {"\n# [[parameters]]", "\n# name = ", "\n# default = "}) {
    for (std::size_t place = 0; (place = toml.find(start, place)) != std::string::npos;) toml.erase(place + 1, 2);
  }
  put(folder / "mine/lesson.toml", toml);
  const Outcome checked = qloralab({"check", folder / "mine"});
  CAPTURE(toml, checked.err);
  CHECK(checked.exit_code == 0);
}

TEST_CASE("a teacher's lesson can be the start of another", "[app][cli]") {
  const TemporaryFolder folder;
  write_teachers(folder / "ours");
  CHECK(qloralab({"new-lesson", folder / "mine", "--from", folder / "ours"}).exit_code == 0);
  CHECK(content_of(folder / "mine/lesson.toml") == teachers_toml);
  CHECK(qloralab({"check", folder / "mine"}).exit_code == 0);
}

TEST_CASE("a new lesson takes an empty folder, a deep one, any name, and leaves nothing else", "[app][cli]") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "empty");
  for (const std::string& name :
       {std::string("empty"), std::string("a/b/c"), std::string("quo'te \"s\" 一\n"), std::string("slash/")}) {
    CAPTURE(name);
    const Outcome made = qloralab({"new-lesson", folder / name, "--from", "checkpointing"});
    CHECK((made.exit_code == 0 && made.err.empty()));
    CHECK(std::count(made.out.begin(), made.out.end(), '\n') == 1);
    CHECK(qloralab({"check", folder / name}).exit_code == 0);
  }
  CHECK(folder.entries() == 4);
}

TEST_CASE("a new lesson never touches what is there", "[app][cli]") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "full");
  put(folder / "full/notes.txt", "mine");
  put(folder / "file", "mine");
  for (const char* name : {"full", "file"}) {
    const Outcome outcome = qloralab({"new-lesson", folder / name, "--from", "checkpointing"});
    CHECK((outcome.exit_code == 2 && outcome.out.empty()));
    CHECK(outcome.err ==
          "qloralab: error: the folder is not empty (" + (folder / name).string() + "): name a new one\n");
  }
  CHECK(content_of(folder / "full/notes.txt") == "mine");
  CHECK(folder.entries() == 2);
  const Outcome nowhere = qloralab({"new-lesson", "/proc/mine", "--from", "checkpointing"});
  CHECK(nowhere.exit_code == 2);
  CHECK_THAT(nowhere.err, StartsWith("qloralab: error: cannot make the folder (/proc/mine): "));
}

}  // namespace
