// The built program, run as a user runs it. SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>

#include "tests/support/run_program.hpp"

namespace qlab::test {

using nlohmann::json;

inline Invocation qloralab_invocation(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), QLORALAB);
  return {std::move(arguments), {}, {{"QLAB_DATA", std::nullopt}, {"DISPLAY", std::nullopt}}};
}

inline Outcome qloralab(std::vector<std::string> arguments) {
  return run_program(qloralab_invocation(std::move(arguments)));
}

/// A teacher's lesson on the experiment memory-ledger, with a promise that holds.
inline constexpr const char* teachers_toml = R"(schema = 1
experiment = "memory-ledger"
title = { en = "Ours", zh = "我们的" }
summary = { en = "A narrower ledger.", zh = "更窄的账本。" }
[[parameters]]
name = "hidden_size"
default = 2048
[[scenarios]]
name = "default"
title = { en = "Defaults", zh = "默认" }
[[scenarios.expect]]
value = "fp16_gb"
equals = 3
source = { en = "12 H² L · 2 bytes", zh = "12 H² L · 2 字节" }
)";

inline std::filesystem::path write_teachers(const std::filesystem::path& folder,
                                            const std::string& toml = teachers_toml) {
  std::filesystem::create_directories(folder);
  put(folder / "lesson.toml", toml);
  put(folder / "en.md", "# Ours\n");
  put(folder / "zh.md", "# 我们的\n");
  return folder;
}

}  // namespace qlab::test
