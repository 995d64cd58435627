// `qloralab bench`: how fast the kernels are, as ratios to a memory copy on the same machine, and whole jobs in
// seconds.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "app/cli/bench_cases.hpp"
#include "app/cli/command.hpp"
#include "app/cli/terminal.hpp"
#include "app/views/columns.hpp"
#include "core/base/parallel.hpp"
#include "core/experiment/backend.hpp"

namespace qlab::cli {
namespace {

constexpr int rounds = 15;  // odd: the median is one of them

/// The copy that a case is held against.
struct Copy {
  std::int64_t bytes = 0;
  double seconds = 0;
};

struct Timing {
  std::string name;
  int threads = 0;
  double seconds = 0;
  std::optional<Copy> copy;
  double operations = 0;

  double gflops() const { return operations / seconds / 1e9; }
  double gbps() const { return static_cast<double>(copy->bytes) / seconds / 1e9; }
  double copy_ratio() const { return seconds / copy->seconds; }
};

double seconds_of(const std::function<void(int)>& run, int threads) {
  const auto start = std::chrono::steady_clock::now();
  run(threads);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> numbers) {
  std::nth_element(numbers.begin(), numbers.begin() + rounds / 2, numbers.end());
  return numbers[rounds / 2];
}

/// Copy and case take turns, so that whatever else the machine does meets both.
Timing time(const Bench& bench, const BenchCase& one, int threads) {
  one.run(threads);
  if (one.against_copy) bench.copy(threads);
  std::vector<double> seconds;
  std::vector<double> copy_seconds;
  for (int round = 0; round < rounds; ++round) {
    if (one.against_copy) copy_seconds.push_back(seconds_of(bench.copy, threads));
    seconds.push_back(seconds_of(one.run, threads));
  }
  Timing timing{one.name, threads, median(seconds), std::nullopt, one.operations};
  if (one.against_copy) timing.copy = {bench.bytes, median(copy_seconds)};
  return timing;
}

std::string as_json(const std::string& device, const std::vector<Timing>& timings) {
  nlohmann::ordered_json document = {{"format_version", 1}, {"device", device}};
  for (const Timing& one : timings) {
    nlohmann::ordered_json result = {{"name", one.name}, {"threads", one.threads}, {"seconds", one.seconds}};
    if (one.copy) {
      result.update({{"bytes", one.copy->bytes}, {"gbps", one.gbps()}, {"copy_ratio", one.copy_ratio()}});
    }
    document["results"].push_back(std::move(result));
  }
  return document.dump(2) + "\n";
}

/// "57.2 GFLOP/s, 88 %": matrix products a second, and that as a share of the machine's own product on as many threads.
std::string products_of(const Timing& one, const std::vector<Timing>& timings) {
  if (one.operations == 0) return "";
  const auto roof = std::find_if(timings.begin(), timings.end(), [&](const Timing& other) {
    return other.name == product_case && other.threads == one.threads;
  });
  return fmt::format("{:.1f} GFLOP/s, {:.0f} %", one.gflops(), 100 * one.gflops() / roof->gflops());
}

std::string as_text(const std::string& device, std::int64_t bytes, const std::vector<Timing>& timings,
                    const views::TextStyle& style) {
  const Text note = {
      "device {0}: median of {1} runs on {2} MiB of fp32; copy_ratio is the time divided by that of a memory copy; "
      "% of the speed of one product",
      "设备 {0}：对 {2} MiB 的 fp32 数据取 {1} 次运行的中位数；copy_ratio 为所用时间与内存复制所用时间之比；% "
      "为占单个矩阵乘法速度的百分比"};
  std::string text = fmt::format(fmt::runtime(note.in(style.language)), device, rounds, bytes >> 20) + "\n\n";
  views::Columns columns{{{"name", "threads", "ms", "GB/s", "copy_ratio", "matrix products"}},
                         {false, true, true, true, true}};
  for (const Timing& one : timings) {
    columns.rows.push_back({one.name, std::to_string(one.threads), fmt::format("{:.2f}", one.seconds * 1e3),
                            one.copy ? fmt::format("{:.2f}", one.gbps()) : "",
                            one.copy ? fmt::format("{:.2f}", one.copy_ratio()) : "", products_of(one, timings)});
  }
  for (const std::string& line : views::aligned(columns, style.width)) text += line + "\n";
  return text;
}

Result<int> run_bench(const Common& common) {
  if (common.format != Format::text && common.format != Format::json) {
    return no_such_format(common.format, "bench", "text or json");
  }
  if (common.device == Device::gpu) {
    return Error{Errc::unsupported, "bench times the processor's kernels only", "qloralab bench", "leave out --device"};
  }
  const auto bench = make_bench();
  if (!bench) return bench.error();
  const std::set<int> all_counts = {1, resolve_threads(common.threads)};
  ProgressBar bar;
  const auto progress = bar.sink();
  std::vector<Timing> timings;
  std::size_t done = 0;
  for (const BenchCase& one : bench->cases) {
    if (const auto right = one.check(); !right) return right.error();
    for (const int threads : one.parallel ? all_counts : std::set{1}) timings.push_back(time(*bench, one, threads));
    if (progress) progress(static_cast<double>(++done) / static_cast<double>(bench->cases.size()));
  }
  const std::string device = make_cpu_backend(common.threads)->name();
  const auto printed =
      print(common.format == Format::json ? as_json(device, timings)
                                          : as_text(device, bench->bytes, timings, text_style(common.language)));
  if (!printed) return printed.error();
  return 0;
}

}  // namespace

Handler declare_bench(CLI::App&) { return run_bench; }

}  // namespace qlab::cli
