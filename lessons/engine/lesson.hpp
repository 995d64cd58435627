// A lesson: text, parameters, scenarios and expectations, read from its folder's lesson.toml, en.md and zh.md.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/text.hpp"
#include "core/experiment/context.hpp"
#include "core/experiment/parameters.hpp"
#include "lessons/engine/experiments.hpp"

namespace qlab::lessons {

/// What a scenario promises of one value of the Report: `equals`, or at least one bound.
struct Expectation {
  std::string value;             ///< name of a Report value
  std::optional<double> equals;  ///< with `tolerance` (absolute)
  double tolerance = 0;
  std::optional<double> at_least;
  std::optional<double> at_most;
  Text source;        ///< where the figure is from
  std::string where;  ///< "nf4/lesson.toml:40"
};

struct Scenario {
  std::string name;
  Text title;
  std::vector<std::pair<std::string, std::string>> set;  ///< parameter's name, typed value
  std::vector<Expectation> expectations;
};

struct Lesson {
  std::string id;  ///< the folder's name without its number: "nf4"
  std::filesystem::path folder;
  bool built_in = true;  ///< false: a teacher's own, which the command line names by its folder
  Text title;
  Text summary;  ///< one sentence
  std::string experiment;
  Experiment compute = nullptr;  ///< what `experiment` names
  std::vector<ParameterSpec> parameters;
  std::vector<Scenario> scenarios;  ///< at least one; the first is "default": no overrides
  Text body;                        ///< Markdown
};

/// Reads one lesson's folder, completely checked. With `built_in` lessons it is a teacher's: it inherits the parameters
/// of the built-in lesson of its experiment, in their order; a [[parameters]] entry changes only the keys it gives and
/// may narrow what is allowed. `known` are the experiments there are. Errors: bad_file with file, line, key and what
/// was expected; not_found for a missing file.
Result<Lesson> load_lesson(const std::filesystem::path& folder, std::span<const Lesson> built_in,
                           std::span<const NamedExperiment> known = experiments());

/// Every lesson of a folder of lesson folders ("NN-id": those that hold a lesson.toml), in the order of their names.
/// Errors: as load_lesson; not_found if there is none; bad_argument if two, or one of `built_in`, have the same id.
Result<std::vector<Lesson>> load_lessons(const std::filesystem::path& folder, std::span<const Lesson> built_in = {},
                                         std::span<const NamedExperiment> known = experiments());

}  // namespace qlab::lessons
