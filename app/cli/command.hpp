// A command of the program: one row of the table in main.cpp, one file of its own.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "app/chart/layout.hpp"
#include "core/base/result.hpp"
#include "core/base/text.hpp"

namespace CLI {
class App;
}

namespace qlab::cli {

enum class Format { text, json, csv, log };
enum class Device { automatic, cpu, gpu };

/// The options that every command takes, before or after its name.
struct Common {
  Language language = Language::en;
  chart::Theme theme = chart::Theme::light;
  Device device = Device::automatic;
  int threads = 0;      ///< 0: all processors
  std::string seed;     ///< empty: the lesson's own
  std::string lessons;  ///< folder of a teacher's lessons; empty: only ours
  Format format = Format::text;
};

/// Carries a command out. Returns the exit code, 0 (yes, passed) or 1 (no, failed); an error becomes one line on stderr
/// and exit code 2.
using Handler = std::function<Result<int>(const Common& common)>;

/// Declares the command's own options and says what is done once they are read.
using Declare = Handler (*)(CLI::App& options);

struct Command {
  const char* name;
  const char* help;  ///< one line
  Declare declare;
};

Handler declare_bench(CLI::App& options);
Handler declare_check(CLI::App& options);
Handler declare_dequantize(CLI::App& options);
Handler declare_estimate(CLI::App& options);
Handler declare_gui(CLI::App& options);
Handler declare_lessons(CLI::App& options);
Handler declare_new_lesson(CLI::App& options);
Handler declare_quantize(CLI::App& options);
Handler declare_run(CLI::App& options);
Handler declare_train(CLI::App& options);

/// Error of a command that has no view of `format`: "use text or json".
Error no_such_format(Format format, const char* command, const char* use);

}  // namespace qlab::cli
