#include "app/views/text_faults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "app/views/markdown.hpp"

namespace qlab::views {
namespace {

using lessons::LessonRun;
using Names = std::vector<std::string>;

void collect_links(const std::vector<markdown::Block>& blocks, Names& links) {
  const auto collect = [&](const markdown::Spans& spans) {
    for (const markdown::Span& span : spans) {
      if (span.link.starts_with("lesson:")) links.push_back(span.link);
    }
  };
  for (const markdown::Block& block : blocks) {
    collect(block.spans);
    for (const auto& row : block.rows) std::for_each(row.begin(), row.end(), collect);
    collect_links(block.children, links);
  }
}

Names live_values_of(const LessonRun& run) {
  Names names;
  for (const Value& value : run.report.values) names.push_back("values." + value.name);
  for (const ParameterSpec& spec : run.parameters.specs()) names.push_back("parameters." + spec.name);
  return names;
}

Result<Done> check_names(const Names& used, const Names& known, const std::string& text,
                         const std::filesystem::path& file) {
  for (const std::string& name : used) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::size_t place = std::min(text.find(name), text.size());
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(place), '\n');
    return Error{Errc::bad_file, fmt::format("'{}' leads nowhere", name), fmt::format("{}:{}", file.string(), line),
                 fmt::format("use one of {}", fmt::join(known, ", "))};
  }
  return Done{};
}

}  // namespace

Result<Done> check_texts(const LessonRun& run, std::span<const std::string> ids) {
  Names lessons;
  for (const std::string& id : ids) lessons.push_back("lesson:" + id);
  const Names values = live_values_of(run);
  for (const auto& [name, text] :
       {std::pair("en.md", &run.lesson->body.en), std::pair("zh.md", &run.lesson->body.zh)}) {
    const markdown::Document document = markdown::parse(*text);
    Names links;
    collect_links(document.blocks, links);
    const std::filesystem::path file = run.lesson->folder / name;
    if (auto done = check_names(markdown::live_names(document), values, *text, file); !done) return done;
    if (auto done = check_names(links, lessons, *text, file); !done) return done;
  }
  return Done{};
}

}  // namespace qlab::views
