#include "engine/catalog/canonical_json.h"

#include "base/bytes.h"
#include "base/text.h"
#include "crypto/message_format.h"

// The two that know the canonical form agree, and making it again changes nothing.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = assent::text_of({data, size});
  const auto made = assent::canonical_json(text);
  ASSENT_CHECK(assent::is_canonical_object(text) == (made && *made == text && text.front() == '{'));
  if (!made) return 0;
  const auto again = assent::canonical_json(*made);
  ASSENT_CHECK(again && *again == *made && assent::is_utf8(*made));
  return 0;
}
