#include "crypto/message_reader.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "catch.h"
#include "sample_message.h"

using namespace assent;
using namespace assent::test;

namespace {

// A source that gives a few bytes at a time, as a slow disk or socket does.
ByteSource in_pieces_of(std::size_t most, ByteView message) {
  return [most, source = source_of(message)](ByteSpan into) { return source(into.first(std::min(into.size(), most))); };
}

void check_reads(const SampleMessage& sample, ByteSource source) {
  auto reader = MessageReader::open(std::move(source), sample.keys());
  REQUIRE(reader);
  for (std::uint32_t seq = 1; seq <= sample.frames.size(); ++seq) {
    const auto read = reader->next();
    REQUIRE(read);
    REQUIRE(*read);
    const MessageFrame& frame = **read;
    CHECK(frame.seq == seq);
    CHECK(frame.kind == (seq == sample.frames.size() ? FrameKind::final_frame : FrameKind::regular));
    CHECK(frame.offset == reader->header().frame_offset(seq));
    CHECK(Bytes(frame.plain.begin(), frame.plain.end()) == sample.frames[seq - 1]);
  }
  for (int i = 0; i < 2; ++i) {
    const auto end = reader->next();
    REQUIRE(end);
    CHECK_FALSE(*end);
  }
}

}  // namespace

TEST_CASE("what the sealer wrote the reader reads, whatever the number of frames and the size of the last") {
  for (const std::uint32_t frames : {1U, 2U, 3U, 40U}) {
    for (const std::size_t last : {std::size_t{0}, std::size_t{1}, limits::kFinalFrameBytes}) {
      const auto sample = sample_message(frames, last);
      check_reads(sample, source_of(sample.message));
    }
  }
}

TEST_CASE("a message is read however its bytes arrive") {
  const auto sample = sample_message(3, 100);
  for (const std::size_t piece : std::vector<std::size_t>{1, 3, 15, 16, 17, 4095, 4096, 4097})
    check_reads(sample, in_pieces_of(piece, sample.message));
}

TEST_CASE("a source that fails is told apart from damage") {
  const auto sample = sample_message(20, 100);
  const auto failing_after = [&](std::size_t bytes) {
    return [left = bytes, source = source_of(sample.message)](ByteSpan into) mutable -> Result<std::size_t> {
      if (left == 0) return error(Errc::io, "the disk is gone");
      auto got = source(into.first(std::min(into.size(), left)));
      left -= *got;
      return got;
    };
  };
  CHECK(MessageReader::open(failing_after(100), sample.keys()).error().kind == FaultKind::source_failed);
  auto reader = MessageReader::open(failing_after(40000), sample.keys());
  REQUIRE(reader);
  auto step = reader->next();
  while (step && *step) step = reader->next();
  REQUIRE_FALSE(step);
  CHECK(step.error().kind == FaultKind::source_failed);
  CHECK(step.error().frame == 10);
  CHECK(step.error().what == "the disk is gone");
}

TEST_CASE("a single frame is opened at its computed place") {
  const auto sample = sample_message(5, 77);
  const auto opener = FrameOpener::create(sample.message, sample.keys());
  REQUIRE(opener);
  FrameCipher cipher;
  Bytes plain(opener->plain_capacity());
  for (const std::uint32_t seq : {4U, 1U, 5U, 2U}) {
    const auto opened =
        opener->open(cipher, seq, ByteView(sample.message).subspan(opener->header().frame_offset(seq)), plain);
    REQUIRE(opened);
    CHECK(opened->plain_bytes == sample.frames[seq - 1].size());
    CHECK(opened->kind == (seq == 5 ? FrameKind::final_frame : FrameKind::regular));
    CHECK(std::equal(sample.frames[seq - 1].begin(), sample.frames[seq - 1].end(), plain.begin()));
  }
}

TEST_CASE("pages of an unfinished message open one by one, whatever is missing between them") {
  const auto sample = sample_message(6, 0);
  const auto header = parse_header(sample.message);
  REQUIRE(header);
  // As the journal keeps them: the header padded to a page, then pages 2 and 4 only.
  Bytes header_page(sample.message.begin(), sample.message.begin() + static_cast<std::ptrdiff_t>(header->bytes()));
  header_page.resize(limits::kPageBytes);
  const auto opener = FrameOpener::create(header_page, sample.keys());
  REQUIRE(opener);
  CHECK(opener->header().bytes() == header->bytes());
  FrameCipher cipher;
  Bytes plain(opener->plain_capacity());
  for (const std::uint32_t seq : {2U, 4U}) {
    const ByteView page = ByteView(sample.message).subspan(header->frame_offset(seq), limits::kPageBytes);
    REQUIRE(opener->open(cipher, seq, page, plain));
    CHECK(plain == sample.frames[seq - 1]);
    const auto elsewhere = opener->open(cipher, seq + 1, page, plain);
    REQUIRE_FALSE(elsewhere);
    CHECK(elsewhere.error().kind == FaultKind::frame_out_of_order);
  }
}

