// `qloralab estimate` as people and programs use it: verdicts, exit codes, the contract's JSON, bad input.
#include <algorithm>
#include <fstream>

#include "tests/app/cli/qloralab.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab::test;

const std::vector<std::string> tiny{"estimate", "--hidden", "512", "--layers", "4", "--vocab", "4000", "--seq", "256"};

Outcome estimate(std::vector<std::string> more, const std::vector<std::string>& first = tiny) {
  more.insert(more.begin(), first.begin(), first.end());
  return qloralab(std::move(more));
}

json document(const Outcome& outcome) {
  CAPTURE(outcome.err);
  return json::parse(outcome.out);
}

const std::string configs = QLAB_TEST_DATA "/memory/configs/";

json case_of(const std::string& model, const json& settings) {
  return {{"config", configs + model + ".json"}, {"settings", settings}};
}

TEST_CASE("the exit code says whether it fits, the document why", "[app][cli]") {
  const Outcome fits = estimate({"--gpu", "RTX 4090", "--format", "json"});
  CHECK((fits.exit_code == 0 && fits.err.empty()));
  const json yes = document(fits);
  CHECK(yes["format_version"] == 1);
  CHECK(yes["fits"] == true);
  CHECK(yes["process_bytes"].get<std::int64_t>() + yes["margin_bytes"].get<std::int64_t>() == yes["gpu_bytes"]);
  CHECK(yes["process_bytes"] == yes["peak_reserved_bytes"].get<std::int64_t>() +
                                    yes["cublas_workspace_bytes"].get<std::int64_t>() +
                                    yes["cuda_context_bytes"].get<std::int64_t>());
  CHECK_THAT(yes["reason"].get<std::string>(), StartsWith("Fits RTX 4090 (23.65 GiB) with "));

  const Outcome misses = estimate({"--gpu", "0.5", "--format", "json"});
  CHECK(misses.exit_code == 1);
  CHECK(document(misses)["fits"] == false);
  CHECK_THAT(document(misses)["reason"].get<std::string>(), StartsWith("Does not fit 0.50 GiB: "));
  CHECK(estimate({}).exit_code == 0);  // no card, no verdict
}

TEST_CASE("text names every line up to what nvidia-smi shows", "[app][cli]") {
  const Outcome outcome = estimate({"--gpu", "24GB"});
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.err, StartsWith("qloralab: note: 24GB is 22.35 GiB: GB is 1e9 bytes"));
  for (const char* line : {"Tensors at the peak", "Fragmentation", "cuBLAS workspaces", "CUDA context", "nvidia-smi",
                           "4-bit weights", "Trainable", "$ qloralab estimate --hidden 512"}) {
    CHECK_THAT(outcome.out, ContainsSubstring(line));
  }
  CHECK_THAT(estimate({"--lang", "zh"}).out, ContainsSubstring("nvidia-smi 将显示"));
}

TEST_CASE("cases answer in order with the contract's keys", "[app][cli]") {
  const TemporaryFolder folder;
  const json lora = {{"method", "lora_bf16"}, {"batch", 1}, {"seq", 64}, {"lora", {8, "qv"}}};
  const json full = {{"method", "full_bf16"}, {"batch", 2}, {"seq", 64}, {"lora", nullptr}, {"id", "x"}};
  put(folder / "cases.json", json::array({case_of("tiny-llama-like", lora), case_of("opt-1.3b", full)}).dump());
  const Outcome outcome = qloralab({"estimate", "--cases", folder / "cases.json", "--format", "json"});
  CHECK((outcome.exit_code == 0 && outcome.err.empty()));
  const json answer = document(outcome);
  REQUIRE(answer.size() == 2);
  for (const json& one : answer) {
    for (const char* key : {"peak_bytes", "peak_bytes_cuda", "peak_phase", "phase_peaks", "breakdown",
                            "peak_reserved_bytes", "parameters"}) {
      CHECK(one.contains(key));
    }
    std::int64_t sum = 0;
    for (const json& bytes : one["breakdown"]) sum += bytes.get<std::int64_t>();
    CHECK(sum == one["peak_bytes"]);
    for (const char* key : {"total", "by_kind", "quantized", "trainable"}) CHECK(one["parameters"].contains(key));
  }
  CHECK(answer[0]["parameters"]["trainable"] == 32768);
  CHECK(answer[1]["parameters"]["total"] == 1315758080);
}

