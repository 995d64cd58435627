// A lesson: text, parameters, scenarios and expectations, read from its folder's lesson.toml, en.md and zh.md.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/text.hpp"
#include "core/experiment/context.hpp"
#include "core/experiment/parameters.hpp"

namespace qlab::lessons {

/// What a scenario promises of one value of the Report.
struct Expectation {
  std::string value;             ///< name of a Report value
  std::optional<double> equals;  ///< with `tolerance` (absolute)
  double tolerance = 0;
  std::optional<double> at_least;
  std::optional<double> at_most;
  Text source;  ///< where the figure is from
};

struct Scenario {
  std::string name;
  Text title;
  std::vector<std::pair<std::string, std::string>> set;  ///< parameter, typed value
  std::vector<Expectation> expectations;
};

struct Lesson {
  std::string id;  ///< the folder's name without its number: "nf4"
  std::filesystem::path folder;
  Text title;
  Text summary;  ///< one sentence
  std::string experiment;
  std::vector<ParameterSpec> parameters;
  std::vector<Scenario> scenarios;  ///< the first is "default": no overrides
  Text body;                        ///< Markdown
};

/// Reads one lesson's folder. A teacher's lesson inherits the parameters of the built-in lesson of its experiment, in
/// their order, and changes only the keys it names ([parameters.block_size] default = 32). Errors: bad_file with file,
/// line, key and what was expected; not_found for a missing file.
Result<Lesson> load_lesson(const std::filesystem::path& folder, const std::vector<Lesson>& built_in);

/// Every lesson of a folder of lesson folders ("NN-id"), in the order of their numbers.
Result<std::vector<Lesson>> load_lessons(const std::filesystem::path& folder);

}  // namespace qlab::lessons
