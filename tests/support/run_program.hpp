// Runs a program as its users do, and keeps what it said. SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.hpp"

namespace qlab::test {

struct Invocation {
  std::vector<std::string> command;                                    ///< program, arguments
  std::filesystem::path cwd = {};                                      ///< empty: that of the tests
  std::map<std::string, std::optional<std::string>> environment = {};  ///< nullopt: unset
};

struct Outcome {
  int exit_code = -1;  ///< 128 + signal if a signal ended it
  std::string out;
  std::string err;
};

/// Becomes the program, in a child process.
[[noreturn]] inline void execute(const Invocation& invocation) {
  for (const auto& [name, value] : invocation.environment) {
    value ? ::setenv(name.c_str(), value->c_str(), 1) : ::unsetenv(name.c_str());
  }
  if (!invocation.cwd.empty() && ::chdir(invocation.cwd.c_str()) != 0) ::_exit(126);
  std::vector<char*> arguments;
  for (const std::string& one : invocation.command) arguments.push_back(const_cast<char*>(one.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

inline int exit_code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

/// Runs it to its end. Its output goes to files, so that it never waits for a reader.
inline Outcome run_program(const Invocation& invocation) {
  const TemporaryFolder folder;
  const pid_t process = ::fork();
  if (process < 0) throw std::runtime_error("cannot fork");
  if (process == 0) {
    const auto redirect = [](int descriptor, const std::filesystem::path& file, int flags) {
      const int opened = ::open(file.c_str(), flags, 0600);
      if (opened < 0 || ::dup2(opened, descriptor) < 0) ::_exit(126);
    };
    redirect(0, "/dev/null", O_RDONLY);
    redirect(1, folder / "out", O_WRONLY | O_CREAT | O_TRUNC);
    redirect(2, folder / "err", O_WRONLY | O_CREAT | O_TRUNC);
    execute(invocation);
  }
  int status = 0;
  ::waitpid(process, &status, 0);
  return {exit_code_of(status), content_of(folder / "out"), content_of(folder / "err")};
}

}  // namespace qlab::test
