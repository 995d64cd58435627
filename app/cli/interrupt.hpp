// Ctrl-C while an experiment runs asks it to stop; a second one ends the program at once.
// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>

#include <atomic>
#include <stop_token>
#include <thread>

namespace qlab::cli {

/// While it lives, SIGINT and SIGTERM become a stop request. Threads started meanwhile leave both signals to it.
class InterruptWatch {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  std::stop_token token() const { return stop_.get_token(); }

 private:
  void wait();

  sigset_t signals_{};
  sigset_t previous_{};
  std::stop_source stop_;
  std::atomic<bool> over_ = false;
  std::thread waiter_;
};

}  // namespace qlab::cli
