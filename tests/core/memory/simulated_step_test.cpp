// The simulated step against PyTorch's code on fake tensors (steps.json). The table: `core_memory_tests "[table]" -s`.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "core/memory/step/measured_runs.hpp"
#include "core/memory/step/simulate.hpp"
#include "core/memory/step/step_cases.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;
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
    const auto step = simulate_step(shape, *parsed);
    REQUIRE(step);
    const std::int64_t reserved = replay_allocator(*step).peak_reserved_bytes;
    const std::int64_t expected = run.at("allocator_model").at("peak_reserved");
    const double error = percent_off(reserved, expected);
    worst = std::max(worst, std::abs(error));
    sum += std::abs(error);
    exact += reserved == expected ? 1 : 0;
    CHECK(reserved >= step->peak_bytes);
  }
  std::cout << "reserved: " << exact << " of " << runs.size() << " exact, mean " << sum / 73 << " %, worst " << worst
            << " %\n";
  // The rest differs in the order in which the model's own tensors were made, which decides where they lie.
  CHECK(exact >= 55);
  CHECK(worst < 3.1);
}

TEST_CASE("peaks measured on a T4 are predicted within two percent", "[core][memory][golden][table]") {
  std::ifstream file(data + "t4_measured.json");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto runs = parse_measured_runs(text, "t4_measured.json");
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

}  // namespace
