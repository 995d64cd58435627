// Cards, profiles, verdicts, suggestions and sweeps: what `qloralab estimate` answers from.
#include <algorithm>
#include <filesystem>
#include <limits>

#include "core/base/units.hpp"
#include "core/memory/fit/card.hpp"
#include "core/memory/fit/check_plan.hpp"
#include "core/memory/fit/profile.hpp"
#include "core/memory/fit/reference.hpp"
#include "core/memory/fit/suggest.hpp"
#include "core/memory/fit/sweep.hpp"
#include "tests/support/catch.hpp"

namespace qlab {
namespace {

const std::string assets = QLAB_TEST_DATA "/../../assets/";

const std::vector<Card>& cards() {
  static const std::vector<Card> loaded = [] {
    auto read = load_cards(assets + "gpus.json");
    if (!read) FAIL(read.error().message());
    return *std::move(read);
  }();
  return loaded;
}

Profile profile(const std::string& name) {
  auto read = load_profile(assets + "profiles/" + name + ".json");
  if (!read) FAIL(read.error().message());
  return *std::move(read);
}

/// A small model, so that hundreds of steps cost nothing.
Plan small_plan(TrainingMethod method = TrainingMethod::qlora) {
  const ModelShape shape = llama_like_shape(512, 4, 4000);
  return {shape, settings_of(profile("peft-kbit"), method, shape), false};
}

CardMemory card_of(std::int64_t bytes) { return {bytes, "a card", {}, {}}; }

std::int64_t process_bytes(const Plan& plan) {
  const auto footprint = footprint_of(plan, {});
  REQUIRE(footprint);
  return footprint->process();
}

// --- cards

TEST_CASE("a size says by its unit which bytes are meant", "[core][memory]") {
  const auto bytes = [](const char* typed) {
    const auto memory = parse_card_memory(typed, cards());
    REQUIRE(memory);
    return memory->bytes;
  };
  CHECK(bytes("24") == std::int64_t{24} << 30);
  CHECK(bytes("24GiB") == std::int64_t{24} << 30);
  CHECK(bytes("24 GiB") == std::int64_t{24} << 30);
  CHECK(bytes("24GB") == 24'000'000'000);
  CHECK(bytes("24e9") == 24'000'000'000);
  CHECK(bytes("0.5") == std::int64_t{1} << 29);
  const auto gigabytes = parse_card_memory("24GB", cards());
  CHECK(gigabytes->hint.find("22.35 GiB") != std::string::npos);
  CHECK(parse_card_memory("24", cards())->hint.empty());
}

TEST_CASE("a card is known by every name that people and drivers give it", "[core][memory]") {
  for (const char* name : {"RTX 4090", "rtx4090", "4090", "NVIDIA GeForce RTX 4090", "rtx-4090"}) {
    CAPTURE(name);
    const auto memory = parse_card_memory(name, cards());
    REQUIRE(memory);
    CHECK(memory->bytes == std::llround(23.65 * bytes_per_GiB));
  }
  const auto t4 = parse_card_memory("Tesla T4", cards());
  REQUIRE(t4);
  CHECK_FALSE(t4->overheads.flash_attention);
  CHECK(t4->overheads.workspace_bytes == 2 * 8320 * 1024);
  CHECK(t4->overheads.context_bytes == std::int64_t{141} << 20);
  CHECK(parse_card_memory("H100", cards())->overheads.workspace_bytes == std::int64_t{64} << 20);
}

TEST_CASE("no card offers a process more than its box says, nor much less, and no name means two", "[core][memory]") {
  for (const Card& card : cards()) {
    CAPTURE(card.name);
    const double gib = static_cast<double>(card.bytes) / bytes_per_GiB;
    CHECK(gib <= card.sold_gib);
    CHECK(gib >= 0.9 * card.sold_gib);
    for (const std::string& alias : card.aliases) CHECK(find_card(cards(), alias) == &card);
    CHECK(find_card(cards(), card.name) == &card);
  }
}

TEST_CASE("what is no size and no card is refused with what there is", "[core][memory]") {
  const std::string typed = GENERATE("RTX 9999", "", "GiB", "nan", "inf", "24TB", "24gib", "-24", "0", "1e30", "24GBx");
  CAPTURE(typed);
  const auto memory = parse_card_memory(typed, cards());
  REQUIRE_FALSE(memory);
  CHECK(memory.error().hint.find("24GiB") != std::string::npos);
  if (typed == "RTX 9999") CHECK(memory.error().hint.find("A100-40GB") != std::string::npos);
}

// --- profiles

TEST_CASE("every profile can be read, and says what it keeps in which type", "[core][memory]") {
  const ModelShape shape = llama_like_shape(512, 4, 4000);
  std::size_t found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(assets + "profiles")) {
    CAPTURE(entry.path().string());
    const auto read = load_profile(entry.path());
    if (!read) FAIL(read.error().message());
    CHECK(read->name == entry.path().stem());
    CHECK(simulate_figures(shape, settings_of(*read, TrainingMethod::qlora, shape)));
    ++found;
  }
  CHECK(found == 4);
  const StepSettings kbit = settings_of(profile("peft-kbit"), TrainingMethod::qlora, shape);
  CHECK(kbit.kbit_preparation);
  CHECK(kbit.adapters_fp32);
  CHECK(kbit.checkpointing == Checkpointing::nonreentrant);
  const StepSettings litgpt = settings_of(profile("litgpt-bf16-true"), TrainingMethod::lora, shape);
  CHECK_FALSE(litgpt.adapters_fp32);
  CHECK_FALSE(litgpt.autocast);
  CHECK(litgpt.lora->targets == std::vector<std::string>{"q_proj", "v_proj"});
}

TEST_CASE("a profile's mistake is named by file and key", "[core][memory]") {
  const auto refusal = [](std::string text) {
    const auto read = parse_profile(text, "mine.json");
    REQUIRE_FALSE(read);
    return read.error().message();
  };
  CHECK(refusal("{").find("not JSON (mine.json:1)") == 0);
  CHECK(refusal("[]").find("not a JSON object (mine.json)") == 0);
  CHECK(refusal(R"({"format_version": 1, "wheels": 4})").find("unknown key \"wheels\" (mine.json): use some of") == 0);
  CHECK(refusal(R"({"format_version": 1})").find("name is missing (mine.json)") == 0);
  CHECK(refusal("{\"name\": \"\xff\"}").find("not UTF-8 (mine.json:1)") == 0);
}

// --- plans

TEST_CASE("a plan's oddities are warnings, its impossibilities errors", "[core][memory]") {
  const auto opt = load_model_shape(assets + "models/opt-13b.json");
  REQUIRE(opt);
  Plan plan{*opt, settings_of(profile("peft-kbit"), TrainingMethod::qlora, *opt), false};
  CHECK(check_plan(plan)->empty());
  plan.settings.lora->targets = {"q_proj", "o_proj", "gate_proj"};
  const auto warnings = check_plan(plan);
  REQUIRE(warnings);
  REQUIRE(warnings->size() == 1);
  CHECK(warnings->front().find("no module is called o_proj, gate_proj") == 0);
  CHECK(warnings->front().find("out_proj, fc1, fc2") != std::string::npos);
  plan.settings.lora->targets = {"o_proj"};
  CHECK(check_plan(plan).error().hint.find("out_proj") != std::string::npos);
  plan.settings.lora->targets = {"all-linear"};
  plan.settings.seq = 4096;  // beyond a learned table
  CHECK(check_plan(plan).error().where == "--seq");

  Plan llama = small_plan();
  llama.shape.max_positions = 512;
  CHECK(check_plan(llama)->size() == 1);  // rotary: runs, but was not made for it
  llama.shape.max_positions = 0;
  llama.settings.lora->rank = 513;
  CHECK(check_plan(llama).error().where == "--rank");
}

TEST_CASE("the lines of a footprint add up to the process", "[core][memory]") {
  const Plan plan = small_plan(GENERATE(TrainingMethod::full, TrainingMethod::lora, TrainingMethod::qlora));
  const auto step = simulate_step(plan.shape, plan.settings);
  REQUIRE(step);
  const auto footprint = footprint_of(plan, *step, {});
  REQUIRE(footprint);
  CHECK(footprint->tensors == step->peak_bytes);
  CHECK(footprint->tensors + footprint->kernels == step->peak_bytes_cuda);
  CHECK(footprint->fragmentation >= 0);
  CHECK(footprint->process() ==
        footprint->reserved() + CardOverheads{}.workspace_bytes + CardOverheads{}.context_bytes);

  const Verdict fits = judge(*step, *footprint, footprint->process());
  CHECK(fits.fits);
  CHECK(fits.margin == 0);
  CHECK(fits.phase == step->peak_phase);
  CHECK(fits.largest_bytes == *std::max_element(step->breakdown.begin(), step->breakdown.end()));
  CHECK(std::string(fits.operation) != "");
  CHECK_FALSE(judge(*step, *footprint, footprint->process() - 1).fits);

  const auto within = footprint_within(plan, {}, footprint->process());
  REQUIRE(within);
  CHECK(within->has_value());
  CHECK_FALSE(footprint_within(plan, {}, footprint->process() - 1)->has_value());
}

// --- suggestions

TEST_CASE("the largest value fits and the next does not", "[core][memory][property]") {
  const Plan plan = small_plan();
  const Knob knob = GENERATE(Knob::batch, Knob::seq, Knob::rank);
  const auto with = [&](std::int64_t value) {
    Plan there = plan;
    if (knob == Knob::batch) there.settings.batch = value;
    if (knob == Knob::seq) there.settings.seq = value;
    if (knob == Knob::rank) there.settings.lora->rank = value;
    return there;
  };
  const std::int64_t known = knob == Knob::seq ? 1500 : knob == Knob::batch ? 3 : 100;
  const CardMemory memory = card_of(process_bytes(with(known)));
  const auto limit = largest_that_fits(plan, knob, knob == Knob::rank ? 512 : 8000, memory);
  REQUIRE(limit);
  CHECK(limit->largest >= known);
  CHECK(process_bytes(with(limit->largest)) <= memory.bytes);
  CHECK(process_bytes(with(limit->largest)) == limit->footprint.process());
  CHECK(process_bytes(with(limit->largest + 1)) > memory.bytes);

  CHECK(largest_that_fits(plan, knob, 8, card_of(1 << 20))->largest == 0);
  CHECK(largest_that_fits(plan, knob, 2, card_of(std::int64_t{1} << 50))->largest == 2);
}

TEST_CASE("advice is in the order of its cost, and what it saves is what the steps take less", "[core][memory]") {
  Plan plan = small_plan(TrainingMethod::lora);
  plan.settings.checkpointing = Checkpointing::none;
  plan.settings.optimizer = Optimizer::adamw_foreach;
  plan.settings.batch = 4;
  const std::int64_t before = process_bytes(plan);
  const auto advice = advise(plan, card_of(before - 1));
  REQUIRE(advice);
  REQUIRE_FALSE(advice->alone.empty());
  CHECK(std::is_sorted(advice->alone.begin(), advice->alone.end(),
                       [](const Change& a, const Change& b) { return a.kind < b.kind; }));
  std::vector<ChangeKind> kinds;
  for (const Change& change : advice->alone) {
    kinds.push_back(change.kind);
    CHECK(before - process_bytes(change.plan) == change.saved_bytes);
    CHECK(change.fits == (process_bytes(change.plan) <= before - 1));
  }
  for (const ChangeKind kind : {ChangeKind::checkpointing, ChangeKind::paged_8bit_optimizer, ChangeKind::accumulation,
                                ChangeKind::qlora, ChangeKind::shorter_sequence}) {
    CHECK(std::find(kinds.begin(), kinds.end(), kind) != kinds.end());
  }
  CHECK(advice->helps);
  CHECK(advice->together.back().fits);
  CHECK_FALSE(advise(plan, card_of(1 << 20))->helps);
}

// --- sweeps

TEST_CASE("a sweep is typed as first, last and step of one or two keys", "[core][memory]") {
  const auto axes = parse_sweep("seq=512:2048:512,batch=1:3");
  REQUIRE(axes);
  REQUIRE(axes->size() == 2);
  CHECK((*axes)[0].values == std::vector<std::int64_t>{512, 1024, 1536, 2048});
  CHECK((*axes)[1].values == std::vector<std::int64_t>{1, 2, 3});
  CHECK(parse_sweep("rank=16")->front().values == std::vector<std::int64_t>{16});
  const std::string wrong = GENERATE("", "seq", "seq=", "seq=0:4", "seq=4:1", "seq=1:2:3:4", "wheels=1:2", "seq=1:2,",
                                     "seq=1:2,seq=3:4", "seq=1:2,batch=1,rank=2", "seq=1:9999999", "seq=a:b", "seq=-1");
  CAPTURE(wrong);
  CHECK_FALSE(parse_sweep(wrong));
}

TEST_CASE("a sweep's points are the steps themselves, whatever the number of threads", "[core][memory][parity]") {
  const Plan plan = small_plan();
  const auto axes = parse_sweep("seq=64:256:64,batch=1:3");
  REQUIRE(axes);
  const auto one = sweep(plan, *axes, {}, 1);
  const auto three = sweep(plan, *axes, {}, 3);
  REQUIRE(one);
  REQUIRE(three);
  REQUIRE(one->bytes.size() == 12);
  CHECK(one->bytes == three->bytes);
  Plan there = plan;
  there.settings.seq = 128;
  there.settings.batch = 3;
  const auto figures = simulate_figures(there.shape, there.settings);
  CHECK(one->bytes[5] == figures->peak_bytes_cuda + CardOverheads{}.workspace_bytes + CardOverheads{}.context_bytes);

  std::stop_source stop;
  stop.request_stop();
  const auto stopped = sweep(plan, *axes, {}, 2, stop.get_token());
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == Errc::cancelled);
  CHECK_FALSE(sweep(small_plan(TrainingMethod::full), *parse_sweep("rank=1:4"), {}, 1));
  CHECK_FALSE(sweep(plan, *parse_sweep("rank=513"), {}, 1)->bytes.front());  // no matrix has so many rows
}

// --- references

TEST_CASE("published rows are compared or said not to be, each once", "[core][memory][golden]") {
  const auto published = load_published(assets);
  if (!published) FAIL(published.error().message());
  CHECK(published->runs.size() == 9);
  CHECK(published->others.size() == 8);
  for (const PublishedRun& run : published->runs) {
    CAPTURE(run.name);
    const auto footprint = footprint_of(run.plan, {});
    REQUIRE(footprint);
    const std::int64_t ours =
        run.of_process ? footprint->process() : footprint->tensors + footprint->kernels + footprint->workspaces;
    // Modelled, not fitted: other people's stacks, and figures rounded to whole GB.
    CHECK(std::abs(static_cast<double>(ours) / static_cast<double>(run.measured_bytes) - 1) < 0.1);
  }
  const auto fake = load_fake_tensor_runs(assets + "reference/fake_tensor_steps.json");
  REQUIRE(fake);
  CHECK(fake->size() == 73);
}

}  // namespace
}  // namespace qlab
