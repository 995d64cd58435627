#include <algorithm>
#include <cmath>

#include "tests/lessons/tensor_lesson.hpp"

namespace {

using namespace qlab;
using namespace qlab::tests;

const lessons::Lesson& lesson() {
  static const lessons::Lesson loaded = built_in_lesson("06-memory-ledger");
  return loaded;
}

const Chart& chart_of(const Report& report, const char* name) {
  const Chart* chart = report.find_chart(name);
  REQUIRE(chart != nullptr);
  return *chart;
}

TEST_CASE("memory-ledger: every scenario keeps what it promises", "[lessons][memory]") { keeps_its_promises(lesson()); }

TEST_CASE("memory-ledger: the classroom values are the printed ones, in GiB", "[lessons][memory][golden]") {
  const Report report = run_lesson(lesson());
  CHECK(number(report, "parameter_count") == 6'442'450'944);
  CHECK(number(report, "fp16_gb") == 12.0);
  CHECK(number(report, "qlora_gb") == 9.0);
  CHECK(number(report, "checkpoint_saving_gb") == 0.125);
  for (const char* name : {"fp16_gb", "qlora_gb", "checkpoint_saving_gb"}) {
    CHECK(report.find_value(name)->unit == "GiB");
  }
}

TEST_CASE("memory-ledger: H and L are symbols, and the classroom ignores V and B", "[lessons][memory]") {
  const Report report = run_lesson(lesson(), "default", {{"H", "2048"}, {"L", "16"}, {"V", "100000"}, {"B", "3"}});
  CHECK(number(report, "parameter_count") == 805'306'368);  // 12 * 2048^2 * 16
  CHECK(number(report, "fp16_gb") == 1.5);
  CHECK(number(report, "qlora_gb") == 1.125);
  CHECK(number(report, "checkpoint_saving_gb") == 0.03125);
  CHECK(number(report, "logits_gib") == Approx(12.0 * 3 * 1024 * 100000 / (1024.0 * 1024 * 1024)));
}

TEST_CASE("memory-ledger: the log is the script's three lines, byte for byte", "[lessons][memory][golden]") {
  const Report report = run_lesson(lesson());
  REQUIRE(report.documents.size() == 1);
  CHECK(report.documents[0].type == "log");
  // 0.47978: the largest of the 1024 values is 3.35846; 0.125 prints as 0.12 because Python rounds half to even.
  CHECK(report.documents[0].text ==
        "[NF4] scale=0.47978, range=[-8, 7]\n"
        "[分页优化器] FP16=12.00GB, QLoRA=9.00GB\n"
        "[Checkpoint] 预计节省激活显存 0.12 GB\n");
  const Report other = run_lesson(lesson(), "default", {{"H", "5120"}, {"L", "40"}, {"T", "2048"}});
  CHECK(other.documents[0].text ==
        "[NF4] scale=0.47978, range=[-8, 7]\n"
        "[分页优化器] FP16=23.44GB, QLoRA=17.58GB\n"
        "[Checkpoint] 预计节省激活显存 0.39 GB\n");
}

TEST_CASE("memory-ledger: bars put the script's figures beside the counted ones", "[lessons][memory]") {
  const Report report = run_lesson(lesson());
  const Chart& bars = chart_of(report, "bars");
  CHECK(bars.kind == ChartKind::grouped_bars);
  CHECK(bars.x.categories.size() == 4);
  REQUIRE(bars.series.size() == 2);
  CHECK(bars.series[0].y == std::vector<double>{12, 6, 3, 9});
  // 2 bytes; 1 byte, row scales and 16 bits for the rest; 4.127 bits and the rest; that and 16 bytes an adapter weight.
  const double rest = (2 * 262'144'000.0 + 2 * 266'240) / std::pow(2, 30);
  CHECK(bars.series[1].y[0] == Approx(2 * 6'738'415'616 / std::pow(2, 30)));
  CHECK(bars.series[1].y[1] == Approx((6'476'005'376.0 + 4 * 32 * (5 * 4096 + 2 * 11008)) / std::pow(2, 30) + rest));
  CHECK(bars.series[1].y[2] == Approx(6'476'005'376 * 4.126953125 / 8 / std::pow(2, 30) + rest).epsilon(1e-5));
  // As loaded it has 16 bits where k-bit preparation makes fp32 of it.
  CHECK(bars.series[1].y[3] == Approx(bars.series[1].y[2] + rest + 0.25).epsilon(1e-5));
}

TEST_CASE("memory-ledger: each map is the whole step at its level, depends on both axes and marks the present point",
          "[lessons][memory]") {
  const auto* level = GENERATE("classroom", "ledger");
  const Report report = run_lesson(lesson(), "default", {{"level", level}});
  CHECK(report.complete);
  const double step = number(report, std::string(level) + "_gib");
  for (const char* name : {"contour_hl", "contour_ht", "contour_lt"}) {
    CAPTURE(level, name);
    const Chart& map = chart_of(report, name);
    CHECK(map.kind == ChartKind::heat_map);
    const Grid& grid = map.grid;
    REQUIRE(grid.z.size() == grid.x.size() * grid.y.size());
    const auto crossed = [&](double line) {
      return line > *std::min_element(grid.z.begin(), grid.z.end()) &&
             line < *std::max_element(grid.z.begin(), grid.z.end());
    };
    CHECK(std::count_if(grid.levels.begin(), grid.levels.end(), crossed) >= 3);
    REQUIRE(map.lines.size() == 2);
    const double x_now = map.lines[0].at, y_now = map.lines[1].at;
    CHECK((map.lines[0].vertical && !map.lines[1].vertical));
    for (std::size_t row = 0; row < grid.y.size(); ++row) {
      for (std::size_t column = 0; column < grid.x.size(); ++column) {
        const double z = grid.z[row * grid.x.size() + column];
        if (column > 0) CHECK(z > grid.z[row * grid.x.size() + column - 1]);
        if (row > 0) CHECK(z > grid.z[(row - 1) * grid.x.size() + column]);
        // Monotonic in both, so what lies below the present point costs less and what lies above it more.
        if (grid.x[column] <= x_now && grid.y[row] <= y_now) CHECK(z <= step);
        if (grid.x[column] >= x_now && grid.y[row] >= y_now) CHECK(z >= step);
      }
    }
  }
  CHECK(chart_of(report, "contour_hl").lines[0].at == 4096);
  CHECK(chart_of(report, "contour_hl").lines[1].at == 32);
  CHECK(chart_of(report, "contour_lt").lines[1].at == 1024);
}

TEST_CASE("memory-ledger: simulated maps come coarse, grow finer and stop when told to", "[lessons][memory]") {
  std::stop_source stop;
  std::vector<std::size_t> columns;
  const auto backend = make_cpu_backend(1);
  const Context context{
      *backend, std::filesystem::path(QLAB_SOURCE_ROOT) / "assets", stop.get_token(), {}, [&](const Report& so_far) {
        CHECK_FALSE(so_far.complete);
        const Grid& grid = so_far.find_chart("contour_hl")->grid;
        columns.push_back(grid.x.size());
        for (const double z : grid.z) CHECK((std::isfinite(z) && z > 0));
        if (columns.size() == 2) stop.request_stop();
      }};
  Parameters parameters(lesson().parameters);
  REQUIRE(parameters.set("level", "simulated"));
  REQUIRE(parameters.set("vocab_size", "1024"));
  const auto run = lessons::run(lesson(), "default", parameters, context);
  REQUIRE(run);
  CHECK_FALSE(run->report.complete);
  REQUIRE(columns.size() == 2);
  CHECK(columns[1] > columns[0]);
  CHECK(run->report.find_chart("contour_hl")->grid.x.size() == columns[1]);  // what was there stays
}

TEST_CASE("memory-ledger: the levels' parts add up to the levels", "[lessons][memory]") {
  const auto* method = GENERATE("full", "lora", "qlora");
  const auto* checkpointing = GENERATE("true", "false");
  CAPTURE(method, checkpointing);
  const Report report =
      run_lesson(lesson(), "default",
                 {{"method", method}, {"checkpointing", checkpointing}, {"H", "1024"}, {"level", "classroom"}});
  const Table* table = report.find_table("levels");
  REQUIRE(table != nullptr);
  const char* levels[] = {"classroom", "ledger", "simulated"};
  for (std::size_t column = 1; column <= 3; ++column) {
    double sum = 0;
    for (std::size_t row = 0; row + 1 < table->rows.size(); ++row) {
      if (const auto* cell = std::get_if<double>(&table->rows[row][column])) sum += *cell;
    }
    CHECK(sum == Approx(number(report, std::string(levels[column - 1]) + "_gib")));
    double stack = 0;
    for (const Series& part : chart_of(report, "three_levels").series) stack += part.y[column - 1];
    CHECK(stack == Approx(sum));
  }
}

TEST_CASE("memory-ledger: formulas are called so, and split what they split", "[lessons][memory]") {
  const Report report = run_lesson(lesson(), "default", {{"method", "full"}, {"level", "classroom"}});
  for (const char* name : {"sharding", "kv_cache", "serving"}) {
    const Table* table = report.find_table(name);
    REQUIRE(table != nullptr);
    CHECK(table->title.en.starts_with("Formula: "));
    CHECK(table->title.zh.starts_with("公式："));
  }
  CHECK(cell(report, "sharding", 0, "cards_64") == Approx(16 * 6.738415616 / 1.073741824).epsilon(1e-4));
  CHECK(cell(report, "sharding", 2, "cards_8") == Approx((2 + 14 / 8.0) * 6.738415616 / 1.073741824).epsilon(1e-4));
  CHECK(cell(report, "kv_cache", 0, "all_heads") == 0.5);  // 1024 tokens of half a MiB
  CHECK(cell(report, "kv_cache", 0, "grouped") == 0.125);
}

TEST_CASE("memory-ledger: what the sliders do not touch stays: the printed claims", "[lessons][memory]") {
  const Report one = run_lesson(lesson());
  const Report other = run_lesson(lesson(), "default", {{"H", "1024"}, {"V", "5000"}});
  std::size_t claims = 0;
  for (const Check& check : one.checks) {
    if (!check.claim) continue;
    ++claims;
    const auto same = std::find_if(other.checks.begin(), other.checks.end(),
                                   [&](const Check& candidate) { return candidate.name == check.name; });
    REQUIRE(same != other.checks.end());
    CHECK(same->value == check.value);
  }
  CHECK(claims == 4);
}

TEST_CASE("memory-ledger: claims are judged as the truth says", "[lessons][memory][golden]") {
  const Report report = run_lesson(lesson());
  const auto holds = [&](const char* name) {
    const auto found = std::find_if(report.checks.begin(), report.checks.end(),
                                    [&](const Check& check) { return check.name == name; });
    REQUIRE(found != report.checks.end());
    return found->claim_holds;
  };
  CHECK(holds("parameters_by_rule"));
  for (const char* name : {"fp16_training", "qlora_optimizer", "qlora_total"}) {
    CAPTURE(name);
    CHECK_FALSE(holds(name));
  }
}

TEST_CASE("memory-ledger: every corner of the sliders gives finite figures", "[lessons][memory]") {
  const auto* H = GENERATE("256", "4097", "16384");
  const auto* L = GENERATE("1", "128");
  const auto* T = GENERATE("128", "32768");
  const auto* V = GENERATE("1024", "262144");
  const auto* B = GENERATE("1", "64");
  const Report report =
      run_lesson(lesson(), "default", {{"H", H}, {"L", L}, {"T", T}, {"V", V}, {"B", B}, {"level", "classroom"}});
  CAPTURE(H, L, T, V, B);
  for (const Value& value : report.values) CHECK((std::isfinite(value.number) && value.number > 0));
  for (const Chart& chart : report.charts) {
    CHECK(std::all_of(chart.grid.z.begin(), chart.grid.z.end(), [](double z) { return std::isfinite(z) && z > 0; }));
    if (chart.kind != ChartKind::heat_map) continue;
    const auto ends = std::minmax_element(chart.grid.z.begin(), chart.grid.z.end());
    CHECK(std::any_of(chart.grid.levels.begin(), chart.grid.levels.end(),
                      [&](double level) { return level > *ends.first && level < *ends.second; }));
  }
}

}  // namespace
