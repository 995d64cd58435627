// Writes Python's pickle format: the few opcodes of protocol 4 that dictionaries, lists, strings and integers need, in
// the forms that PyTorch's memory visualiser reads too. Source: the opcode table of Python's pickletools.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace qlab {

class PickleWriter {
 public:
  /// Names a value that is there already.
  using Memo = std::uint32_t;

  PickleWriter();

  void integer(std::int64_t value);
  void text(std::string_view value);                   ///< UTF-8; the second time only a reference to the first
  void pair(std::int64_t first, std::int64_t second);  ///< a tuple

  void begin_dict();  ///< then key, value, key, value ...
  void end_dict();
  void begin_list();
  void next_item();  ///< in front of each item: a long list is put together in pieces
  void end_list();

  Memo remember();          ///< the value just written
  void recall(Memo value);  ///< the same object once more

  /// The finished document; nothing can be written afterwards.
  std::string finish();

 private:
  void opcode(int code) { bytes_.push_back(static_cast<char>(code)); }
  void little_endian(std::uint64_t value, int count);

  std::string bytes_;
  std::unordered_map<std::string, Memo> texts_;
  Memo next_memo_ = 0;
  std::vector<std::size_t> open_lists_;  ///< items of each that are not yet put together
};

}  // namespace qlab
