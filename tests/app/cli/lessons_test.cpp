#include "tests/app/cli/qloralab.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab::test;

TEST_CASE("lessons lists id, title and parameters with range and default", "[app][cli]") {
  const Outcome text = qloralab({"lessons"});
  CHECK((text.exit_code == 0 && text.err.empty()));
  CHECK_THAT(text.out, ContainsSubstring("memory-ledger  The memory ledger\n"));
  CHECK_THAT(text.out, ContainsSubstring("hidden_size, H  = 4096 ") && ContainsSubstring("  256 .. 16384\n"));
  const Outcome listed = qloralab({"lessons", "--format", "json", "--lang=zh"});
  CHECK((listed.exit_code == 0 && listed.err.empty()));
  const json document = json::parse(listed.out);
  CHECK(document["format_version"] == 1);
  bool found = false;
  for (const json& lesson : document["lessons"]) found = found || lesson["id"] == "memory-ledger";
  CHECK(found);
}

TEST_CASE("a teacher's lessons come beside ours", "[app][cli]") {
  const TemporaryFolder folder;
  write_teachers(folder / "01-ours");
  const Outcome listed = qloralab({"--lessons", folder.path(), "lessons"});
  CHECK(listed.exit_code == 0);
  CHECK_THAT(listed.out,
             ContainsSubstring("memory-ledger  The memory ledger\n") && ContainsSubstring("\nours  Ours\n"));
  const Outcome run = qloralab({"run", "ours", "--format", "json", "--lessons", folder.path()});
  CHECK(run.exit_code == 0);
  const json document = json::parse(run.out);
  CHECK(document["values"]["fp16_gb"]["value"] == 3);
  CHECK(document["checks"].back()["name"] == "expect_fp16_gb");
}

TEST_CASE("a teacher's lesson may not take a lesson's id, nor a folder be without lessons", "[app][cli]") {
  const TemporaryFolder folder;
  const Outcome none = qloralab({"lessons", "--lessons", folder.path()});
  CHECK((none.exit_code == 2 && none.out.empty()));
  CHECK_THAT(none.err, StartsWith("qloralab: error: no lesson here (" + folder.path().string() + "): "));
  write_teachers(folder / "memory-ledger");
  const Outcome taken = qloralab({"lessons", "--lessons", folder.path()});
  CHECK((taken.exit_code == 2 && taken.out.empty()));
  CHECK(taken.err == "qloralab: error: a second lesson 'memory-ledger' (" + (folder / "memory-ledger").string() +
                         "): rename the folder: its name without the number is the lesson's id\n");
}

TEST_CASE("the lessons are found from anywhere, without a home and where nothing can be written", "[app][cli]") {
  Invocation invocation = qloralab_invocation({"run", "checkpointing"});
  invocation.environment["HOME"] = std::nullopt;
  invocation.cwd = "/proc";
  const Outcome outcome = run_program(invocation);
  CHECK((outcome.exit_code == 0 && outcome.err.empty()));
}

TEST_CASE("QLAB_DATA that holds no lessons is told, not passed over", "[app][cli]") {
  Invocation invocation = qloralab_invocation({"lessons"});
  invocation.environment["QLAB_DATA"] = "/nowhere";
  const Outcome outcome = run_program(invocation);
  CHECK((outcome.exit_code == 2 && outcome.out.empty()));
  CHECK(outcome.err ==
        "qloralab: error: no lessons in QLAB_DATA (/nowhere): set it to the folder that holds lessons/ and assets/\n");
}

}  // namespace
