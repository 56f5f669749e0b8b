// The reading side of a sealed message, for any AWS Encryption SDK message of format v2 with key commitment.
//
//  parse_header   tells what a message says about itself (context, key names, lengths) without any key; nothing is
//  verified FrameOpener    a verified header: opens single frames wherever they lie (seeking; salvaged pages)
//  MessageReader  a whole message from its first byte to its last, frame by frame, in bounded memory
//
// Order of trust: parse under the caps of base/limits.h -> unwrap the data key -> compare the commitment in constant
// time
// -> header tag -> frames in order -> final frame -> end. Nothing is allocated by a length that is not yet
// authenticated, except a header's few kilobytes under its cap and memory for bytes that really arrived. A frame that
// does not verify yields no plaintext. Frames may carry any IV and the context any order: the writer is strict, the
// reader is not.
//
// Plaintext stands in ordinary memory, the caller's or the reader's, who wipes its own.
//
// Suite 0x0578: the signature stands at the end, so frames are handed out before it is checked; only the end is the
// verdict.
//
// Pure but for the given byte source. MessageReader: one thread at a time. FrameOpener: const, many threads, each with
// its own FrameCipher. Lengths and offsets in bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/frame_cipher.h"
#include "crypto/message_fault.h"
#include "crypto/message_format.h"
#include "crypto/secret.h"

namespace assent {

// `message` starts with the header; more may follow. FaultKind::truncated when it ends before the header does.
Result<MessageHeader, MessageFault> parse_header(ByteView message);

// How a reader comes by the data key of a message.
using DataKeys = std::function<Result<SecretKey, MessageFault>(const MessageHeader& header)>;
// Of a raw AES key by its name, or null: the key is borrowed for the moment of the unwrap.
using KeyLookup = std::function<const SecretKey*(std::string_view key_name)>;
// The data key under the first key of the header that `lookup` knows: provider "assent", raw AES wrapping.
DataKeys data_keys_from(KeyLookup lookup);

struct OpenedFrame {
  FrameKind kind = FrameKind::regular;
  std::size_t frame_bytes = 0;  // what the frame takes in the message
  std::size_t plain_bytes = 0;
};

class FrameOpener {
 public:
  // `message` starts with the header; more may follow.
  static Result<FrameOpener, MessageFault> create(ByteView message, const DataKeys& keys);

  const MessageHeader& header() const { return header_; }
  // The most plaintext a frame has; what `plain` below must hold.
  std::size_t plain_capacity() const;

  // Opens frame `seq`, whose first byte is frame[0]; more may follow it (a page's padding, the next frame). Whether it
  // is the final one shows in the frame and is authenticated. On a fault `plain` holds none of the frame's bytes. A
  // fault's offset is where the frame belongs: header().frame_offset(seq).
  Result<OpenedFrame, MessageFault> open(FrameCipher& cipher, std::uint32_t seq, ByteView frame, ByteSpan plain) const;

 private:
  FrameOpener(MessageHeader header, SecretKey content_key);

  MessageHeader header_;
  SecretKey content_key_;
};

// Fills as much of `into` as there is, at least one byte; 0 means the end.
using ByteSource = std::function<Result<std::size_t>(ByteSpan into)>;
ByteSource source_of(ByteView message);  // borrows the bytes

struct MessageFrame {
  std::uint32_t seq = 0;
  FrameKind kind = FrameKind::regular;
  std::uint64_t offset = 0;  // of the frame in the message
  ByteView plain;            // until the next call
};

class MessageReader {
 public:
  // Reads and verifies the header.
  static Result<MessageReader, MessageFault> open(ByteSource source, const DataKeys& keys);

  MessageReader(MessageReader&&) noexcept;
  MessageReader& operator=(MessageReader&&) noexcept;
  ~MessageReader();  // wipes the plaintext

  const MessageHeader& header() const;

  // The next frame; nothing once the message has ended as it should: final frame, signature where there is one, end of
  // the source. After a fault every call gives the same fault.
  Result<std::optional<MessageFrame>, MessageFault> next();

 private:
  struct State;
  explicit MessageReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Reads a whole message and returns how many frames it has: what a fuzzer and a quick check need.
Result<std::uint32_t, MessageFault> read_through(ByteView message, const DataKeys& keys);

}  // namespace assent
