// The simulated step against PyTorch's code on fake tensors (steps.json). The table: `core_memory_tests "[table]" -s`.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/memory/fit/measured_runs.hpp"
#include "core/memory/step/simulate.hpp"
#include "core/memory/step/step_cases.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;
using step::Phase;
using Json = nlohmann::json;

const std::string data = QLAB_TEST_DATA "/memory/";

Json read(const std::string& name) {
  std::ifstream file(data + name);
  REQUIRE(file.is_open());
  return Json::parse(file);
}

ModelShape shape_of(const std::string& model) {
  const auto shape = load_model_shape(data + "configs/" + model + ".json");
  REQUIRE(shape);
  return *shape;
}

double percent_off(std::int64_t ours, std::int64_t theirs) {
  return 100.0 * static_cast<double>(ours - theirs) / static_cast<double>(theirs);
}

TEST_CASE("a simulated step is PyTorch's, byte for byte", "[core][memory][golden][table]") {
  const Json runs = read("steps.json").at("runs");
  REQUIRE(runs.size() == 73);
  int exact = 0;
  double worst = 0;
  for (const Json& run : runs) {
    const Json& settings = run.at("settings");
    const auto id = run.at("id").get<std::string>();
    CAPTURE(id);
    const ModelShape shape = shape_of(settings.at("model"));
    const auto parsed = parse_step_settings(settings.dump(), shape, id);
    REQUIRE(parsed);
    const auto step = simulate_step(shape, *parsed);
    REQUIRE(step);
    const Json& expected = run.at("steps")[1];

    const double error = percent_off(step->peak_bytes, expected.at("peak_bytes"));
    std::cout << id << ": " << step->peak_bytes << " bytes, " << error << " %\n";
    worst = std::max(worst, std::abs(error));
    exact += step->peak_bytes == expected.at("peak_bytes") ? 1 : 0;

    // The bound that was asked for is 1 % of the peak and 2 % of each key; what is reached is equality.
    CHECK(step->peak_bytes == expected.at("peak_bytes"));
    CHECK(step->peak_bytes_cuda == expected.at("peak_bytes_cuda"));
    CHECK(name_of(step->peak_phase) == expected.at("peak_phase").get<std::string>());
    CHECK(step->start_bytes == expected.at("start_bytes"));
    CHECK(step->bytes_before_backward == expected.at("bytes_before_backward"));
    CHECK(step->bytes_after_backward == expected.at("bytes_after_backward"));
    CHECK(step->paged_bytes == run.at("optimizer_paged_bytes"));
    for (std::size_t i = 1; i < step->phase_peaks.size(); ++i) {
      const char* phase = name_of(static_cast<step::Phase>(i));
      CAPTURE(phase);
      CHECK(step->phase_peaks[i] == expected.at("phase_peaks").at(phase));
    }
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < step->breakdown.size(); ++i) {
      const char* key = name_of(static_cast<step::Category>(i));
      CAPTURE(key);
      CHECK(step->breakdown[i] == expected.at("breakdown").value(key, std::int64_t{0}));
      sum += step->breakdown[i];
    }
    CHECK(sum == step->peak_bytes);
  }
  std::cout << exact << " of " << runs.size() << " peaks exact, worst " << worst << " %\n";
}

TEST_CASE("a simulated step is PyTorch's in other families, shapes and settings too", "[core][memory][golden]") {
  const Json runs = read("more_steps.json").at("runs");
  REQUIRE(runs.size() == 56);
  for (const Json& run : runs) {
    const auto id = run.at("id").get<std::string>();
    CAPTURE(id);
    const auto shape = parse_model_shape(run.at("config").dump(), id);
    REQUIRE(shape);
    const auto settings = parse_step_settings(run.at("settings").dump(), *shape, id);
    REQUIRE(settings);
    const auto step = simulate_step(*shape, *settings);
    REQUIRE(step);
    const Json& expected = run.at("step");
    CHECK(step->start_bytes == expected.at("start_bytes"));
    CHECK(step->peak_bytes == expected.at("peak_bytes"));
    CHECK(step->peak_bytes_cuda == expected.at("peak_bytes_cuda"));
    const Phase phase = step->peak_phase == Phase::loss ? Phase::forward : step->peak_phase;
    CHECK(name_of(phase) == expected.at("peak_phase").get<std::string>());
    for (const auto& [name, bytes] : expected.at("phase_peaks").items()) {
      for (const Phase one : {Phase::forward, Phase::backward, Phase::optimizer}) {
        if (name == name_of(one)) CHECK(step->phase_peaks[static_cast<std::size_t>(one)] == bytes);
      }
    }
    CHECK(step->bytes_before_backward == expected.at("bytes_before_backward"));
    CHECK(step->bytes_after_backward == expected.at("bytes_after_backward"));
  }
}

