// The fuzzers' bodies over the kept corpus and over every input near it, so that what a fuzzer once found stays found.
#include <random>
#include <string>

#include "tests/fuzz/bodies.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

namespace {

using namespace qlab;

using Body = std::string (*)(std::span<const std::byte>);

std::string run(Body body, const std::string& input) { return body(std::as_bytes(std::span(input))); }

void run_corpus(const char* format, Body body) {
  std::minstd_rand random(1);  // the same mutations in every run
  int inputs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(QLAB_FUZZ_CORPUS) / format)) {
    CAPTURE(entry.path().string());
    ++inputs;
    const std::string seed = test::content_of(entry.path());
    CHECK(run(body, seed).empty());
    for (int i = 0; i < 200 && !seed.empty(); ++i) {
      std::string mutated = seed;
      mutated[random() % mutated.size()] = static_cast<char>(random());
      if (i % 4 == 0) mutated.resize(random() % mutated.size());
      CAPTURE(i);
      REQUIRE(run(body, mutated).empty());
    }
  }
  CHECK(inputs > 5);
}

TEST_CASE("no safetensors input near the corpus breaks the reader", "[fuzz][tensor]") {
  run_corpus("safetensors", fuzz::read_safetensors);
}

TEST_CASE("no npy input near the corpus breaks the reader", "[fuzz][tensor]") { run_corpus("npy", fuzz::read_npy); }

}  // namespace
