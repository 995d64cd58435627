#include "app/gui/runner.hpp"

#include <cmath>
#include <exception>
#include <utility>

namespace qlab::gui {
namespace {

// The worker is where a standard exception (no memory for a huge tensor) must stop.
Result<lessons::LessonRun> computed(const Job& job, const JobContext& context) {
  try {
    return job(context);
  } catch (const std::exception& thrown) {
    return Error{Errc::unsupported, "the computation could not be done", thrown.what(), "try a smaller size"};
  }
}

}  // namespace

Runner::Runner(std::function<void()> wake)
    : wake_(std::move(wake)), worker_([this](const std::stop_token& stop) { work(stop); }) {}

Runner::~Runner() {
  cancel();
  worker_.request_stop();
}

void Runner::request(std::size_t topic, Job job) {
  const std::lock_guard lock(mutex_);
  waiting_ = Request{topic, std::move(job)};
  if (running_ && (*running_ != topic || Clock::now() - started_ > patience)) supersede();
  changed_.notify_all();
}

void Runner::cancel() {
  const std::lock_guard lock(mutex_);
  waiting_.reset();
  stop_running_.request_stop();
}

Runner::News Runner::poll(Clock::duration limit) {
  std::unique_lock lock(mutex_);
  if (running_ && waiting_ && Clock::now() - started_ > patience) supersede();
  if (limit > Clock::duration::zero()) {
    changed_.wait_for(lock, limit, [&] { return news_.outcome || (!running_ && !waiting_); });
  }
  News news = std::exchange(news_, {});
  news.progress = progress_;
  news.busy = running_ || waiting_;
  return news;
}

// Called with the mutex held.
void Runner::supersede() {
  drop_running_ = true;
  stop_running_.request_stop();
}

void Runner::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [&] { return waiting_.has_value(); })) {
    const Request request = *std::exchange(waiting_, std::nullopt);
    compute(request, lock);
  }
}

void Runner::tell_progress(double fraction) {
  {
    const std::lock_guard lock(mutex_);
    const bool visible = std::abs(fraction - progress_) >= 0.01;
    if (!visible) return;
    progress_ = fraction;
  }
  wake_();
}

void Runner::tell_growing(std::size_t topic, lessons::LessonRun so_far) {
  {
    const std::lock_guard lock(mutex_);
    if (drop_running_) return;
    news_ = {};
    news_.growing = std::move(so_far);
    news_.topic = topic;
  }
  wake_();
}

// Called and left with the mutex held; the job runs without it.
void Runner::compute(const Request& request, std::unique_lock<std::mutex>& lock) {
  running_ = request.topic;
  stop_running_ = std::stop_source();
  started_ = Clock::now();
  drop_running_ = false;
  progress_ = 0;
  const JobContext context{
      stop_running_.get_token(),
      [this](double fraction) { tell_progress(fraction); },
      [this, topic = request.topic](lessons::LessonRun so_far) { tell_growing(topic, std::move(so_far)); },
  };
  lock.unlock();
  auto outcome = computed(request.job, context);
  lock.lock();
  if (!drop_running_) {
    news_ = {};
    news_.outcome = std::move(outcome);
    news_.topic = request.topic;
    news_.took = Clock::now() - started_;
  }
  running_.reset();
  changed_.notify_all();
  lock.unlock();
  wake_();
  lock.lock();
}

}  // namespace qlab::gui