void check_same(const StepFigures& a, const StepFigures& b) {
  CHECK(a.peak_bytes == b.peak_bytes);
  CHECK(a.peak_bytes_cuda == b.peak_bytes_cuda);
  CHECK(a.peak_phase == b.peak_phase);
  CHECK(a.phase_peaks == b.phase_peaks);
  CHECK(a.breakdown == b.breakdown);
  CHECK(a.start_bytes == b.start_bytes);
  CHECK(a.bytes_before_backward == b.bytes_before_backward);
  CHECK(a.bytes_after_backward == b.bytes_after_backward);
  CHECK(a.paged_bytes == b.paged_bytes);
}

TEST_CASE("a step's figures come out the same from the steady state, the second step and a few layers of the model",
          "[core][memory][property]") {
  const Json runs = read("steps.json").at("runs");
  for (const Json& run : runs) {
    const auto id = run.at("id").get<std::string>();
    CAPTURE(id);
    const ModelShape shape = shape_of(run.at("settings").at("model"));
    auto settings = parse_step_settings(run.at("settings").dump(), shape, id);
    REQUIRE(settings);
    for (const std::int64_t accumulation : {1, 3}) {
      settings->accumulation = accumulation;
      const auto steady = simulate_step(shape, *settings);
      const auto second = simulate_first_steps(shape, *settings, 2);
      const auto figures = simulate_figures(shape, *settings);
      REQUIRE((steady && second && figures));
      check_same(*steady, *second);
      check_same(*steady, *figures);
    }
    // A shallow model really stands for the deep one, at any depth and with layers that share a checkpoint.
    ModelShape deep = shape;
    deep.num_layers = 41;
    settings->accumulation = 1;
    settings->checkpoint_every = 3;
    const auto steady = simulate_step(deep, *settings);
    const auto fold = step::plan_fold(deep, *settings);
    REQUIRE((steady && fold));
    deep.num_layers = fold->shallow_layers;
    const auto shallow = simulate_step(deep, *settings);
    REQUIRE(shallow);
    const auto unfolded = step::measure(*shallow->tape, shallow->moments, shallow->logits, *fold);
    REQUIRE(unfolded);
    StepFigures expected = *steady;
    expected.paged_bytes = 0;  // not in the trace
    check_same(*unfolded, expected);
  }
}

/// A storage by what it is, and the shapes under which it is kept.
using Kept = std::tuple<std::int64_t, std::string, std::set<std::string>>;

std::multiset<Kept> storages_of(const std::map<std::int64_t, Kept>& by_storage) {
  std::multiset<Kept> result;
  for (const auto& [id, kept] : by_storage) result.insert(kept);
  return result;
}

/// Rows [node, slot, shape, dtype, kind, storage, bytes, made by, made in layer].
std::multiset<Kept> kept_of(const Json& rows) {
  std::map<std::int64_t, Kept> by_storage;
  for (const Json& row : rows) {
    if (row[5].is_null()) continue;  // a Python number, in no storage
    auto& [bytes, dtype, shapes] = by_storage[row[5].get<std::int64_t>()];
    bytes = row[6];
    dtype = row[3];
    shapes.insert(row[2].dump());
    // The statistics of a layer norm are fp32 on a GPU. Their bytes say so, the name is that of the CPU's kernel.
    if (row[0] == "NativeLayerNormBackward0" && row[1].get<std::string>().starts_with("result")) dtype = "float32";
  }
  return storages_of(by_storage);
}

std::multiset<Kept> kept_of(const step::Tape& tape, const std::vector<step::SavedTensor>& tensors) {
  std::map<std::int64_t, Kept> by_storage;
  for (const step::SavedTensor& tensor : tensors) {
    const step::StorageRecord& record = tape.storages()[tensor.storage];
    auto& [bytes, dtype, shapes] = by_storage[tensor.storage];
    bytes = record.bytes;
    dtype = torch_name_of(record.dtype);
    Json sizes = Json::array();
    for (int i = 0; i < tensor.sizes.dims; ++i) sizes.push_back(tensor.sizes[i]);
    shapes.insert(sizes.dump());
  }
  return storages_of(by_storage);
}

