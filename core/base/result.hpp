// Result: a value or an error, for everything the world can do wrong (files, lesson data, arguments, device memory).
// What only we can do wrong is a QLAB_CHECK (check.hpp). No exceptions of our own; standard ones stop in main.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace qlab {

enum class Errc { bad_argument, not_found, bad_file, io, unsupported, cancelled };

/// What went wrong, where, and what to do about it: one line for people, a code for programs.
struct Error {
  Errc code = Errc::bad_argument;
  std::string what;   ///< "block_size is 8"
  std::string where;  ///< "blockwise/lesson.toml:12", may be empty
  std::string hint;   ///< "use 16 to 4096", may be empty

  /// "WHAT (WHERE): HINT", control characters made visible so that it stays one line whatever a file's name contains.
  std::string message() const;
};

/// The value of a Result that carries none.
struct Done {};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace qlab
