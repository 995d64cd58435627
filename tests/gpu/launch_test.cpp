#include "gpu/launch.hpp"

#include "gpu/device_error.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;

TEST_CASE("a launch has teams enough for its tasks, and no more than fill the GPU", "[gpu]") {
  CHECK(gpu::launch_shape(0, 8, 40).blocks == 0);
  CHECK(gpu::launch_shape(1, 8, 40).blocks == 1);
  CHECK(gpu::launch_shape(32, 8, 40).blocks == 1);
  CHECK(gpu::launch_shape(33, 8, 40).blocks == 2);
  CHECK(gpu::launch_shape(1, 32, 1).threads == gpu::threads_per_block);
  CHECK(gpu::launch_shape(std::int64_t{1} << 40, 1, 132).blocks == 132 * 32);
}

TEST_CASE("a team has a thread for every eight values of a block", "[gpu]") {
  CHECK(gpu::team_size_for(16) == 2);
  CHECK(gpu::team_size_for(17) == 2);
  CHECK(gpu::team_size_for(64) == 8);
  CHECK(gpu::team_size_for(100) == 8);
  CHECK(gpu::team_size_for(256) == 32);
  CHECK(gpu::team_size_for(4096) == 32);
}

TEST_CASE("a device error is one line that says what to do", "[gpu]") {
  CHECK(
      gpu::device_error(2, "out of memory", "taking memory").message() ==
      "the GPU is out of memory (taking memory): close what else uses it, take a smaller tensor, or use --device cpu");
  CHECK(gpu::device_error(35, "", "looking for a GPU").message().find("too old") != std::string::npos);
  CHECK(gpu::device_error(999, "unknown error", "quantizing").message() ==
        "the GPU failed: unknown error (CUDA error 999) (quantizing): use --device cpu");
}

}  // namespace
