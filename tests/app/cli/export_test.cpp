#include <algorithm>

#include "tests/app/cli/qloralab.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab::test;

TEST_CASE("run exports every chart and table, and tells the same on standard output", "[app][cli]") {
  const TemporaryFolder folder;
  const auto out = folder / "new/folder";
  const Outcome outcome = qloralab({"run", "memory-ledger", "--set", "H=2048", "--format", "json", "--out", out,
                                    "--export", "png,svg,pdf,csv,json"});
  CAPTURE(outcome.err);
  CHECK((outcome.exit_code == 0 && outcome.err.empty()));
  CHECK(content_of(out / "memory-ledger.json") == outcome.out);
  const json document = json::parse(outcome.out);
  const std::string command = "qloralab run memory-ledger --set hidden_size=2048";
  std::ptrdiff_t expected = 1;
  for (const json& chart : document["charts"]) {
    const std::string stem = "memory-ledger-" + chart["name"].get<std::string>();
    CAPTURE(stem);
    CHECK_THAT(content_of(out / (stem + ".png")), StartsWith("\x89PNG\r\n") && ContainsSubstring(command));
    CHECK_THAT(content_of(out / (stem + ".pdf")), StartsWith("%PDF-"));
    CHECK_THAT(content_of(out / (stem + ".svg")), ContainsSubstring("<svg") && ContainsSubstring(command));
    CHECK(std::filesystem::file_size(out / (stem + ".csv")) > 0);
    expected += 4;
  }
  for (const json& table : document["tables"]) {
    CHECK(std::filesystem::file_size(out / ("memory-ledger-" + table["name"].get<std::string>() + ".csv")) > 0);
    expected += 1;
  }
  CHECK(std::distance(std::filesystem::directory_iterator(out), {}) == expected);
}

TEST_CASE("the same run makes the same bytes, language and theme others", "[app][cli]") {
  const TemporaryFolder folder;
  const auto exported = [&](const std::string& name, const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"run", "checkpointing", "--out", folder / name, "--export", "png,svg,pdf"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    REQUIRE(qloralab(arguments).exit_code == 0);
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder / name)) {
      files[entry.path().filename()] = content_of(entry.path());
    }
    return files;
  };
  const auto first = exported("first", {});
  CHECK(first == exported("second", {}));
  CHECK(first != exported("dark", {"--theme", "dark"}));
  CHECK(first != exported("zh", {"--lang", "zh"}));
}

TEST_CASE("a file in the way leaves no half-written one", "[app][cli]") {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "out/checkpointing.json");  // a folder where the file would be
  const Outcome outcome = qloralab({"run", "checkpointing", "--out", folder / "out", "--export", "json"});
  CHECK((outcome.exit_code == 2 && outcome.out.empty()));
  CHECK_THAT(outcome.err, StartsWith("qloralab: error: ") && ContainsSubstring("checkpointing.json"));
  CHECK(std::distance(std::filesystem::directory_iterator(folder / "out"), {}) == 1);
}

}  // namespace