TEST_CASE("measured runs get a prediction each and the errors over all", "[app][cli]") {
  const Outcome outcome =
      qloralab({"estimate", "--measured", QLAB_SOURCE_ROOT "/assets/reference/t4_measured.json", "--format", "json"});
  CHECK((outcome.exit_code == 0 && outcome.err.empty()));
  const json answer = document(outcome);
  REQUIRE(answer["rows"].size() == 67);
  double sum = 0, worst = 0;
  for (const json& row : answer["rows"]) {
    const double measured = row["measured_bytes"], predicted = row["predicted_bytes"];
    CHECK(row["error_percent"].get<double>() == Approx(100 * (predicted / measured - 1)).margin(1e-9));
    sum += std::abs(row["error_percent"].get<double>());
    worst = std::max(worst, std::abs(row["error_percent"].get<double>()));
  }
  CHECK(answer["mean_abs_error_percent"].get<double>() == Approx(sum / 67));
  CHECK(answer["worst_error_percent"].get<double>() == Approx(worst));
  CHECK(worst < 2);
}

TEST_CASE("suggestions hold: the largest batch fits, one more does not", "[app][cli]") {
  const json found = document(estimate({"--gpu", "1", "--suggest", "--format", "json"}));
  const std::int64_t batch = found["suggestions"]["limits"]["batch"]["largest"];
  REQUIRE(batch > 1);
  CHECK(estimate({"--gpu", "1", "--batch", std::to_string(batch)}).exit_code == 0);
  CHECK(estimate({"--gpu", "1", "--batch", std::to_string(batch + 1)}).exit_code == 1);
  const Outcome misfit =
      estimate({"--gpu", "0.75", "--batch", "64", "--ckpt", "none", "--suggest", "--format", "json"});
  CHECK(misfit.exit_code == 1);
  CHECK(document(misfit)["suggestions"]["changes_together"].back()["fits"] == true);
}

TEST_CASE("a sweep is a table, a document and a picture of the same points", "[app][cli]") {
  const TemporaryFolder folder;
  const std::vector<std::string> grid{"--sweep", "seq=64:256:64,batch=1:8", "--gpu", "1"};
  auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), grid.begin(), grid.end());
    return estimate(std::move(more));
  };
  const json answer = document(with({"--format", "json"}));
  CHECK(answer["axes"][0]["key"] == "seq");
  CHECK(answer["bytes"].size() == 32);
  const Outcome table = with({"--format", "csv", "--out", folder / "out", "--export", "png,csv"});
  CHECK_THAT(table.out, StartsWith("seq,batch,memory\n64,1,"));
  CHECK(std::count(table.out.begin(), table.out.end(), '\n') == 33);
  CHECK_THAT(content_of(folder / "out/estimate-sweep.png"), ContainsSubstring("--sweep seq=64:256:64,batch=1:8"));
}

TEST_CASE("methods stand side by side", "[app][cli]") {
  const json answer = document(estimate({"--compare", "full,lora,qlora", "--format", "json"}));
  REQUIRE(answer["plans"].size() == 3);
  CHECK(answer["plans"][0]["parameters"]["trainable"] == answer["plans"][0]["parameters"]["total"]);
  CHECK(answer["plans"][1]["parameters"]["quantized"] == 0);
  CHECK(answer["plans"][2]["parameters"]["quantized"] > 0);
}

struct Refusal {
  std::vector<std::string> arguments;  ///< behind `estimate`
  const char* message;
};

