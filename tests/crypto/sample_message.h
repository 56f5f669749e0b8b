// A message of any number of frames, sealed for tests, with what went into it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "crypto/message.h"
#include "crypto/message_reader.h"
#include "crypto/random.h"

namespace assent::test {

struct SampleMessage {
  SecretKey leg_key = SecretKey::random();
  KeyId leg_key_id;
  Bytes message;
  std::vector<Bytes> frames;  // plaintexts; the last is the final frame's

  DataKeys keys() const {
    return data_keys_from([this](std::string_view name) { return name == to_text(leg_key_id) ? &leg_key : nullptr; });
  }
};

inline const MessageContext kSampleContext{{"tenant", "t"}, {"call", "c"}, {"segment", "1"}};

// A frame's plaintext that no other frame has.
inline Bytes sample_plain(std::uint32_t seq, std::size_t bytes) {
  Bytes plain(bytes);
  for (std::size_t i = 0; i < bytes; ++i) plain[i] = static_cast<std::uint8_t>(i * 7 + i / 251 + std::size_t{seq} * 31);
  return plain;
}

inline SampleMessage sample_message(std::uint32_t frames, std::size_t final_bytes,
                                    const MessageContext& context = kSampleContext) {
  SampleMessage sample;
  random_bytes(sample.leg_key_id.bytes);
  auto sealer = SegmentSealer::create(sample.leg_key, sample.leg_key_id, context);
  ASSENT_CHECK(sealer.has_value());
  FrameCipher cipher;
  append(sample.message, sealer->header());
  Bytes page(limits::kPageBytes);
  for (std::uint32_t seq = 1; seq < frames; ++seq) {
    sample.frames.push_back(sample_plain(seq, limits::kFrameBytes));
    sealer->seal_frame(cipher, seq, ByteView(sample.frames.back()).first<limits::kFrameBytes>(),
                       ByteSpan(page).first<limits::kPageBytes>());
    append(sample.message, page);
  }
  sample.frames.push_back(sample_plain(frames, final_bytes));
  const std::size_t bytes = sealer->seal_final(cipher, frames, sample.frames.back(), page);
  append(sample.message, ByteView(page).first(bytes));
  return sample;
}

}  // namespace assent::test
