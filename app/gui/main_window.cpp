#include "app/gui/main_window.hpp"

#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "app/gui/views/window_layout.hpp"

namespace qlab::gui {
namespace {

constexpr int design_width = 1280;
constexpr int design_height = 800;
constexpr float projector_scale = 1.15F;
constexpr double frame_seconds = 1.0 / 60;
constexpr double cursor_seconds = 0.4;  // a text cursor blinks

Error no_window(const char* what) {
  const char* reason = nullptr;
  glfwGetError(&reason);
  return {Errc::unsupported, what, reason == nullptr ? "" : reason,
          "use qloralab lessons, run or check, which need none"};
}

/// The window's first size: the design's, or what the screen has room for.
void fit_to_screen(int& width, int& height) {
  GLFWmonitor* monitor = glfwGetPrimaryMonitor();
  if (monitor == nullptr) return;
  int x = 0, y = 0, screen_width = 0, screen_height = 0;
  glfwGetMonitorWorkarea(monitor, &x, &y, &screen_width, &screen_height);
  if (screen_width > 0) width = std::min(width, screen_width);
  if (screen_height > 0) height = std::min(height, screen_height);
}

std::optional<Key> key_of(int key) {
  switch (key) {
    case GLFW_KEY_LEFT: return Key::left;
    case GLFW_KEY_RIGHT: return Key::right;
    case GLFW_KEY_TAB: return Key::tab;
    case GLFW_KEY_ESCAPE: return Key::escape;
    case GLFW_KEY_PAGE_UP: return Key::page_up;
    case GLFW_KEY_PAGE_DOWN: return Key::page_down;
    default: return std::nullopt;
  }
}

}  // namespace

Result<std::unique_ptr<MainWindow>> MainWindow::open(WindowOptions options) {
  if (glfwInit() == GLFW_FALSE) return no_window("no display for the window");
  std::unique_ptr<MainWindow> self(new MainWindow);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
  glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
  glfwWindowHint(GLFW_OPENGL_FORWARD_COMPAT, GLFW_TRUE);
  glfwWindowHint(GLFW_SCALE_TO_MONITOR, GLFW_TRUE);
  glfwWindowHint(GLFW_VISIBLE, GLFW_FALSE);  // until there is something to see
  glfwWindowHintString(GLFW_X11_CLASS_NAME, "qloralab");
  int width = design_width, height = design_height;
  fit_to_screen(width, height);
  self->window_ = glfwCreateWindow(width, height, "QLoRA Lab", nullptr, nullptr);
  if (self->window_ == nullptr) return no_window("no OpenGL 3.3 for the window");
  glfwMakeContextCurrent(self->window_);
  glfwSwapInterval(1);

  self->state_ = make_state(std::move(options), glfwPostEmptyEvent);

  ImGui::CreateContext();
  self->imgui_is_up_ = true;
  ImGui::GetIO().IniFilename = nullptr;
  self->watch_input();
  ImGui_ImplGlfw_InitForOpenGL(self->window_, true);
  if (!ImGui_ImplOpenGL3_Init("#version 330 core")) return no_window("no OpenGL 3.3 for the window");
  if (auto done = self->frame(); !done) return done.error();
  glfwShowWindow(self->window_);
  self->stay_awake();
  return self;
}

MainWindow::~MainWindow() {
  state_.reset();  // stops the worker, which wakes the window
  if (window_ != nullptr) ui_.charts.clear();
  if (imgui_is_up_) {
    if (ImGui::GetIO().BackendRendererUserData != nullptr) ImGui_ImplOpenGL3_Shutdown();
    if (ImGui::GetIO().BackendPlatformUserData != nullptr) ImGui_ImplGlfw_Shutdown();
    ImGui::DestroyContext();
  }
  if (window_ != nullptr) glfwDestroyWindow(window_);
  glfwTerminate();
}

// Dear ImGui's backend, installed later, calls these on.
void MainWindow::watch_input() {
  glfwSetWindowUserPointer(window_, this);
  static const auto wake = [](GLFWwindow* window) {
    static_cast<MainWindow*>(glfwGetWindowUserPointer(window))->stay_awake();
  };
  glfwSetCursorPosCallback(window_, [](GLFWwindow* window, double, double) { wake(window); });
  glfwSetMouseButtonCallback(window_, [](GLFWwindow* window, int, int, int) { wake(window); });
  glfwSetScrollCallback(window_, [](GLFWwindow* window, double, double) { wake(window); });
  glfwSetCharCallback(window_, [](GLFWwindow* window, unsigned) { wake(window); });
  glfwSetCursorEnterCallback(window_, [](GLFWwindow* window, int) { wake(window); });
  glfwSetWindowFocusCallback(window_, [](GLFWwindow* window, int) { wake(window); });
  glfwSetWindowRefreshCallback(window_, wake);
  glfwSetFramebufferSizeCallback(window_, [](GLFWwindow* window, int, int) { wake(window); });
  glfwSetWindowContentScaleCallback(window_, [](GLFWwindow* window, float, float) { wake(window); });
  glfwSetKeyCallback(window_, [](GLFWwindow* window, int code, int, int action, int modifiers) {
    wake(window);
    if (code == GLFW_KEY_Q && modifiers == GLFW_MOD_CONTROL) glfwSetWindowShouldClose(window, GLFW_TRUE);
    const auto key = key_of(code);
    if (!key || action == GLFW_RELEASE || ImGui::GetIO().WantTextInput) return;
    press_key(static_cast<MainWindow*>(glfwGetWindowUserPointer(window))->state(), *key);
  });
}

bool MainWindow::wants_to_close() const { return glfwWindowShouldClose(window_) != GLFW_FALSE; }

void MainWindow::wait() {
  if (frames_to_draw_ > 0) {
    glfwPollEvents();
  } else if (state_->busy) {
    glfwWaitEventsTimeout(frame_seconds);
  } else if (ImGui::GetIO().WantTextInput) {
    glfwWaitEventsTimeout(cursor_seconds);
  } else {
    glfwWaitEvents();
  }
}

Result<Done> MainWindow::refresh_fonts() {
  int width = 0, height = 0, pixels_wide = 0, pixels_high = 0;
  glfwGetWindowSize(window_, &width, &height);
  glfwGetFramebufferSize(window_, &pixels_wide, &pixels_high);
  float content_scale = 1;
  glfwGetWindowContentScale(window_, &content_scale, nullptr);
  const float pixel_ratio =
      width > 0 && pixels_wide > 0 ? static_cast<float>(pixels_wide) / static_cast<float>(width) : 1;
  const float screen_scale = content_scale / pixel_ratio;
  const float scale = screen_scale * (state_->theme == chart::Theme::projector ? projector_scale : 1);
  const bool same_scale = scale == ui_.scale && pixel_ratio == ui_.pixel_ratio;
  ui_.scale = scale;
  ui_.chart_scale = screen_scale;
  ui_.pixel_ratio = pixel_ratio;
  ui_.palette = &palette_of(state_->theme);
  apply_style(ui_);
  if (fonts_are_built_ && same_scale && !state_->fonts_behind) return Done{};
  if (auto built = ui_.fonts.build(state_->code_points, scale, pixel_ratio); !built) return built;
  ImGui_ImplOpenGL3_DestroyFontsTexture();
  ImGui_ImplOpenGL3_CreateFontsTexture();
  fonts_are_built_ = true;
  state_->fonts_behind = false;
  return Done{};
}

void MainWindow::refresh_title() {
  std::string title = fmt::format("{} · QLoRA Lab", state_->lesson().title.in(state_->language));
  if (title == title_) return;
  title_ = std::move(title);
  glfwSetWindowTitle(window_, title_.c_str());
}

Result<Done> MainWindow::frame() {
  if (frames_to_draw_ > 0) --frames_to_draw_;
  refresh_title();
  while (true) {
    if (auto done = refresh_fonts(); !done) return done;
    ImGui_ImplOpenGL3_NewFrame();
    ImGui_ImplGlfw_NewFrame();
    ImGui::NewFrame();
    draw_window(*state_, ui_);
    if (!state_->fonts_behind) break;
    ImGui::EndFrame();  // a result brought characters that the fonts lack: draw again with them
  }
  ImGui::Render();
  int width = 0, height = 0;
  glfwGetFramebufferSize(window_, &width, &height);
  glViewport(0, 0, width, height);
  const chart::Color& background = ui_.palette->panel;
  glClearColor(static_cast<float>(background.r), static_cast<float>(background.g), static_cast<float>(background.b), 1);
  glClear(GL_COLOR_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  glfwSwapBuffers(window_);
  return Done{};
}

Result<Done> open_window(WindowOptions options) {
  auto window = MainWindow::open(std::move(options));
  if (!window) return window.error();
  while (!(*window)->wants_to_close()) {
    (*window)->wait();
    if (auto done = (*window)->frame(); !done) return done;
  }
  return Done{};
}

}  // namespace qlab::gui
