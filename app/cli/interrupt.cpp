#include "app/cli/interrupt.hpp"

#include <cstdlib>

namespace qlab::cli {

InterruptWatch::InterruptWatch() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals_, &previous_);
  waiter_ = std::thread([this] { wait(); });
}

InterruptWatch::~InterruptWatch() {
  over_ = true;
  pthread_kill(waiter_.native_handle(), SIGINT);
  waiter_.join();
  pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
}

// A thread that waits for the signals, because a signal handler may not touch a stop_source.
void InterruptWatch::wait() {
  for (int signal = 0; sigwait(&signals_, &signal) == 0 && !over_;) {
    if (stop_.stop_requested()) std::_Exit(2);
    stop_.request_stop();
  }
}

}  // namespace qlab::cli
