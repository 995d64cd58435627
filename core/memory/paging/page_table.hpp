// Which pages of a managed allocation lie on the card and which in host memory, and in which order the card last used
// its own. Every operation takes the same time, however many pages there are.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

namespace qlab::paging {

/// A page is in exactly one place. Pages on the card form a list from the least to the most recently used.
class PageTable {
 public:
  explicit PageTable(std::int64_t pages);  ///< all of them in host memory

  std::int64_t pages() const { return static_cast<std::int64_t>(links_.size()) - 1; }
  std::int64_t resident() const { return resident_; }  ///< pages on the card
  bool on_card(std::int64_t page) const { return links_[entry(page)].older != nowhere; }

  /// Moves a page from the host to the card, where it is the most recently used.
  void bring_in(std::int64_t page);
  /// Notes that the card uses one of its pages.
  void touch(std::int64_t page);
  /// Moves the least recently used page to the host; its number.
  std::int64_t evict_oldest();

 private:
  static constexpr std::uint32_t nowhere = UINT32_MAX;
  /// Neighbours in the list; entry 0 is its end on both sides, page p is entry p + 1.
  struct Link {
    std::uint32_t older = nowhere;
    std::uint32_t newer = nowhere;
  };

  static std::uint32_t entry(std::int64_t page) { return static_cast<std::uint32_t>(page + 1); }
  void append(std::uint32_t entry);
  void unlink(std::uint32_t entry);

  std::vector<Link> links_;
  std::int64_t resident_ = 0;
};

}  // namespace qlab::paging
