// A program on a terminal of its own: what it shows there, and keys pressed while it runs.
// SPDX-License-Identifier: MIT
#pragma once

#include <pty.h>
#include <signal.h>

#include <string>
#include <string_view>
#include <utility>

#include "tests/support/run_program.hpp"

namespace qlab::test {

class TerminalProgram {
 public:
  TerminalProgram(const Invocation& invocation, int columns) {
    winsize size{};
    size.ws_row = 24;
    size.ws_col = static_cast<unsigned short>(columns);
    process_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
    if (process_ < 0) throw std::runtime_error("cannot open a terminal");
    if (process_ == 0) execute(invocation);
  }
  TerminalProgram(const TerminalProgram&) = delete;
  TerminalProgram& operator=(const TerminalProgram&) = delete;
  ~TerminalProgram() {
    ::close(terminal_);
    if (process_ > 0) {
      ::kill(process_, SIGKILL);
      ::waitpid(process_, nullptr, 0);
    }
  }

  /// Reads until `text` was shown; false if the program ended before.
  bool wait_for(std::string_view text) {
    while (shown_.find(text) == std::string::npos) {
      if (!read_some()) return false;
    }
    return true;
  }

  void press(std::string_view keys) const {
    if (::write(terminal_, keys.data(), keys.size()) < 0) throw std::runtime_error("cannot press keys");
  }

  /// Everything it showed, standard output and error together, with its exit code.
  Outcome wait() {
    while (read_some()) {
    }
    int status = 0;
    ::waitpid(std::exchange(process_, -1), &status, 0);
    return {exit_code_of(status), shown_, ""};
  }

 private:
  bool read_some() {
    char piece[4096];
    const ssize_t size = ::read(terminal_, piece, sizeof piece);
    if (size > 0) shown_.append(piece, static_cast<std::size_t>(size));
    return size > 0;
  }

  std::string shown_;
  int terminal_ = -1;
  pid_t process_ = -1;
};

}  // namespace qlab::test
