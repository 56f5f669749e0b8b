// Every kind of damage to a sealed message is reported with its kind and place, and gives no plaintext of a bad frame.
#include <algorithm>
#include <string>
#include <vector>

#include "catch.h"
#include "crypto/message_reader.h"
#include "sample_message.h"

using namespace assent;
using namespace assent::test;

namespace {

struct Outcome {
  std::vector<Bytes> frames;
  std::optional<MessageFault> fault;
};

Outcome read(ByteView message, const DataKeys& keys) {
  Outcome outcome;
  auto reader = MessageReader::open(source_of(message), keys);
  if (!reader) {
    outcome.fault = reader.error();
    return outcome;
  }
  for (;;) {
    const auto step = reader->next();
    if (!step) {
      outcome.fault = step.error();
      REQUIRE(reader->next().error().kind == step.error().kind);  // it stays so
      return outcome;
    }
    if (!*step) return outcome;
    outcome.frames.emplace_back((*step)->plain.begin(), (*step)->plain.end());
  }
}

// What was given out is a prefix of what was sealed.
bool is_prefix(const std::vector<Bytes>& frames, const std::vector<Bytes>& of) {
  return frames.size() <= of.size() && std::equal(frames.begin(), frames.end(), of.begin());
}

std::string text(const Outcome& outcome) { return outcome.fault ? to_error(*outcome.fault).what : "no fault"; }

// The message with its frames in another order, given by their numbers; the last of 1..count is the final one.
Bytes rearranged(const SampleMessage& sample, const std::vector<std::uint32_t>& order) {
  const auto header = parse_header(sample.message).value();
  const auto count = static_cast<std::uint32_t>(sample.frames.size());
  Bytes message(sample.message.begin(), sample.message.begin() + static_cast<std::ptrdiff_t>(header.bytes()));
  for (const std::uint32_t seq : order) {
    const ByteView rest = ByteView(sample.message).subspan(header.frame_offset(seq));
    append(message, seq == count ? rest : rest.first(limits::kPageBytes));
  }
  return message;
}

void check_fault(const SampleMessage& sample, const Bytes& message, FaultKind kind, std::uint32_t frame,
                 std::uint64_t offset) {
  const Outcome outcome = read(message, sample.keys());
  INFO(text(outcome));
  REQUIRE(outcome.fault);
  CHECK(outcome.fault->kind == kind);
  CHECK(outcome.fault->frame == frame);
  CHECK(outcome.fault->offset == offset);
  CHECK(is_prefix(outcome.frames, sample.frames));
}

}  // namespace

TEST_CASE("a message cut at any length is never complete") {
  const auto sample = sample_message(3, 50);
  const auto header = parse_header(sample.message).value();
  for (std::size_t size = 0; size < sample.message.size(); ++size) {
    const Outcome outcome = read(ByteView(sample.message).first(size), sample.keys());
    INFO("cut at " << size << ": " << text(outcome));
    REQUIRE(outcome.fault);
    std::uint32_t frame = 0;
    std::uint64_t begins = 0;
    for (std::uint32_t seq = 1; seq <= 3 && size >= header.frame_offset(seq); ++seq) {
      frame = seq;
      begins = header.frame_offset(seq);
    }
    const bool at_border = frame != 0 && size == begins;
    REQUIRE(outcome.fault->kind == (at_border ? FaultKind::final_missing : FaultKind::truncated));
    REQUIRE(outcome.fault->frame == frame);
    if (frame != 0) REQUIRE(outcome.fault->offset == begins);
    if (frame == 0) REQUIRE(outcome.fault->offset <= size);
    REQUIRE(outcome.frames.size() == (frame == 0 ? 0 : frame - 1));
    REQUIRE(is_prefix(outcome.frames, sample.frames));
  }
}

TEST_CASE("a flipped bit in any byte is found, in the frame it is in") {
  const auto sample = sample_message(2, 50);
  const auto header = parse_header(sample.message).value();
  for (std::size_t at = 0; at < sample.message.size(); ++at) {
    for (const unsigned bit : {0U, 7U}) {
      Bytes message = sample.message;
      message[at] = static_cast<std::uint8_t>(message[at] ^ (1U << bit));
      const Outcome outcome = read(message, sample.keys());
      INFO("bit " << bit << " of byte " << at << ": " << text(outcome));
      REQUIRE(outcome.fault);
      const std::uint32_t frame = at < header.bytes() ? 0 : at < header.frame_offset(2) ? 1 : 2;
      REQUIRE(outcome.fault->frame == frame);
      REQUIRE(outcome.frames.size() == (frame == 2 ? 1 : 0));
      REQUIRE(is_prefix(outcome.frames, sample.frames));
      if (frame != 0) REQUIRE(outcome.fault->offset == header.frame_offset(frame));
    }
  }
}

