// The program: one table of commands. Each declares its options in its own file; here they are read and carried out.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include "app/cli/command.hpp"
#include "app/cli/common.hpp"
#include "app/cli/terminal.hpp"

namespace qlab::cli {
namespace {

constexpr int bad_input = 2;

constexpr std::array commands{
    Command{"lessons", "list the lessons with their parameters", declare_lessons},
    Command{"run", "compute a lesson and print its report", declare_run},
    Command{"check", "run every scenario of the lessons and judge its expectations", declare_check},
    Command{"new-lesson", "start a lesson of your own", declare_new_lesson},
    Command{"quantize", "measure and write the quantized tensors of a file", declare_quantize},
    Command{"dequantize", "turn a quantized file back into fp16, bf16 or fp32", declare_dequantize},
    Command{"estimate", "predict the memory of a training step", declare_estimate},
    Command{"train", "train the small transformer by full fine-tuning, LoRA or QLoRA", declare_train},
    Command{"bench", "time the kernels against a memory copy", declare_bench},
    Command{"gui", "open the window (also without a command)", declare_gui},
};

int fail(const Error& error) {
  fmt::print(stderr, "qloralab: error: {}\n", error.message());
  return bad_input;
}

/// What CLI11 found wrong with the arguments, in our form.
Error usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const auto parsed = app.get_subcommands();
  if (!parsed.empty()) {
    const std::string command = "qloralab " + parsed.front()->get_name();
    return {Errc::bad_argument, error.what(), command, "see " + command + " --help"};
  }
  std::string names;
  for (const Command& command : commands) names += (names.empty() ? "" : ", ") + std::string(command.name);
  return {Errc::bad_argument, error.what(), "qloralab", "see qloralab --help; the commands are " + names};
}

int run_program(int count, const char* const* arguments) {
  CLI::App app("QLoRA Lab: every claim of the QLoRA lessons, computed.", "qloralab");
  TypedCommon typed;
  const auto complete = [&](CLI::App& options) {
    declare_common(options, typed);
    options.set_version_flag("--version", "qloralab " QLAB_VERSION, "print the version");
  };
  complete(app);
  app.require_subcommand(0, 1);
  std::array<Handler, commands.size()> handlers;
  Handler chosen;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    CLI::App* options = app.add_subcommand(commands[i].name, commands[i].help);
    handlers[i] = commands[i].declare(*options);
    complete(*options);
    options->callback([&chosen, &handlers, i] { chosen = handlers[i]; });
    if (std::string_view(commands[i].name) == "gui") chosen = handlers[i];  // the program's name alone opens the window
  }
  try {
    app.parse(count, arguments);
  } catch (const CLI::CallForHelp&) {
    const auto parsed = app.get_subcommands();
    const auto printed = print(parsed.empty() ? app.help() : parsed.front()->help());
    return printed ? 0 : fail(printed.error());
  } catch (const CLI::CallForVersion&) {
    const auto printed = print("qloralab " QLAB_VERSION "\n");
    return printed ? 0 : fail(printed.error());
  } catch (const CLI::ParseError& error) {
    return fail(usage_error(app, error));
  }
  const auto common = read_common(typed);
  if (!common) return fail(common.error());
  const auto code = chosen(*common);
  return code ? *code : fail(code.error());
}

}  // namespace
}  // namespace qlab::cli

int main(int count, char** arguments) {
  std::signal(SIGPIPE, SIG_DFL);  // `qloralab lessons | head` ends quietly, whatever the parent ignores
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files is an error of the write like a full disk
  try {
    return qlab::cli::run_program(count, arguments);
  } catch (const std::exception& error) {  // out of memory, and what the standard library throws
    std::fprintf(stderr, "qloralab: error: %s\n", error.what());
    return qlab::cli::bad_input;
  }
}
