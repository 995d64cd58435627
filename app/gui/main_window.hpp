// The window's machinery: GLFW, OpenGL and Dear ImGui around an AppState, one frame at a time. open_window() is the
// usual way in; measurements drive the frames themselves. SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "app/gui/app_state.hpp"
#include "app/gui/ui.hpp"

struct GLFWwindow;

namespace qlab::gui {

class MainWindow {
 public:
  /// Errors: as open_window().
  static Result<std::unique_ptr<MainWindow>> open(WindowOptions options);
  ~MainWindow();
  MainWindow(const MainWindow&) = delete;
  MainWindow& operator=(const MainWindow&) = delete;

  bool wants_to_close() const;

  /// Sleeps until there is something to draw: an event, a result, a frame of running work.
  void wait();

  /// Draws one frame and shows it. Error: the fonts cannot be read any more.
  Result<Done> frame();

  AppState& state() { return *state_; }

 private:
  MainWindow() = default;

  /// A click that comes and goes within one frame takes Dear ImGui two to see, and one more to show what it changed.
  static constexpr int settling_frames = 4;

  void watch_input();
  Result<Done> refresh_fonts();
  void refresh_title();
  void stay_awake() { frames_to_draw_ = settling_frames; }

  GLFWwindow* window_ = nullptr;
  bool imgui_is_up_ = false;
  std::unique_ptr<AppState> state_;
  Ui ui_;
  int frames_to_draw_ = settling_frames;
  bool fonts_are_built_ = false;
  std::string title_;
};

}  // namespace qlab::gui
