// SegmentSealer: the writing side of one sealed message (one segment of one leg).
//
// It owns the message's header and content key. It keeps these rules, on which the safety of AES-GCM rests:
//  - A data key is used for one segment only: create() draws it, and the message id, with getrandom(2) at the moment
//  the
//    segment opens, derives the content key, wraps the data key under the leg key, and wipes it.
//  - A frame's IV is its sequence number, so no (key, seq) may ever seal two plaintexts. Giving each seq once is the
//    caller's duty; a debug build checks it. A regular and the final frame share the numbers.
//  - There is no way to make a sealer for an existing message: a torn segment is never continued and never given a
//  final
//    frame; salvage copies its verified frames into a new one.
//  - A page whose write failed is written again with the same bytes, never sealed again: keep the page.
//  - The wrap under the leg key has a random IV: at most 2^32 segments a leg.
//
// After create(), const and callable from many threads at once, each with its own FrameCipher; nothing is allocated per
// frame. Frame 1 starts at header().size(), frame n at header().size() + (n - 1) * kPageBytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/result.h"
#include "crypto/frame_cipher.h"
#include "crypto/message_format.h"
#include "crypto/secret.h"

namespace assent {

class SegmentSealer {
 public:
  // The context may be unsorted. Errc::invalid: a key twice, a key that begins with "aws-crypto-" (the SDKs keep those
  // for themselves), text that is not UTF-8, or a header that would not fit a page. Errc::exhausted: no room for a key.
  static Result<SegmentSealer> create(const SecretKey& leg_key, KeyId leg_key_id, const MessageContext& context);

  SegmentSealer(SegmentSealer&&) noexcept;
  SegmentSealer& operator=(SegmentSealer&&) noexcept;
  ~SegmentSealer();

  ByteView header() const { return header_; }         // with its tag; at most kPageBytes
  Bytes take_header() { return std::move(header_); }  // sealing does not need it
  const MessageId& message_id() const { return message_id_; }

  // | 4 seq | 12 IV | 4064 | 16 tag |. seq from 1. `plain` and `page` are different memory.
  void seal_frame(FrameCipher& cipher, std::uint32_t seq, std::span<const std::uint8_t, limits::kFrameBytes> plain,
                  std::span<std::uint8_t, limits::kPageBytes> page) const;

  // The last frame, with at most kFinalFrameBytes of plaintext; returns how many bytes of `page` it takes:
  // plain.size() + kFinalFrameOverhead, which must fit.
  std::size_t seal_final(FrameCipher& cipher, std::uint32_t seq, ByteView plain, ByteSpan page) const;

 private:
  class UsedSeqs;
  SegmentSealer(Bytes header, MessageId id, SecretKey content_key);
  void claim(std::uint32_t seq) const;

  Bytes header_;
  MessageId message_id_;
  SecretKey content_key_;
  std::unique_ptr<UsedSeqs> used_;  // debug builds only
};

}  // namespace assent
