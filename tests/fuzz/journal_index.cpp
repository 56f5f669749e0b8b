// Any fields under a hash that matches, as a journal's index page: what is accepted reads back the same.
#include <algorithm>

#include "crypto/sha256.h"
#include "engine/journal/journal_format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  assent::Page page{};
  std::copy_n(data, std::min(size, assent::kIndexHashAt), page.begin());
  const auto hash = assent::sha256(assent::ByteView(page).first(assent::kIndexHashAt));
  std::copy(hash.begin(), hash.end(), page.begin() + assent::kIndexHashAt);
  const auto index = assent::decode_index(page);
  if (!index) return 0;
  assent::encode_index(*index, page);
  ASSENT_CHECK(*assent::decode_index(page) == *index);
  return 0;
}
