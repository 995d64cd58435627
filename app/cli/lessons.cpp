// `qloralab lessons`: what there is to run.
#include <CLI/CLI.hpp>

#include "app/cli/catalogue.hpp"
#include "app/cli/terminal.hpp"
#include "app/views/json.hpp"
#include "app/views/text.hpp"

namespace qlab::cli {
namespace {

Result<int> list_lessons(const Common& common) {
  if (common.format != Format::text && common.format != Format::json) {
    return no_such_format(common.format, "lessons", "text or json");
  }
  const auto catalogue = load_catalogue(common);
  if (!catalogue) return catalogue.error();
  const auto all = catalogue->all();
  const auto printed = print(common.format == Format::json ? views::json(all, common.language)
                                                           : views::text(all, text_style(common.language)));
  if (!printed) return printed.error();
  return 0;
}

}  // namespace

Handler declare_lessons(CLI::App&) { return list_lessons; }

}  // namespace qlab::cli
