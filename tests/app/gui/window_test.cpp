// The window itself, on a display without a screen: the real program, a real picture, real keys. An executable of its
// own, because it is skipped where Xvfb or its tools are missing.
#include <chrono>
#include <cstdio>
#include <set>
#include <thread>

#include "tests/app/gui/x_server.hpp"
#include "tests/support/catch.hpp"

using namespace qlab::test;
using namespace std::chrono_literals;

namespace {

constexpr auto long_enough = 60s;  // software OpenGL on a busy machine

template <class Condition>
bool eventually(const Condition& condition) {
  const auto start = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - start < long_enough) {
    if (condition()) return true;
    std::this_thread::sleep_for(50ms);
  }
  return false;
}

/// The program's window on a display of its own.
class Window {
 public:
  explicit Window(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), QLORALAB);
    program_.emplace(Invocation{std::move(arguments), {}, server_.environment()});
  }

  bool shows(const std::string& title) const {
    return eventually([&] {
      return server_.run({"xdotool", "search", "--onlyvisible", "--name", title}).exit_code == 0;
    });
  }

  void press(const std::string& key) const { REQUIRE(server_.run({"xdotool", "key", key}).exit_code == 0); }

  void click(int x, int y) const {
    REQUIRE(server_.run({"xdotool", "mousemove", std::to_string(x), std::to_string(y), "click", "1"}).exit_code == 0);
  }

  /// The picture once it has stopped changing.
  std::string picture() const {
    std::string last = server_.picture();
    REQUIRE(eventually([&] {
      std::this_thread::sleep_for(300ms);
      std::string next = server_.picture();
      const bool still = next == last;
      last = std::move(next);
      return still;
    }));
    REQUIRE(last.size() == XServer::width * XServer::height * 3);
    return last;
  }

  std::optional<int> exit_code() {
    std::optional<int> code;
    eventually([&] { return (code = program_->exit_code()).has_value(); });
    return code;
  }

  bool still_runs() { return !program_->exit_code(); }

 private:
  XServer server_;
  std::optional<Process> program_;
};

std::size_t colours_of(const std::string& picture) {
  std::set<std::string> colours;
  for (std::size_t at = 0; at < picture.size(); at += 3) colours.insert(picture.substr(at, 3));
  return colours.size();
}

/// Pixels that differ within a box.
std::size_t changes(const std::string& before, const std::string& after, std::size_t left, std::size_t top,
                    std::size_t right, std::size_t bottom) {
  std::size_t count = 0;
  for (std::size_t y = top; y < bottom; ++y) {
    for (std::size_t x = left; x < right; ++x) {
      const std::size_t at = (y * XServer::width + x) * 3;
      count += before.compare(at, 3, after, at, 3) != 0;
    }
  }
  return count;
}

}  // namespace

TEST_CASE("window: opens, follows keys, turns to the next lesson, and closes", "[app][gui][window]") {
  Window window({"gui", "memory-ledger"});
  REQUIRE(window.shows("memory ledger · QLoRA Lab"));
  const std::string first = window.picture();
  CHECK(colours_of(first) > 100);  // a blank window has one, text without charts a few dozen

  // The arrow keys move the first slider (hidden size): its charts, in the middle, must follow.
  window.press("Tab");
  for (int i = 0; i < 5; ++i) window.press("Left");
  const std::string moved = window.picture();
  CHECK(changes(first, moved, 560, 220, 960, 750) > 500);

  window.press("Next");  // page down
  CHECK(window.shows("checkpointing · QLoRA Lab"));
  CHECK(changes(moved, window.picture(), 210, 60, 980, 760) > 5000);

  CHECK(window.still_runs());
  window.press("ctrl+q");
  CHECK(window.exit_code() == 0);
}

TEST_CASE("window: speaks Chinese and wears the dark theme from the command line", "[app][gui][window]") {
  Window window({"gui", "checkpointing", "--lang", "zh", "--theme", "dark"});
  REQUIRE(window.shows("QLoRA Lab"));
  const std::string picture = window.picture();
  const std::string corner = picture.substr((400 * XServer::width + 100) * 3, 3);  // an empty place of the lesson list
  CHECK(static_cast<unsigned char>(corner[0]) < 0x40);
  CHECK(colours_of(picture) > 100);
  window.press("ctrl+q");
  CHECK(window.exit_code() == 0);
}

TEST_CASE("window: a display without OpenGL is an error that names what needs none", "[app][gui][window]") {
  const XServer server({"-extension", "GLX"});
  const Outcome outcome = server.run({QLORALAB, "gui"});
  CHECK(outcome.exit_code == 2);
  CHECK_THAT(outcome.err, Catch::StartsWith("qloralab: error: no OpenGL 3.3 for the window") &&
                              Catch::EndsWith("use qloralab lessons, run or check, which need none\n"));
}

int main(int count, char** arguments) {
  for (const char* tool : {"Xvfb", "xdotool", "import"}) {
    if (run_program({{"sh", "-c", std::string("command -v ") + tool}}).exit_code == 0) continue;
    std::printf("skipped: %s is not installed\n", tool);
    return QLAB_SKIPPED;
  }
  return Catch::Session().run(count, arguments);
}
