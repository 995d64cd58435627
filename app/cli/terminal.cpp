#include "app/cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace qlab::cli {
namespace {

constexpr int usual_width = 100;
constexpr int narrowest = 40;

int terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return std::max<int>(size.ws_col, narrowest);
  return usual_width;
}

bool wants_color() {
  const char* no_color = std::getenv("NO_COLOR");
  return ::isatty(STDOUT_FILENO) != 0 && (no_color == nullptr || *no_color == '\0');
}

}  // namespace

Result<Done> print(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!written) return Error{Errc::io, "cannot write", "standard output", std::strerror(errno)};
  return Done{};
}

views::TextStyle text_style(Language language) { return {language, terminal_width(), wants_color()}; }

ProgressBar::ProgressBar() : terminal_(::isatty(STDERR_FILENO) != 0) {}

ProgressBar::~ProgressBar() {
  if (shown_percent_ >= 0) std::fputs("\r\x1b[K", stderr);
}

std::function<void(double)> ProgressBar::sink() {
  if (!terminal_) return {};
  return [this](double fraction) {
    const int percent = static_cast<int>(100 * std::clamp(fraction, 0.0, 1.0));
    if (percent == std::exchange(shown_percent_, percent)) return;
    const int cells = percent * 3 / 10;
    std::fprintf(stderr, "\r[%s%s] %3d %%", std::string(cells, '#').c_str(), std::string(30 - cells, ' ').c_str(),
                 percent);
    std::fflush(stderr);
  };
}

}  // namespace qlab::cli
