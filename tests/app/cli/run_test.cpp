#include <set>

#include "tests/app/cli/qloralab.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab::test;

json run_json(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"run", "--format", "json"});
  const Outcome outcome = qloralab(arguments);
  CAPTURE(outcome.err);
  CHECK((outcome.exit_code == 0 && outcome.err.empty()));
  return json::parse(outcome.out);
}

TEST_CASE("run prints one JSON document with the keys of the contract", "[app][cli]") {
  const json document = run_json({"memory-ledger", "--device", "cpu"});
  CHECK(document["format_version"] == 1);
  CHECK((document["lesson"] == "memory-ledger" && document["scenario"] == "default"));
  CHECK((document["device"] == "cpu" && document["complete"] == true));
  CHECK(document["parameters"]["hidden_size"] == 4096);
  CHECK((document["values"]["fp16_gb"]["value"] == 12 && document["values"]["fp16_gb"]["unit"] == "GiB"));
  std::set<std::string> charts;
  for (const json& chart : document["charts"]) charts.insert(chart["name"].get<std::string>());
  for (const char* name : {"bars", "contour_hl", "contour_ht", "contour_lt"}) CHECK(charts.count(name) == 1);
  for (const char* key : {"tables", "checks", "documents"}) CHECK(document[key].is_array());
}

TEST_CASE("a symbol sets what the name sets, before and after the lesson", "[app][cli]") {
  const json by_symbol = run_json({"memory-ledger", "--set", "H=2048"});
  CHECK(by_symbol["parameters"]["hidden_size"] == 2048);
  CHECK(by_symbol == run_json({"--set", "hidden_size=2048", "memory-ledger"}));
  CHECK(by_symbol["command_line"] == "qloralab run memory-ledger --set hidden_size=2048");
  CHECK(by_symbol["values"]["fp16_gb"]["value"] == 3);
}

TEST_CASE("a scenario sets its parameters and brings its promises", "[app][cli]") {
  const json scenario = run_json({"memory-ledger", "--scenario", "llama_13b"});
  CHECK(scenario["scenario"] == "llama_13b");
  const auto promises = [](const json& document) {
    std::size_t count = 0;
    for (const json& check : document["checks"]) count += check["name"].get<std::string>().starts_with("expect_");
    return count;
  };
  CHECK(promises(scenario) > 0);
  CHECK(promises(run_json({"memory-ledger", "--scenario", "llama_13b", "--set", "B=2"})) == 0);
}

TEST_CASE("common options come before or after the command", "[app][cli]") {
  const Outcome before = qloralab({"--lang", "zh", "--format", "json", "run", "checkpointing"});
  const Outcome after = qloralab({"run", "checkpointing", "--format", "json", "--lang", "zh"});
  CHECK(before.exit_code == 0);
  CHECK(before.out == after.out);
}

TEST_CASE("the number of threads changes no byte", "[app][cli]") {
  CHECK(qloralab({"run", "memory-ledger", "--format", "json", "--threads", "1"}).out ==
        qloralab({"run", "memory-ledger", "--format", "json", "--threads", "3"}).out);
}

TEST_CASE("names are English in every language", "[app][cli]") {
  const json en = run_json({"memory-ledger"});
  const json zh = run_json({"memory-ledger", "--lang", "zh"});
  const auto keys = [](const json& object) {
    std::vector<std::string> names;
    for (const auto& item : object.items()) names.push_back(item.key());
    return names;
  };
  CHECK(keys(en["values"]) == keys(zh["values"]));
  CHECK(en["values"]["fp16_gb"]["label"] != zh["values"]["fp16_gb"]["label"]);
}

TEST_CASE("the text view ends with the command line that makes it again", "[app][cli]") {
  const Outcome outcome = qloralab({"run", "checkpointing", "--set", "ratio=40"});
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.out, EndsWith("\n$ qloralab run checkpointing --set ratio=40\n"));
  CHECK(outcome.out.find('\x1b') == std::string::npos);
}

TEST_CASE("CSV holds the tables, log the lines of the source's script", "[app][cli]") {
  const Outcome csv = qloralab({"run", "memory-ledger", "--format", "csv"});
  CHECK(csv.exit_code == 0);
  CHECK_THAT(csv.out, StartsWith("# ") && ContainsSubstring("\n\n# "));
  const Outcome log = qloralab({"run", "memory-ledger", "--format", "log"});
  CHECK(log.exit_code == 0);
  CHECK_THAT(log.out, ContainsSubstring("12.00") && ContainsSubstring("9.00"));
}

TEST_CASE("a broken promise is exit code 1, with the whole report", "[app][cli]") {
  const TemporaryFolder folder;
  std::string toml = teachers_toml;
  toml.replace(toml.find("equals = 3"), 10, "equals = 4");
  const Outcome outcome = qloralab({"run", write_teachers(folder / "ours", toml)});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.err.empty());
  CHECK_THAT(outcome.out, ContainsSubstring("  FAILED  ") && ContainsSubstring(": 3, expected 4\n"));
}

TEST_CASE("a folder with any name is a lesson", "[app][cli]") {
  const TemporaryFolder folder;
  const std::string name = GENERATE(as<std::string>(), "plain", "with blank", "quo'te \"s\"", "线性 量化", "new\nline",
                                    "$HOME `ls`", "-dash", "a;b&c|d<e>", "[brackets]", "100%");
  write_teachers(folder / name);
  Invocation invocation = qloralab_invocation({"run", "./" + name, "--format", "json"});
  invocation.cwd = folder.path();
  const Outcome outcome = run_program(invocation);
  REQUIRE(outcome.exit_code == 0);
  const json document = json::parse(outcome.out);
  CHECK(document["lesson"] == name);
  // The printed command line, given to a shell, makes the same document again.
  std::string line = document["command_line"].get<std::string>();
  REQUIRE(line.starts_with("qloralab "));
  line.replace(0, 8, "\"$0\"");
  const Outcome again = run_program({{"bash", "-c", line + " --format json", QLORALAB}, folder.path(), {}});
  CAPTURE(again.err);
  CHECK(again.out == outcome.out);
  invocation.command.resize(3);
  const Outcome text = run_program(invocation);
  CHECK(text.exit_code == 0);
  CHECK(std::count(text.out.begin(), text.out.end(), '\n') > 10);
}

TEST_CASE("a reader that leaves early is no error to talk about", "[app][cli]") {
  const Outcome outcome = run_program(
      {{"bash", "-c", "\"$0\" run memory-ledger --format json | head -c 10; echo \" ${PIPESTATUS[0]}\"", QLORALAB},
       {},
       {}});
  CHECK(outcome.err.empty());
  CHECK_THAT(outcome.out, StartsWith("{\"format_v"));
}

TEST_CASE("a full disk behind standard output is an error", "[app][cli]") {
  const Outcome outcome = run_program({{"bash", "-c", "\"$0\" run memory-ledger > /dev/full", QLORALAB}, {}, {}});
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.err == "qloralab: error: cannot write (standard output): No space left on device\n");
}

}  // namespace