TEST_CASE("a flipped bit is named for the field it is in") {
  const auto sample = sample_message(2, 50);
  const auto header = parse_header(sample.message).value();
  const auto flipped = [&](std::size_t at) {
    Bytes message = sample.message;
    message[at] ^= 1;
    return message;
  };
  const std::size_t first = header.bytes();
  const std::size_t last = header.frame_offset(2);
  const std::size_t commit = header.body_bytes - 32;
  check_fault(sample, flipped(0), FaultKind::bad_header, 0, 0);
  check_fault(sample, flipped(1), FaultKind::header_tag, 0, header.body_bytes);  // the signed suite
  check_fault(sample, flipped(2), FaultKind::unknown_suite, 0, 1);
  check_fault(sample, flipped(3), FaultKind::commitment_mismatch, 0, commit);  // message id
  check_fault(sample, flipped(35 + 2 + 4), FaultKind::key_tag, 0, 0);          // a context key
  check_fault(sample, flipped(commit), FaultKind::commitment_mismatch, 0, commit);
  check_fault(sample, flipped(commit - 1), FaultKind::header_tag, 0, header.body_bytes);  // frame length
  check_fault(sample, flipped(header.body_bytes), FaultKind::header_tag, 0, header.body_bytes);
  check_fault(sample, flipped(first + 3), FaultKind::frame_out_of_order, 1, first);
  check_fault(sample, flipped(first + 4), FaultKind::frame_tag, 1, first);         // IV
  check_fault(sample, flipped(first + 16), FaultKind::frame_tag, 1, first);        // ciphertext
  check_fault(sample, flipped(first + 4095), FaultKind::frame_tag, 1, first);      // tag
  check_fault(sample, flipped(last + 0), FaultKind::frame_out_of_order, 2, last);  // the final frame's mark
  check_fault(sample, flipped(last + 20), FaultKind::bad_frame, 2, last);          // length, its highest byte
  check_fault(sample, flipped(last + 23), FaultKind::truncated, 2, last);          // length, 51 for 50
  check_fault(sample, flipped(last + 24), FaultKind::frame_tag, 2, last);
}

TEST_CASE("swapped, repeated, missing and foreign frames are found where they stand") {
  const auto sample = sample_message(4, 50);
  const auto header = parse_header(sample.message).value();
  const auto at = [&](std::uint32_t seq) { return header.frame_offset(seq); };
  CHECK_FALSE(read(rearranged(sample, {1, 2, 3, 4}), sample.keys()).fault);
  check_fault(sample, rearranged(sample, {1, 3, 2, 4}), FaultKind::frame_out_of_order, 2, at(2));
  check_fault(sample, rearranged(sample, {1, 1, 2, 3, 4}), FaultKind::frame_out_of_order, 2, at(2));
  check_fault(sample, rearranged(sample, {2, 3, 4}), FaultKind::frame_out_of_order, 1, at(1));
  check_fault(sample, rearranged(sample, {1, 2, 4}), FaultKind::frame_out_of_order, 3, at(3));
  check_fault(sample, rearranged(sample, {1, 2, 3}), FaultKind::final_missing, 4, at(4));
  check_fault(sample, rearranged(sample, {4}), FaultKind::frame_out_of_order, 1, at(1));

  // The same place in another message of the same leg key: only the tag can tell.
  auto other = sample_message(4, 50);
  Bytes mixed = rearranged(sample, {1, 2, 3, 4});
  std::copy_n(other.message.begin() + static_cast<std::ptrdiff_t>(at(2)), limits::kPageBytes,
              mixed.begin() + static_cast<std::ptrdiff_t>(at(2)));
  check_fault(sample, mixed, FaultKind::frame_tag, 2, at(2));

  // A frame renumbered to fit its new place.
  Bytes renumbered = rearranged(sample, {1, 3, 3, 4});
  renumbered[at(2) + 3] = 2;
  check_fault(sample, renumbered, FaultKind::frame_tag, 2, at(2));
}

TEST_CASE("bytes after the end are found") {
  const auto sample = sample_message(2, 50);
  const std::size_t end = sample.message.size();
  for (const std::size_t more : {std::size_t{1}, std::size_t{4096}}) {
    Bytes message = sample.message;
    message.resize(end + more);
    check_fault(sample, message, FaultKind::trailing_bytes, 2, end);
  }
  Bytes twice = sample.message;
  append(twice, sample.message);
  check_fault(sample, twice, FaultKind::trailing_bytes, 2, end);
}

TEST_CASE("opening a damaged frame leaves nothing of it in the caller's memory") {
  const auto sample = sample_message(2, 50);
  const auto opener = FrameOpener::create(sample.message, sample.keys()).value();
  Bytes page(sample.message.begin() + static_cast<std::ptrdiff_t>(opener.header().frame_offset(1)),
             sample.message.begin() + static_cast<std::ptrdiff_t>(opener.header().frame_offset(2)));
  page.back() ^= 1;
  FrameCipher cipher;
  Bytes plain(opener.plain_capacity(), 0xEE);
  const auto opened = opener.open(cipher, 1, page, plain);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().kind == FaultKind::frame_tag);
  CHECK(std::all_of(plain.begin(), plain.end(), [](std::uint8_t b) { return b == 0; }));
}