TEST_CASE("autograd keeps the same storages in a layer and behind the layers", "[core][memory][golden]") {
  const Json runs = read("saved_tensors.json").at("runs");
  REQUIRE(runs.size() == 10);
  for (const Json& run : runs) {
    const Json& settings = run.at("settings");
    const auto id = run.at("id").get<std::string>();
    CAPTURE(id);
    const ModelShape shape = shape_of(settings.at("model"));
    const auto parsed = parse_step_settings(settings.dump(), shape, id);
    REQUIRE(parsed);
    const auto saved = simulate_saved_tensors(shape, *parsed);
    REQUIRE(saved);
    std::vector<step::SavedTensor> layer, tail;
    for (const step::SavedTensor& tensor : saved->tensors) {
      if (tensor.layer == 1) layer.push_back(tensor);
      if (tensor.layer >= 0) tail.clear();
      if (tensor.layer < 0) tail.push_back(tensor);
    }
    CHECK(kept_of(*saved->tape, layer) == kept_of(run.at("layer1")));
    CHECK(kept_of(*saved->tape, tail) == kept_of(run.at("nonlayer_tail")));
  }
}

TEST_CASE("reserved memory follows the caching allocator", "[core][memory][golden][table]") {
  const Json runs = read("steps.json").at("runs");
  int exact = 0;
  double worst = 0;
  double sum = 0;
  for (const Json& run : runs) {
    const Json& settings = run.at("settings");
    const ModelShape shape = shape_of(settings.at("model"));
    const auto parsed = parse_step_settings(settings.dump(), shape, "");
    REQUIRE(parsed);
    const auto replay = replay_allocator(shape, *parsed);
    REQUIRE(replay);
    const std::int64_t reserved = replay->peak_reserved_bytes;
    const std::int64_t expected = run.at("allocator_model").at("peak_reserved");
    const double error = percent_off(reserved, expected);
    worst = std::max(worst, std::abs(error));
    sum += std::abs(error);
    exact += reserved == expected ? 1 : 0;
    CHECK(reserved >= run.at("steps")[1].at("peak_bytes"));
  }
  std::cout << "reserved: " << exact << " of " << runs.size() << " exact, mean " << sum / 73 << " %, worst " << worst
            << " %\n";
  // Blocks that fit equally well are told apart by their age, so it matters in which order storages go. When autocast
  // is left its casts go in the order of a hash table of addresses, which nobody can know: hence the rest.
  CHECK(exact >= 69);
  CHECK(worst < 0.4);
}

TEST_CASE("peaks measured on a T4 are predicted within two percent", "[core][memory][golden][table]") {
  const std::string assets = QLAB_TEST_DATA "/../../assets/";
  const auto cards = load_cards(assets + "gpus.json");
  REQUIRE(cards);
  std::ifstream file(assets + "reference/t4_measured.json");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto runs = parse_measured_runs(text, "t4_measured.json", *cards);
  REQUIRE(runs);
  const Json reference = Json::parse(text).at("runs");
  REQUIRE(runs->size() == 67);
  REQUIRE(reference.size() == 67);
  double sum = 0;
  for (std::size_t i = 0; i < runs->size(); ++i) {
    const MeasuredRun& run = (*runs)[i];
    CAPTURE(run.name);
    const auto predicted = predicted_bytes(run);
    REQUIRE(predicted);
    const double error = percent_off(*predicted, run.measured_bytes);
    std::cout << run.name << ": " << error << " %\n";
    sum += std::abs(error);
    CHECK(std::abs(error) < 2);
    // A replay of the real code predicts the same to the byte.
    const double replayed = reference[i].at("simulated").at("peak_allocated_mib");
    CHECK(static_cast<double>(*predicted - run.workspace_bytes) / (1 << 20) == replayed);
  }
  std::cout << "T4: mean " << sum / 67 << " %\n";
  CHECK(sum / 67 < 0.5);
}

