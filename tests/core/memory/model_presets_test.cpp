// The presets in assets/models: each has exactly as many parameters as its publisher's checkpoint.
#include <filesystem>
#include <map>
#include <string>

#include "core/memory/model_shape.hpp"
#include "tests/support/catch.hpp"

namespace qlab {
namespace {

const std::map<std::string, std::int64_t> published{
    {"gemma-2-27b", 27'227'128'320},  {"gemma-2-2b", 2'614'341'888},
    {"gemma-2-9b", 9'241'705'984},    {"gpt2", 124'439'808},
    {"gpt2-large", 774'030'080},      {"gpt2-medium", 354'823'168},
    {"gpt2-xl", 1'557'611'200},       {"llama-13b", 13'015'864'320},
    {"llama-2-13b", 13'015'864'320},  {"llama-2-70b", 68'976'648'192},
    {"llama-2-7b", 6'738'415'616},    {"llama-3-70b", 70'553'706'496},
    {"llama-3-8b", 8'030'261'248},    {"llama-3.1-70b", 70'553'706'496},
    {"llama-3.1-8b", 8'030'261'248},  {"llama-3.2-1b", 1'235'814'400},
    {"llama-3.2-3b", 3'212'749'824},  {"llama-33b", 32'528'943'616},
    {"llama-65b", 65'285'660'672},    {"llama-7b", 6'738'415'616},
    {"mistral-7b", 7'241'732'096},    {"mistral-7b-v0.3", 7'248'023'552},
    {"opt-1.3b", 1'315'758'080},      {"opt-125m", 125'239'296},
    {"opt-13b", 12'853'473'280},      {"opt-350m", 331'196'416},
    {"opt-6.7b", 6'658'473'984},      {"phi-3-mini", 3'821'079'552},
    {"pythia-1.4b", 1'414'647'808},   {"pythia-6.9b", 6'857'302'016},
    {"qwen2.5-0.5b", 494'032'768},    {"qwen2.5-1.5b", 1'543'714'304},
    {"qwen2.5-14b", 14'770'033'664},  {"qwen2.5-32b", 32'763'876'352},
    {"qwen2.5-3b", 3'085'938'688},    {"qwen2.5-72b", 72'706'203'648},
    {"qwen2.5-7b", 7'615'616'512},    {"qwen3-0.6b", 596'049'920},
    {"qwen3-1.7b", 1'720'574'976},    {"qwen3-14b", 14'768'307'200},
    {"qwen3-32b", 32'762'123'264},    {"qwen3-4b", 4'022'468'096},
    {"qwen3-8b", 8'190'735'360},      {"smollm2-1.7b", 1'711'376'384},
    {"smollm2-135m", 134'515'008},    {"smollm2-360m", 361'821'120},
    {"tinyllama-1.1b", 1'100'048'384}};

TEST_CASE("every preset has its publisher's number of parameters", "[core][memory][golden]") {
  const std::filesystem::path folder = std::filesystem::path(QLAB_TEST_DATA) / "../../assets/models";
  std::size_t found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().stem().string();
    CAPTURE(name);
    const auto shape = load_model_shape(entry.path());
    REQUIRE(shape);
    REQUIRE(published.contains(name));
    CHECK(count_parameters(*shape).total() == published.at(name));
    ++found;
  }
  CHECK(found == published.size());
}

}  // namespace
}  // namespace qlab
