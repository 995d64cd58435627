// Runs a program as its users do, and keeps what it said. SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
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

/// A program under way. Its output goes to files, so that it never waits for a reader.
class RunningProgram {
 public:
  explicit RunningProgram(const Invocation& invocation) {
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error("cannot fork");
    if (process_ == 0) become(invocation);
  }
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;
  ~RunningProgram() {
    if (process_ > 0) {
      ::kill(process_, SIGKILL);
      ::waitpid(process_, nullptr, 0);
    }
  }

  void send(int signal) const { ::kill(process_, signal); }
  std::string error_so_far() const { return content_of(folder_ / "err"); }

  Outcome wait() {
    int status = 0;
    ::waitpid(std::exchange(process_, -1), &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), content_of(folder_ / "out"),
            content_of(folder_ / "err")};
  }

 private:
  [[noreturn]] void become(const Invocation& invocation) const {
    const auto redirect = [](int descriptor, const std::filesystem::path& file, int flags) {
      const int opened = ::open(file.c_str(), flags, 0600);
      if (opened < 0 || ::dup2(opened, descriptor) < 0) ::_exit(126);
    };
    redirect(0, "/dev/null", O_RDONLY);
    redirect(1, folder_ / "out", O_WRONLY | O_CREAT | O_TRUNC);
    redirect(2, folder_ / "err", O_WRONLY | O_CREAT | O_TRUNC);
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

  TemporaryFolder folder_;
  pid_t process_ = -1;
};

inline Outcome run_program(const Invocation& invocation) { return RunningProgram(invocation).wait(); }

}  // namespace qlab::test
