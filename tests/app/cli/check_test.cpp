#include "tests/app/cli/qloralab.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/xml.hpp"

namespace {

using namespace qlab::test;

std::string broken_promise() {
  std::string toml = teachers_toml;
  return toml.replace(toml.find("equals = 3"), 10, "at_least = 5");
}

TEST_CASE("check runs every scenario of every lesson of ours", "[app][cli]") {
  const Outcome outcome = qloralab({"check", "--format", "json"});
  CAPTURE(outcome.err);
  CHECK((outcome.exit_code == 0 && outcome.err.empty()));
  const json document = json::parse(outcome.out);
  CHECK((document["format_version"] == 1 && document["passed"] == true));
  std::size_t scenarios = 0;
  const json listed = json::parse(qloralab({"lessons", "--format", "json"}).out);
  for (const json& lesson : listed["lessons"]) scenarios += lesson["scenarios"].size();
  CHECK(scenarios >= 2);
  CHECK(document["items"].size() == scenarios);
  for (const json& item : document["items"]) {
    CAPTURE(item["lesson"], item["scenario"]);
    CHECK((item["passed"] == true && item["complete"] == true && item["format_version"] == 1));
  }
}

TEST_CASE("check says a line a scenario and sums up", "[app][cli]") {
  const TemporaryFolder folder;
  const Outcome outcome = qloralab({"check", "checkpointing", write_teachers(folder / "ours")});
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.out,
             ContainsSubstring("ok      checkpointing / default  ") && ContainsSubstring("ok      ours / default  "));
  CHECK_THAT(outcome.out, EndsWith(" scenarios passed\n"));
}

TEST_CASE("a broken promise makes check say no, in every form", "[app][cli]") {
  const TemporaryFolder folder;
  const auto lesson = write_teachers(folder / "ours & \"theirs\"", broken_promise());
  const Outcome text = qloralab({"check", lesson, "--junit", folder / "junit.xml"});
  CHECK((text.exit_code == 1 && text.err.empty()));
  CHECK_THAT(text.out,
             ContainsSubstring("FAILED  ours & \"theirs\" / default") && ContainsSubstring("3, expected ≥ 5\n"));
  CHECK_THAT(text.out, EndsWith("0 of 1 scenarios passed\n"));
  const XmlElement root = parse_xml(content_of(folder / "junit.xml"));
  CHECK((root.name == "testsuites" && root.attributes.at("failures") == "1"));
  CHECK(root.children.at(0).attributes.at("name") == "ours & \"theirs\"");
  const XmlElement& failed = root.children.at(0).children.back();
  CHECK(failed.attributes.at("name") == "default: expect_fp16_gb_at_least");
  CHECK(failed.children.at(0).attributes.at("message") == "expect_fp16_gb_at_least is 3, expected at least 5");
  const Outcome structured = qloralab({"check", lesson, "--format", "json"});
  CHECK(structured.exit_code == 1);
  CHECK(json::parse(structured.out)["passed"] == false);
}

TEST_CASE("a scenario that cannot be run does not keep the others from it", "[app][cli]") {
  const TemporaryFolder folder;
  std::string toml = teachers_toml;
  toml.replace(toml.find("value = \"fp16_gb\""), 17, "value = \"fp17_gb\"");
  const auto lesson = write_teachers(folder / "ours", toml);
  const Outcome outcome = qloralab({"check", lesson, "checkpointing", "--junit", folder / "junit.xml"});
  CHECK(outcome.exit_code == 2);
  CHECK_THAT(outcome.err, StartsWith("qloralab: error: expectation of an unknown value 'fp17_gb' (" +
                                     (lesson / "lesson.toml").string() + ":12): expected one of "));
  CHECK_THAT(outcome.out,
             ContainsSubstring("ERROR   ours / default") && ContainsSubstring("ok      checkpointing / default"));
  const XmlElement root = parse_xml(content_of(folder / "junit.xml"));
  CHECK((root.attributes.at("errors") == "1" && root.children.size() == 2));
}

TEST_CASE("check finds texts that name what is not there", "[app][cli]") {
  const TemporaryFolder folder;
  const auto lesson = write_teachers(folder / "ours");
  const auto refused = [&](const char* file, const std::string& text) {
    put(lesson / file, text);
    const Outcome outcome = qloralab({"check", lesson});
    CHECK(outcome.exit_code == 2);
    write_teachers(lesson);
    return outcome.err;
  };
  CHECK_THAT(refused("zh.md", "# 我们的\n\n{{values.fp16_gib}}\n"),
             StartsWith("qloralab: error: 'values.fp16_gib' leads nowhere (" + (lesson / "zh.md").string() +
                        ":3): use one of values.") &&
                 ContainsSubstring("parameters.hidden_size"));
  CHECK_THAT(refused("en.md", "# Ours\n| a |\n| - |\n| [x](lesson:nf5) |\n"),
             StartsWith("qloralab: error: 'lesson:nf5' leads nowhere (" + (lesson / "en.md").string() + ":4): ") &&
                 ContainsSubstring("lesson:memory-ledger"));
  CHECK(qloralab({"check", lesson}).exit_code == 0);
}

TEST_CASE("a JUnit file that cannot be written is an error", "[app][cli]") {
  const Outcome outcome = qloralab({"check", "checkpointing", "--junit", "/dev/null/junit.xml", "--format", "json"});
  CHECK((outcome.exit_code == 2 && outcome.out.empty()));
  CHECK_THAT(outcome.err, StartsWith("qloralab: error: ") && ContainsSubstring("(/dev/null)"));
}

}  // namespace