TEST_CASE("what cannot be estimated is refused in one line", "[app][cli]") {
  const TemporaryFolder folder;
  const std::string here = folder.path().string() + "/";
  put(folder / "cut.json", R"({"model_type": "llama", "hidden_size": 40)");
  put(folder / "array.json", "[]");
  put(folder / "latin.json", "{\"model_type\": \"\xe9\"}");
  put(folder / "lacks.json", R"({"model_type": "llama", "hidden_size": 4096})");
  put(folder / "negative.json", R"({"model_type": "llama", "hidden_size": -4096})");
  put(folder / "mamba.json", R"({"model_type": "mamba"})");
  put(folder / "heads.json",
      R"({"model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 2, "num_attention_heads": 30,
          "intermediate_size": 8, "vocab_size": 8})");
  put(folder / "case.json", R"([{"settings": {}}, 3])");
  put(folder / "profile.json", R"({"format_version": 1, "wheels": 4})");
  std::ofstream(folder / "huge.json").seekp(2 << 20).put(' ');
  const std::vector<Refusal> refusals{
      {{}, "it takes exactly one of --model, --cases and --measured (qloralab estimate): "},
      {{"--model", "llama-2-7b", "--cases", "x"}, "it takes exactly one of "},
      {{"--model", "llama-9"},
       "no model is called 'llama-9' (qloralab estimate): give the path of a JSON file or one of "},
      {{"--model", "no/config.json"}, "no such file (no/config.json): "},
      {{"--model", here}, "not a file ("},
      {{"--model", here + "cut.json"}, "not JSON ("},
      {{"--model", here + "array.json"}, "not a JSON object ("},
      {{"--model", here + "latin.json"}, "not "},
      {{"--model", here + "huge.json"}, "2097153 bytes are too many for a config.json ("},
      {{"--model", here + "lacks.json"}, "num_hidden_layers is missing ("},
      {{"--model", here + "negative.json"}, "hidden_size is -4096 ("},
      {{"--model", here + "mamba.json"}, "model_type \"mamba\" is not supported ("},
      {{"--model", here + "heads.json"}, "num_attention_heads is 30 ("},
      {{"--model", "llama-7b", "--hidden", "512"}, "--model beside --hidden, --layers or --vocab "},
      {{"--hidden", "0"}, "--hidden is 0 (qloralab estimate): use a whole number from 1 to "},
      {{"--model", "llama-7b", "--seq", "0"}, "seq is 0 (qloralab estimate): "},
      {{"--model", "llama-7b", "--batch", "-1"}, "batch is -1 (qloralab estimate): "},
      {{"--model", "llama-7b", "--rank", "100000"}, "the rank of lora is 100000 "},
      {{"--model", "llama-7b", "--rank", "20000"}, "the rank is 20000 (--rank): no target has a side above 4096"},
      {{"--model", "llama-7b", "--targets", "wheel"}, "no module is called wheel (--targets): the model has q_proj, "},
      {{"--model", "opt-13b", "--seq", "4096"},
       "the sequence has 4096 tokens (--seq): the model's table of positions "},
      {{"--model", "gemma-2-2b", "--attn", "sdpa"}, "sdpa attention has no softcap, "},
      {{"--model", "llama-7b", "--method", "prompt"},
       "method is \"prompt\" (qloralab estimate): use one of full_bf16, "},
      {{"--model", "llama-7b", "--optimizer", "lion"}, "optimizer is \"lion\" (qloralab estimate): use one of "},
      {{"--model", "llama-7b", "--dtype", "fp8"}, "half is \"fp8\" (qloralab estimate): use one of bf16, fp16"},
      {{"--model", "llama-7b", "--lora-dropout", "1"}, "lora_dropout is 1.0 (qloralab estimate): "},
      {{"--model", "llama-7b", "--ckpt-every", "33"}, "--ckpt-every is 33 (qloralab estimate): use a whole number "},
      {{"--model", "llama-7b", "--profile", "mine"}, "no profile is called 'mine' (qloralab estimate): "},
      {{"--model", "llama-7b", "--profile", here + "profile.json"}, "unknown key \"wheels\" ("},
      {{"--model", "llama-7b", "--gpu", "RTX 9999"}, "no card is called 'RTX 9999' (--gpu): give a size "},
      {{"--model", "llama-7b", "--gpu", "24TB"}, "'24TB' is no card's memory (--gpu): give 24 or 24GiB "},
      {{"--model", "llama-7b", "--suggest"}, "--suggest without --gpu (qloralab estimate): "},
      {{"--model", "llama-7b", "--sweep", "seq"}, "'seq' is no range (--sweep): "},
      {{"--model", "llama-7b", "--sweep", "seq=1:2", "--compare", "full"}, "--sweep beside --compare "},
      {{"--model", "llama-7b", "--format", "log"}, "--format is 'log' (qloralab estimate): use text, json or csv"},
      {{"--model", "llama-7b", "--out", "x"}, "--out without --export (qloralab estimate): "},
      {{"--cases", here + "case.json", "--format", "json"}, "a case lacks config or settings ("},
      {{"--cases", here + "lacks.json", "--format", "json"}, "not a JSON array of cases ("},
      {{"--cases", here, "--format", "json"}, "not a file ("},
      {{"--cases", here + "case.json"}, "--format is 'text' (qloralab estimate --cases): use json"},
      {{"--measured", here + "lacks.json"}, "not a JSON document with a list of runs ("},
      {{"--measured", here + "cut.json"}, "not JSON ("},
  };
  for (const Refusal& refusal : refusals) {
    CAPTURE(refusal.arguments);
    const Outcome outcome = estimate(refusal.arguments, {"estimate"});
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, StartsWith("qloralab: error: " + std::string(refusal.message)));
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  }
}

TEST_CASE("what runs but is seldom meant is a warning", "[app][cli]") {
  const Outcome targets = qloralab({"estimate", "--model", "opt-13b", "--targets", "q_proj,o_proj"});
  CHECK(targets.exit_code == 0);
  CHECK_THAT(targets.err, StartsWith("qloralab: warning: no module is called o_proj (--targets): the model has ") &&
                              ContainsSubstring("out_proj, fc1, fc2"));
  const Outcome longer = qloralab({"estimate", "--model", "llama-7b", "--seq", "4096"});
  CHECK(longer.exit_code == 0);
  CHECK_THAT(longer.err,
             StartsWith("qloralab: warning: the sequence has 4096 tokens (--seq): the model was made for 2048"));
}

}  // namespace
