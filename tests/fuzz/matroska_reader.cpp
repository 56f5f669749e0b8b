#include "codecs/matroska/reader.h"

#include "codecs/matroska/block_writer.h"

// Frames, each behind its length in two bytes. An odd first byte puts a true head before them, so that what may follow
// one is reached, too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  assent::MatroskaReader reader;
  assent::Bytes head(assent::limits::kFrameBytes);
  assent::matroska::write_head_block(head, {});
  if (size > 0 && data[0] % 2 == 1) (void)reader.feed(head);
  for (auto rest = assent::ByteView(data, size).subspan(size > 0 ? 1 : 0); rest.size() >= 2;) {
    const auto length = std::min<std::size_t>(assent::load_be16(rest.data()), rest.size() - 2);
    (void)reader.feed(rest.subspan(2, length));
    rest = rest.subspan(2 + length);
  }
  return 0;
}
