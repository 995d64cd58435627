// Runner: computes lessons beside the window, one at a time, the newest request first. The window asks once a frame
// what is new and never waits longer than it says. SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "core/base/result.hpp"
#include "lessons/engine/run.hpp"

namespace qlab::gui {

/// What a job is given beside what it captured.
struct JobContext {
  std::stop_token stop;
  std::function<void(double fraction)> progress;
  std::function<void(lessons::LessonRun so_far)> grow;
};

using Job = std::function<Result<lessons::LessonRun>(const JobContext&)>;

class Runner {
 public:
  using Clock = std::chrono::steady_clock;

  /// `wake` is called from the worker whenever poll() has something new (a window posts an empty event).
  explicit Runner(std::function<void()> wake);
  ~Runner();  ///< stops what runs and waits for it
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Computes `job` as soon as possible. A waiting request is replaced. What runs is stopped and its outcome dropped,
  /// with one exception: while it is younger than `patience` it may finish and be shown, so that dragging a slider of
  /// a lesson that takes longer than a frame shows pictures on the way instead of none. `topic` names what is looked at
  /// (the lesson); a request for another topic has no patience.
  void request(std::size_t topic, Job job);

  /// Stops what runs; its last Report, marked incomplete, still arrives. A waiting request is forgotten.
  void cancel();

  struct News {
    std::optional<Result<lessons::LessonRun>> outcome;  ///< a finished or cancelled run
    std::optional<lessons::LessonRun> growing;          ///< the newest of what still runs
    std::size_t topic = 0;                              ///< of the two above
    Clock::duration took{};                             ///< by the outcome
    double progress = 0;                                ///< of what runs, 0 to 1
    bool busy = false;                                  ///< something runs or waits
  };

  /// What happened since the last call. Waits for an outcome up to `limit` while something is busy.
  News poll(Clock::duration limit = {});

  static constexpr Clock::duration patience = std::chrono::milliseconds(200);

 private:
  struct Request {
    std::size_t topic = 0;
    Job job;
  };

  void work(const std::stop_token& stop);
  void compute(const Request& request, std::unique_lock<std::mutex>& lock);
  void tell_progress(double fraction);
  void tell_growing(std::size_t topic, lessons::LessonRun so_far);
  void supersede();

  std::function<void()> wake_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<Request> waiting_;
  std::optional<std::size_t> running_;  ///< its topic
  std::stop_source stop_running_;
  Clock::time_point started_{};
  bool drop_running_ = false;
  double progress_ = 0;
  News news_;
  std::jthread worker_;  // last: it uses everything above
};

}  // namespace qlab::gui
