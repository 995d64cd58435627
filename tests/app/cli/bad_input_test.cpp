#include "tests/app/cli/qloralab.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab::test;

struct Refusal {
  std::vector<std::string> arguments;
  const char* message;  ///< how the line starts after "qloralab: error: "
};

TEST_CASE("bad input is one clear line, exit code 2 and nothing on standard output", "[app][cli]") {
  const auto refusal = GENERATE(values<Refusal>({
      {{"frobnicate"},
       "The following argument was not expected: frobnicate (qloralab): see qloralab --help; the commands are "},
      {{"--frobnicate"}, "The following argument was not expected: --frobnicate (qloralab): see qloralab --help"},
      {{"run"}, "LESSON is required (qloralab run): see qloralab run --help\n"},
      {{"run", "memory-ledger", "more"}, "The following argument was not expected: more (qloralab run): "},
      {{"run", "nf5"}, "no lesson 'nf5': use one of "},
      {{"run", ""}, "no lesson '': use one of "},
      {{"run", "no/such/folder"}, "lesson.toml is missing (no/such/folder/lesson.toml): write this file\n"},
      {{"run", "memory-ledger", "--set"}, "--set: 1 required NAME=VALUE missing (qloralab run): "},
      {{"run", "memory-ledger", "--set", "H"}, "--set H (memory-ledger): use --set NAME=VALUE\n"},
      {{"run", "memory-ledger", "--set", "Q=1"},
       "no parameter 'Q' (memory-ledger): use one of hidden_size (H), num_layers (L), "},
      {{"run", "memory-ledger", "--set", "H=8"},
       "hidden_size is '8' (memory-ledger): use a whole number from 256 to 16384\n"},
      {{"run", "memory-ledger", "--set", "H=4096.5"}, "hidden_size is '4096.5' (memory-ledger): "},
      {{"run", "memory-ledger", "--set", "H="}, "hidden_size is '' (memory-ledger): "},
      {{"run", "memory-ledger", "--set", "H=1\n2"}, "hidden_size is '1\\x0a2' (memory-ledger): "},
      {{"run", "memory-ledger", "--set", "H=nan"}, "hidden_size is 'nan' (memory-ledger): "},
      {{"run", "memory-ledger", "--scenario", "x"}, "no scenario 'x' (memory-ledger): use one of default, "},
      {{"run", "memory-ledger", "--format", "xml"}, "--format is 'xml': use one of text, json, csv, log\n"},
      {{"run", "checkpointing", "--format", "log"},
       "--format is 'log' (qloralab run): use text, json or csv: this lesson has no log lines\n"},
      {{"run", "memory-ledger", "--export", "png"}, "--export without --out (qloralab run): use both: "},
      {{"run", "memory-ledger", "--out", "x"}, "--out without --export (qloralab run): use both: "},
      {{"run", "memory-ledger", "--out", "x", "--export", "png,gif"},
       "--export of 'gif': use some of png,svg,pdf,csv,json,html\n"},
      {{"run", "memory-ledger", "--out", "x", "--export", "png,"}, "--export of '': "},
      {{"run", "memory-ledger", "--out", "/dev/null/x", "--export", "json"}, "cannot make the folder (/dev/null/x): "},
      {{"lessons", "--lang", "fr"}, "--lang is 'fr': use one of en, zh\n"},
      {{"lessons", "--theme", "pink"}, "--theme is 'pink': use one of light, dark, projector\n"},
      {{"lessons", "--threads", "-1"}, "--threads is '-1': use 0 (all processors) to 1024\n"},
      {{"lessons", "--threads", "two"}, "--threads is 'two': "},
      {{"bench", "--device", "gpu"}, "bench times the processor's kernels only (qloralab bench): leave out --device\n"},
      {{"lessons", "--device", "tpu"}, "--device is 'tpu': use one of auto, cpu, gpu\n"},
      {{"lessons", "--format", "csv"}, "--format is 'csv' (qloralab lessons): use text or json\n"},
      {{"lessons", "--lessons", "/nowhere"}, "cannot read the lessons (/nowhere): No such file or directory\n"},
      {{"check", "nf5"}, "no lesson 'nf5': use one of "},
      {{"check", "--format", "csv"}, "--format is 'csv' (qloralab check): use text or json\n"},
      {{"check", "--seed", "3"}, "--seed (qloralab check): leave it out: scenarios name their own seeds\n"},
      {{"new-lesson"}, "FOLDER is required (qloralab new-lesson): "},
      {{"new-lesson", "x", "--from", "nf5"}, "no lesson 'nf5': use one of "},
  }));
  const TemporaryFolder folder;
  Invocation invocation = qloralab_invocation(refusal.arguments);
  invocation.cwd = folder.path();
  const Outcome outcome = run_program(invocation);
  CAPTURE(refusal.arguments);
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.out.empty());
  CHECK_THAT(outcome.err, StartsWith("qloralab: error: " + std::string(refusal.message)));
  CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  CHECK(outcome.err.ends_with('\n'));
  CHECK(folder.entries() == 0);  // nothing half-written
}

TEST_CASE("help and version are no errors", "[app][cli]") {
  const Outcome version = qloralab({"--version"});
  CHECK((version.exit_code == 0 && version.err.empty()));
  CHECK(version.out == qloralab({"run", "--version"}).out);
  CHECK_THAT(version.out, StartsWith("qloralab ") && EndsWith("\n"));
  const Outcome help = qloralab({"--help"});
  CHECK((help.exit_code == 0 && help.err.empty()));
  for (const char* command : {"lessons", "run", "check", "new-lesson", "gui"}) {
    CHECK_THAT(help.out, ContainsSubstring("\n  " + std::string(command) + " "));
    const Outcome own = qloralab({command, "--help"});
    CHECK((own.exit_code == 0 && own.err.empty()));
    CHECK_THAT(own.out, ContainsSubstring("--format") && ContainsSubstring("--lang"));
  }
}

}  // namespace