TEST_CASE("without keys a header still tells its context, key names and lengths") {
  const auto sample = sample_message(2, 10);
  const auto header = parse_header(sample.message);
  REQUIRE(header);
  CHECK(header->context == MessageContext{{"call", "c"}, {"segment", "1"}, {"tenant", "t"}});
  REQUIRE(header->keys.size() == 1);
  CHECK(header->keys[0].provider_id == "assent");
  CHECK(key_name_of(header->keys[0]) == to_text(sample.leg_key_id));
  CHECK(header->frame_bytes == limits::kFrameBytes);
  CHECK(header->suite == MessageSuite::committing);
}

TEST_CASE("an unknown key and a wrong key are different faults") {
  const auto sample = sample_message(2, 10);
  const auto unknown = read_through(sample.message, data_keys_from([](std::string_view) { return nullptr; }));
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().kind == FaultKind::no_key);
  CHECK(unknown.error().what.find(to_text(sample.leg_key_id)) != std::string::npos);
  CHECK(to_error(unknown.error()).code == Errc::not_found);
  const auto other = SecretKey::random();
  const auto wrong = read_through(sample.message, data_keys_from([&](std::string_view) { return &other; }));
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().kind == FaultKind::key_tag);
}

TEST_CASE("a data key that the message does not commit to is refused before anything is opened") {
  const auto sample = sample_message(2, 10);
  const auto read = read_through(
      sample.message, [](const MessageHeader&) -> Result<SecretKey, MessageFault> { return SecretKey::random(); });
  REQUIRE_FALSE(read);
  CHECK(read.error().kind == FaultKind::commitment_mismatch);
}

TEST_CASE("a header beyond the caps is refused without reading on") {
  const auto fault_of = [](const Bytes& message) { return parse_header(message).error().kind; };
  Bytes start{0x02, 0x04, 0x78};
  start.resize(35);
  const auto with = [&](const std::string& hex) {
    Bytes message = start;
    append(message, from_hex(hex).value());
    message.resize(70000);
    return message;
  };
  CHECK(fault_of(with("2001")) == FaultKind::over_limit);  // context of 8193 bytes
  CHECK(fault_of(with("0000"
                      "0005")) == FaultKind::over_limit);  // five keys
  CHECK(fault_of(with("0000"
                      "0001"
                      "ffff")) == FaultKind::over_limit);  // a provider id of 65535 bytes
  CHECK(fault_of(with("0000"
                      "0001"
                      "000000000000"
                      "02"
                      "00100001")) == FaultKind::over_limit);  // frames over 1 MiB
  CHECK(fault_of(with("0000"
                      "0001"
                      "000000000000"
                      "02"
                      "00000000")) == FaultKind::bad_header);  // frames of nothing
  CHECK(fault_of(with("0000"
                      "0001"
                      "000000000000"
                      "03"
                      "00000001")) == FaultKind::bad_header);  // content type 3
  CHECK(fault_of(with("0000"
                      "0000")) == FaultKind::bad_header);  // no key
  CHECK(fault_of(with("0002"
                      "0000")) == FaultKind::bad_header);  // a context of no pairs
  CHECK(fault_of(with("0006"
                      "0001"
                      "0001"
                      "6100")) == FaultKind::bad_header);  // a pair cut short
  CHECK(fault_of(with("000c"
                      "0002"
                      "000161"
                      "0000"
                      "000161"
                      "0000")) == FaultKind::bad_header);  // a key twice
  CHECK(fault_of({0x01, 0x80}) == FaultKind::unknown_suite);
  CHECK(fault_of({0x02, 0x01, 0x78}) == FaultKind::unknown_suite);
  CHECK(fault_of({0x1A, 0x45, 0xDF, 0xA3}) == FaultKind::bad_header);  // the plaintext itself
  CHECK(fault_of({}) == FaultKind::truncated);
}
