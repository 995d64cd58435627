// Generating text, the lessons' texts, and the base model's cache.
#include "core/training/sampling.hpp"

#include "core/experiment/backend.hpp"
#include "core/tensor/source.hpp"
#include "core/training/base_model.hpp"
#include "core/training/text_task.hpp"
#include "core/training/trainer.hpp"
#include "tests/core/training/goldens.hpp"
#include "tests/support/temporary_folder.hpp"

namespace qlab::training::test {

TEST_CASE("sampling: greedy tokens are the library's", "[core][training][golden]") {
  Engine engine(2);
  Decoder decoder = golden_model(engine, "trained");
  const auto& expected = goldens()["generation"]["trained500"];
  const auto prompt = expected["prompt_ids"].get<std::vector<std::int32_t>>();
  CHECK(generate(engine, decoder, prompt, 32, {}) == expected["tokens"].get<std::vector<std::int32_t>>());
}

TEST_CASE("sampling: draws follow the temperature's probabilities, and only the top p of them",
          "[core][training][property]") {
  const std::vector<float> logits = {1, 3, 2, -5};
  const double temperature = 1.5;
  std::vector<double> share(4), kept(4);
  const int draws = 20000;
  for (int i = 0; i < draws; ++i) {
    share[next_token(logits, {temperature, 1, 7}, i)] += 1.0 / draws;
    kept[next_token(logits, {temperature, 0.6, 7}, i)] += 1.0 / draws;
  }
  double all = 0;
  for (const float one : logits) all += std::exp(one / temperature);
  for (int k = 0; k < 4; ++k) CHECK(share[k] == Approx(std::exp(logits[k] / temperature) / all).margin(0.012));
  // The likeliest has 0.57 and is not enough; the second makes it so.
  CHECK(kept[0] + kept[3] == 0);
  CHECK(kept[1] == Approx(share[1] / (share[1] + share[2])).margin(0.015));
  CHECK(next_token(logits, {}, 0) == 1);
  CHECK(next_token(std::vector<float>{2, 5, 5}, {}, 0) == 1);
}

TEST_CASE("texts: questions mask everything but their answers, in both languages", "[core][training][property]") {
  int chinese = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const Sample one = question(3, i);
    CHECK(static_cast<std::int64_t>(one.prompt.size() + one.answer.size()) <= longest_sample);
    CHECK(one.prompt.find(one.answer.substr(0, one.answer.size() - 1)) != std::string::npos);
    chinese += one.prompt.starts_with("The ") ? 0 : 1;
  }
  CHECK((chinese > 800 && chinese < 1200));
  const Batch batch = question_batch(4, 3, 2);
  CHECK(batch.ids.size() == 4 * longest_sample);
  CHECK(batch.ids == question_batch(4, 3, 2).ids);
  CHECK(batch.ids != question_batch(4, 3, 3).ids);
  for (std::size_t i = 0; i < batch.ids.size(); ++i) {
    CHECK((batch.labels[i] == ignored_label || batch.labels[i] == batch.ids[i]));
  }
  CHECK(batch.targets() < 4 * 12);
}

TEST_CASE("the base model is trained once, kept, and the same whoever trains it", "[core][training]") {
  const qlab::test::TemporaryFolder folder;
  const char* const before = std::getenv("XDG_CACHE_HOME");
  const std::string old = before == nullptr ? "" : before;
  ::setenv("XDG_CACHE_HOME", folder.path().c_str(), 1);
  Engine engine(2);
  std::stop_source stopped;
  stopped.request_stop();
  const auto nothing = base_model(engine, stopped.get_token(), {});
  CHECK(nothing.error().code == Errc::cancelled);
  CHECK(folder.entries() == 0);
  double told = 0;
  auto first = base_model(engine, {}, [&](double fraction) { told = fraction; });
  REQUIRE(first);
  CHECK(told == 1);
  CHECK(evaluate(engine, *first, sentence_batch(8, 96, 77, 0)) < 0.5);
  told = 0;
  auto second = base_model(engine, {}, [&](double fraction) { told = fraction; });
  REQUIRE(second);
  CHECK(told == 0);
  for (std::size_t i = 0; i < first->tensors().size(); ++i) {
    CHECK(largest_difference(first->tensors()[i]->value.values(), second->tensors()[i]->value.values()) == 0);
  }
  const auto source = parse_tensor_source("trained");
  REQUIRE(source);
  const auto backend = make_cpu_backend(1);
  const auto live = load(*source, *backend, {}, 100, 1 << 20);
  REQUIRE(live);
  CHECK(live->values.size() == 64 * 176);
  CHECK(largest_difference(live->values, first->layers[0].down.weight.value.values()) == 0);
  CHECK_THAT(live->description.en, ContainsSubstring("model.layers.0.mlp.down_proj.weight"));
  before == nullptr ? ::unsetenv("XDG_CACHE_HOME") : ::setenv("XDG_CACHE_HOME", old.c_str(), 1);
}

}  // namespace qlab::training::test
