// `qloralab train` as its users run it: the contract's JSON, files that come back, runs that go on, bad input.
#include <cmath>
#include <fstream>

#include "tests/app/cli/qloralab.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab::test;

const std::string data = std::string(QLAB_SOURCE_ROOT) + "/tests/data/training/";

std::vector<std::string> arguments(std::vector<std::string> more) {
  std::vector<std::string> all = {"train", "--model", data + "model"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

json train_json(std::vector<std::string> more) {
  more.insert(more.end(), {"--format", "json"});
  const Outcome outcome = qloralab(arguments(more));
  CAPTURE(outcome.err);
  REQUIRE((outcome.exit_code == 0 && outcome.err.empty()));
  return json::parse(outcome.out);
}

std::string refusal(std::vector<std::string> more) {
  const Outcome outcome = qloralab(arguments(std::move(more)));
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.out.empty());
  CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  return outcome.err;
}

const std::vector<std::string> on_batches = {"--batches", data + "adamw.safetensors"};

std::vector<std::string> with(std::vector<std::string> first, const std::vector<std::string>& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

TEST_CASE("train gives the reference's losses, and the keys of the contract", "[app][cli][golden]") {
  const json expected = json::parse(std::ifstream(data + "goldens.json"));
  const json full = train_json(
      with(on_batches, {"--method", "full", "--optimizer", "adamw", "--lr", "1e-3", "--weight-decay", "0.01"}));
  const json qlora = train_json(with(on_batches, {"--method", "qlora", "--type", "nf4", "--double-quant", "--adapter",
                                                  data + "lora/adapter_init", "--lr", "5e-3"}));
  for (int k = 0; k < 20; ++k) {
    CHECK(std::abs(full["losses"][k].get<double>() - expected["adamw"]["plain"]["losses_f32"][k].get<double>()) < 2e-5);
    CHECK(std::abs(qlora["losses"][k].get<double>() -
                   expected["qlora"]["nf4_dq"]["train"]["losses_f32"][k].get<double>()) < 2e-4);
  }
  CHECK(full["grad_norms"].size() == 20);
  CHECK(full["peak_bytes"].get<std::int64_t>() > 4 * full["parameters"].get<std::int64_t>() * 4);
  CHECK(qlora["peak_bytes"] < full["peak_bytes"]);
  CHECK(full["seconds_per_step"].get<double>() > 0);
}

TEST_CASE("train goes on bit for bit after a stop", "[app][cli]") {
  const TemporaryFolder folder;
  const std::vector<std::string> run = {"--corpus", data + "README.md", "--sequence", "24", "--dropout", "0.1"};
  const std::string once = (folder / "once").string(), twice = (folder / "twice").string();
  train_json(with(run, {"--steps", "6", "--out", once}));
  train_json(with(run, {"--steps", "2", "--out", twice}));
  train_json(with(run, {"--steps", "6", "--out", twice, "--resume"}));
  for (const char* file : {"adapter_model.safetensors", "adapter_config.json", "training_state.safetensors"}) {
    CAPTURE(file);
    CHECK(content_of(std::filesystem::path(once) / file) == content_of(std::filesystem::path(twice) / file));
  }
  CHECK_THAT(refusal(with(run, {"--steps", "8", "--out", twice, "--resume", "--lr", "0.5"})),
             ContainsSubstring("begun with '--lr 0.001', not with '--lr 0.5'"));
}

TEST_CASE("train saves what it has when it is interrupted, and goes on from there", "[app][cli]") {
  const TemporaryFolder folder;
  const std::string stopped = (folder / "stopped").string();
  const std::vector<std::string> run = {"--corpus", data + "README.md", "--sequence", "16", "--batch", "1"};
  Invocation invocation =
      qloralab_invocation(arguments(with(run, {"--steps", "1000000", "--out", stopped, "--format", "json"})));
  invocation.command.insert(invocation.command.begin(), {"timeout", "--preserve-status", "-s", "INT", "1"});
  const Outcome outcome = run_program(invocation);
  CHECK(outcome.exit_code == 1);
  const json document = json::parse(outcome.out);
  CHECK(document["complete"] == false);
  const std::size_t steps = document["losses"].size();
  REQUIRE(steps > 0);
  const json resumed = train_json(with(run, {"--steps", std::to_string(steps + 2), "--out", stopped, "--resume"}));
  const json at_once = train_json(with(run, {"--steps", std::to_string(steps + 2)}));
  CHECK(resumed["losses"] == at_once["losses"]);
}

TEST_CASE("train writes a merged model that it can start from", "[app][cli]") {
  const TemporaryFolder folder;
  const std::string out = (folder / "merged").string();
  const json first =
      train_json(with(on_batches, {"--method", "lora", "--lr", "0", "--steps", "1", "--merge", "--out", out}));
  std::vector<std::string> again = {"train", "--model", out, "--format", "json", "--method", "full", "--steps", "1"};
  const Outcome outcome = qloralab(with(again, on_batches));
  REQUIRE(outcome.exit_code == 0);
  CHECK(json::parse(outcome.out)["losses"][0] == first["losses"][0]);
}

TEST_CASE("train teaches the program's own model to answer questions", "[app][cli]") {
  const TemporaryFolder folder;
  Invocation invocation = qloralab_invocation({"train", "--corpus", "questions", "--method", "qlora", "--lr", "0.01",
                                               "--clip", "1", "--steps", "30", "--format", "json"});
  invocation.environment["XDG_CACHE_HOME"] = folder.path().string();
  const Outcome outcome = run_program(invocation);
  REQUIRE((outcome.exit_code == 0 && outcome.err.empty()));
  const json losses = json::parse(outcome.out)["losses"];
  CHECK(losses[29].get<double>() < losses[0].get<double>() / 3);
  CHECK(std::filesystem::exists(folder / "qloralab"));
}

TEST_CASE("train refuses bad input in one line and leaves nothing behind", "[app][cli]") {
  const TemporaryFolder folder;
  const std::string out = (folder / "out").string();
  CHECK_THAT(refusal(with(on_batches, {"--method", "full", "--lr", "50", "--out", out})),
             ContainsSubstring("diverges") && ContainsSubstring("step 2"));
  CHECK(folder.entries() == 0);
  CHECK_THAT(refusal({"--corpus", data + "README.md", "--sequence", "100000"}), ContainsSubstring("a sequence 100000"));
  CHECK_THAT(refusal({}), ContainsSubstring("--corpus"));
  CHECK_THAT(refusal(with(on_batches, {"--steps", "21"})), ContainsSubstring("there are batches for 20"));
  CHECK_THAT(refusal(with(on_batches, {"--optimizer", "lion"})), ContainsSubstring("sgd_momentum"));
  CHECK_THAT(refusal(with(on_batches, {"--type", "nf5"})), ContainsSubstring("nf4"));
  CHECK_THAT(refusal(with(on_batches, {"--targets", "qkv"})), ContainsSubstring("q_proj"));
  CHECK_THAT(refusal(with(on_batches, {"--adapter", data + "model"})), ContainsSubstring("adapter_config.json"));
  CHECK_THAT(refusal(with(on_batches, {"--resume", "--out", out})), ContainsSubstring("training_state"));
  put(folder / "config.json", R"({"model_type": "gpt2", "n_embd": 64, "n_layer": 2, "n_head": 4, "vocab_size": 256})");
  const Outcome gpt2 = qloralab(with({"train", "--model", folder.path().string(), "--method", "full"}, on_batches));
  CHECK(gpt2.exit_code == 2);
  CHECK_THAT(gpt2.err, ContainsSubstring("gpt2"));
}

}  // namespace
