#include "app/cli/common.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <charconv>
#include <string_view>

namespace qlab::cli {
namespace {

constexpr int most_threads = 1024;

template <class T>
struct Named {
  std::string_view name;
  T value;
};
constexpr std::array<Named<Language>, 2> languages{{{"en", Language::en}, {"zh", Language::zh}}};
constexpr std::array<Named<chart::Theme>, 3> themes{
    {{"light", chart::Theme::light}, {"dark", chart::Theme::dark}, {"projector", chart::Theme::projector}}};
constexpr std::array<Named<Format>, 4> formats{
    {{"text", Format::text}, {"json", Format::json}, {"csv", Format::csv}, {"log", Format::log}}};

constexpr std::array<Named<Device>, 3> devices{
    {{"auto", Device::automatic}, {"cpu", Device::cpu}, {"gpu", Device::gpu}}};

template <class T, std::size_t N>
Result<Done> pick(const std::array<Named<T>, N>& rows, const char* option, const std::string& typed, T& value) {
  std::string names;
  for (const auto& row : rows) {
    if (row.name == typed) {
      value = row.value;
      return Done{};
    }
    names += (names.empty() ? "" : ", ") + std::string(row.name);
  }
  return Error{Errc::bad_argument, fmt::format("{} is '{}'", option, typed), "", "use one of " + names};
}

Result<int> read_threads(const std::string& typed) {
  int threads = 0;
  const auto [end, code] = std::from_chars(typed.data(), typed.data() + typed.size(), threads);
  if (code == std::errc() && end == typed.data() + typed.size() && threads >= 0 && threads <= most_threads)
    return threads;
  return Error{Errc::bad_argument, fmt::format("--threads is '{}'", typed), "",
               fmt::format("use 0 (all processors) to {}", most_threads)};
}

}  // namespace

void declare_common(CLI::App& options, TypedCommon& typed) {
  const auto add = [&](const char* name, std::string& value, const char* takes, const char* help) {
    options.add_option(name, value, help)->type_name(takes)->group("Common options");
  };
  add("--lang", typed.language, "en|zh", "language of titles and labels");
  add("--theme", typed.theme, "light|dark|projector", "colours of charts and of the window");
  add("--device", typed.device, "auto|cpu|gpu", "where to compute");
  add("--threads", typed.threads, "N", "threads to use; 0: all processors");
  add("--seed", typed.seed, "N", "the parameter 'seed' of lessons that have one");
  add("--lessons", typed.lessons, "DIR", "a teacher's lessons beside the built-in ones");
  add("--format", typed.format, "text|json|csv|log", "what to print");
}

Result<Common> read_common(const TypedCommon& typed) {
  Common common;
  common.seed = typed.seed;
  common.lessons = typed.lessons;
  if (auto done = pick(languages, "--lang", typed.language, common.language); !done) return done.error();
  if (auto done = pick(themes, "--theme", typed.theme, common.theme); !done) return done.error();
  if (auto done = pick(formats, "--format", typed.format, common.format); !done) return done.error();
  if (auto done = pick(devices, "--device", typed.device, common.device); !done) return done.error();
  auto threads = read_threads(typed.threads);
  if (!threads) return threads.error();
  common.threads = *threads;
  return common;
}

Error no_such_format(Format format, const char* command, const char* use) {
  std::string_view name;
  for (const auto& row : formats) {
    if (row.value == format) name = row.name;
  }
  return {Errc::bad_argument, fmt::format("--format is '{}'", name), fmt::format("qloralab {}", command),
          fmt::format("use {}", use)};
}

}  // namespace qlab::cli
