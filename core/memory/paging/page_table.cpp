#include "core/memory/paging/page_table.hpp"

#include "core/base/check.hpp"

namespace qlab::paging {

PageTable::PageTable(std::int64_t pages) {
  QLAB_CHECK(pages >= 0 && pages < nowhere);
  links_.resize(static_cast<std::size_t>(pages) + 1);
  links_[0] = {0, 0};
}

void PageTable::append(std::uint32_t entry) {
  const std::uint32_t newest = links_[0].older;
  links_[entry] = {newest, 0};
  links_[newest].newer = entry;
  links_[0].older = entry;
}

void PageTable::unlink(std::uint32_t entry) {
  const auto [older, newer] = links_[entry];
  links_[older].newer = newer;
  links_[newer].older = older;
}

void PageTable::bring_in(std::int64_t page) {
  QLAB_CHECK(!on_card(page));
  append(entry(page));
  ++resident_;
}

void PageTable::touch(std::int64_t page) {
  QLAB_CHECK(on_card(page));
  unlink(entry(page));
  append(entry(page));
}

std::int64_t PageTable::evict_oldest() {
  QLAB_CHECK(resident_ > 0);
  const std::uint32_t oldest = links_[0].newer;
  unlink(oldest);
  links_[oldest] = {};
  --resident_;
  return static_cast<std::int64_t>(oldest) - 1;
}

}  // namespace qlab::paging
