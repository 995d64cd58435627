// A display without a screen (Xvfb) for the tests of the window, and the program on it as a person meets it: a picture
// to look at, keys and a pointer. SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/support/run_program.hpp"

namespace qlab::test {

/// A process that is ended with the test, if it has not ended before.
class Process {
 public:
  explicit Process(const Invocation& invocation, int inherited = -1) {
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("cannot fork");
    if (pid_ == 0) {
      const int nothing = ::open("/dev/null", O_RDWR);
      for (const int descriptor : {0, 1, 2}) {
        if (descriptor != inherited) ::dup2(nothing, descriptor);
      }
      execute(invocation);
    }
  }
  ~Process() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Its exit code once it has ended.
  std::optional<int> exit_code() {
    int status = 0;
    if (pid_ < 0 || ::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
    pid_ = -1;
    return exit_code_of(status);
  }

 private:
  pid_t pid_ = -1;
};

class XServer {
 public:
  /// Xvfb chooses a free display by itself and tells its number.
  explicit XServer(std::vector<std::string> more = {}) {
    int pipe[2];
    if (::pipe(pipe) != 0) throw std::runtime_error("cannot make a pipe");
    std::vector<std::string> command{"Xvfb",      "-displayfd", std::to_string(pipe[1]), "-screen", "0", "1280x800x24",
                                     "-nolisten", "tcp"};
    command.insert(command.end(), more.begin(), more.end());
    server_.emplace(Invocation{command});
    ::close(pipe[1]);
    char digit = 0;
    while (::read(pipe[0], &digit, 1) == 1 && digit != '\n') display_ += digit;
    ::close(pipe[0]);
    if (display_ == ":") throw std::runtime_error("Xvfb does not start");
  }

  std::map<std::string, std::optional<std::string>> environment() const {
    return {{"DISPLAY", display_}, {"WAYLAND_DISPLAY", std::nullopt}, {"LIBGL_ALWAYS_SOFTWARE", "1"}};
  }

  Outcome run(std::vector<std::string> command) const { return run_program({std::move(command), {}, environment()}); }

  /// The pixels of the screen, three bytes each, rows from the top.
  std::string picture() const { return run({"import", "-window", "root", "-depth", "8", "rgb:-"}).out; }

  static constexpr std::size_t width = 1280;
  static constexpr std::size_t height = 800;

 private:
  std::string display_ = ":";
  std::optional<Process> server_;
};

}  // namespace qlab::test
