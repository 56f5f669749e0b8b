#include "crypto/message_reader.h"

#include "crypto/message.h"

// The input as a whole message, and as the frames after a sound header, which chance would not get past.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const assent::SecretKey key = assent::SecretKey::random();
  static const auto sealer = assent::SegmentSealer::create(key, assent::KeyId{}, {{"k", "v"}});
  const auto keys = assent::data_keys_from([](std::string_view) { return &key; });
  assent::Bytes framed(sealer->header().begin(), sealer->header().end());
  assent::append(framed, {data, size});
  (void)assent::read_through({data, size}, keys);
  (void)assent::read_through(framed, keys);
  return 0;
}