TEST_CASE("settings that are wrong are refused by name", "[core][memory]") {
  const ModelShape shape = shape_of("tiny-llama-like");
  const auto refusal = [&](const Json& settings) {
    const auto parsed = parse_step_settings(settings.dump(), shape, "case 3");
    REQUIRE_FALSE(parsed);
    return parsed.error().message();
  };
  const Json good = {{"method", "qlora"}, {"batch", 1}, {"seq", 64}, {"lora", {8, "qv"}}};
  CHECK(parse_step_settings(good.dump(), shape, ""));
  CHECK(refusal({{"method", "qlora"}}) == "batch is missing (case 3): method, batch and seq must be given");
  Json one = good;
  one["seq"] = 0;
  CHECK(refusal(one) == "seq is 0 (case 3): use a whole number from 1 to 16777216");
  one = good;
  one["attn"] = "flash";
  CHECK(refusal(one) == "attn is \"flash\" (case 3): use one of eager, sdpa");
  one = good;
  one["lora"] = nullptr;
  CHECK(refusal(one).find("full methods take null") != std::string::npos);
  one = good;
  one["sequence"] = 5;
  CHECK(refusal(one).find("unknown setting \"sequence\" (case 3)") == 0);
}

TEST_CASE("a model whose attention has a softcap refuses sdpa", "[core][memory]") {
  const ModelShape shape = shape_of("gemma-2-2b");
  StepSettings settings;
  settings.lora = LoraSettings{.rank = 8, .targets = {"q_proj"}, .dropout = 0};
  const auto step = simulate_step(shape, settings);
  REQUIRE_FALSE(step);
  CHECK(step.error().code == Errc::unsupported);
}

TEST_CASE("sizes beyond counting are refused, none allocates without bound", "[core][memory]") {
  StepSettings settings;
  settings.lora = LoraSettings{.rank = 16, .targets = {"all-linear"}, .dropout = 0};
  const auto refusal = [](const ModelShape& shape, const StepSettings& one) {
    const auto refused = simulate_figures(shape, one);
    if (refused) return std::string("none");
    CHECK(refused.error().code == Errc::bad_argument);
    return refused.error().what;
  };
  const ModelShape shape = llama_like_shape(4096, 32, 32000);
  CHECK(refusal(shape, settings) == "none");
  StepSettings one = settings;
  one.batch = 65'536;
  one.seq = 16'777'216;
  CHECK(refusal(shape, one) == "a batch of 65536 sequences of 16777216 tokens");
  one.batch = 3;
  CHECK(refusal(shape, one) == "with 50331648 tokens in a batch a tensor has more than 2^40 elements");
  one.batch = 1;
  one.attention = AttentionKernel::eager;
  one.seq = 1 << 18;
  CHECK(refusal(shape, one) == "with 262144 tokens in a batch a tensor has more than 2^40 elements");
  one = settings;
  one.seq = -1;
  CHECK(refusal(shape, one) == "a batch of 1 sequences of -1 tokens");
  one = settings;
  one.accumulation = INT64_MAX;
  CHECK(refusal(shape, one) == "32 layers and 9223372036854775807 accumulated batches");
  one = settings;
  one.checkpoint_every = 0;
  CHECK(refusal(shape, one) == "a size of the model or its adapters is 0");
  one = settings;
  one.lora->rank = std::int64_t{1} << 40;
  CHECK(refusal(shape, one) == "a size of the model or its adapters is 1099511627776");
  for (std::int64_t ModelShape::*size :
       {&ModelShape::hidden_size, &ModelShape::intermediate_size, &ModelShape::num_heads, &ModelShape::head_dim,
        &ModelShape::num_key_value_heads, &ModelShape::vocab_size}) {
    for (const std::int64_t value : {std::int64_t{0}, std::int64_t{1} << 31, std::int64_t{1} << 62, INT64_MAX}) {
      ModelShape odd = shape;
      odd.*size = value;
      CAPTURE(value);
      CHECK(refusal(odd, settings).starts_with("a size of the model or its adapters is"));
    }
  }
  ModelShape wide = shape;
  wide.intermediate_size = 300'000'000;
  CHECK(refusal(wide, settings) == "a Linear or an embedding of this model");
  for (const std::int64_t layers : {std::int64_t{0}, std::int64_t{100'000}, INT64_MAX}) {
    ModelShape deep = shape;
    deep.num_layers = layers;
    CHECK(refusal(deep, settings).find(" layers and 1 accumulated batches") != std::string::npos);
    CHECK_FALSE(simulate_step(deep, settings));
    CHECK_FALSE(replay_allocator(deep, settings));
    CHECK_FALSE(simulate_saved_tensors(deep, settings));
  }
  // The largest that is taken is still counted without overflow.
  ModelShape largest = llama_like_shape(32'768, 4'096, 256'000);
  one = settings;
  one.batch = 1;
  one.seq = 4'000'000;
  const auto figures = simulate_figures(largest, one);
  REQUIRE(figures);
  CHECK(figures->peak_bytes > std::int64_t{1} << 50);
}

}  // namespace
