#include "crypto/message.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "catch.h"
#include "crypto/message_reader.h"
#include "sample_message.h"

using namespace assent;
using namespace assent::test;

namespace {

Result<SegmentSealer> seal_with(const MessageContext& context) {
  return SegmentSealer::create(SecretKey::random(), KeyId{}, context);
}

}  // namespace

TEST_CASE("the derived keys are those of the format's check values") {
  const SecretKey zero(std::array<std::uint8_t, 32>{});
  const ContentKeys keys = derive_content_keys(zero, MessageId{}, MessageSuite::committing);
  CHECK(to_base64(keys.commit) == "Qz2Df1nLfpvGM00VSv+DEQnGNy2Y+LWshYi/9++rplE=");
  CHECK(to_base64(keys.content.reveal()) == "qSmd3ox7r+cIeGmJhuguY3i5S/LMKVUYJGgWR7rhE6M=");
}

TEST_CASE("a header is laid out as the format draws it") {
  const auto sample = sample_message(1, 0, {{"b", "22"}, {"a", "1"}});
  const ByteView m(sample.message);
  CHECK(to_hex(m.first(3)) == "020478");
  // Context: u16 14 | u16 2 | "a" "1" | "b" "22", sorted.
  CHECK(to_hex(m.subspan(35, 17)) ==
        "000f"
        "0002"
        "000161"
        "000131"
        "000162"
        "00023232");
  CHECK(to_hex(m.subspan(52, 4)) ==
        "0001"
        "0006");
  CHECK(text_of(m.subspan(56, 6)) == "assent");
  CHECK(load_be16(m.data() + 62) == 36 + 20);
  CHECK(text_of(m.subspan(64, 36)) == to_text(sample.leg_key_id));
  CHECK(to_hex(m.subspan(100, 8)) ==
        "00000080"
        "0000000c");
  CHECK(load_be16(m.data() + 120) == 48);
  CHECK(to_hex(m.subspan(170, 5)) ==
        "02"
        "00000fe0");
  const std::size_t header_bytes = 175 + 32 + 16;
  CHECK(to_hex(m.subspan(header_bytes, 24)) ==
        "ffffffff"
        "00000001"
        "000000000000000000000001"
        "00000000");
  CHECK(m.size() == header_bytes + 24 + 16);
  const auto parsed = parse_header(m);
  REQUIRE(parsed);
  CHECK(parsed->bytes() == header_bytes);
}

TEST_CASE("a regular frame is one page: sequence number, IV, 4064 bytes, tag") {
  const auto sample = sample_message(3, 10);
  const auto header = parse_header(sample.message);
  REQUIRE(header);
  CHECK(header->frame_offset(2) == header->bytes() + limits::kPageBytes);
  const ByteView second = ByteView(sample.message).subspan(header->frame_offset(2), 16);
  CHECK(to_hex(second) ==
        "00000002"
        "000000000000000000000002");
  CHECK(sample.message.size() == header->frame_offset(3) + 10 + limits::kFinalFrameOverhead);
}

TEST_CASE("no two messages share an id, a key or a wrap") {
  const auto key = SecretKey::random();
  std::set<MessageId> ids;
  std::set<CommitKey> commits;
  std::set<Bytes> infos;
  for (int i = 0; i < 50; ++i) {
    const auto sealer = SegmentSealer::create(key, KeyId{}, kSampleContext);
    REQUIRE(sealer);
    const auto header = parse_header(sealer->header());
    REQUIRE(header);
    ids.insert(header->message_id);
    commits.insert(header->commit_key);
    infos.insert(header->keys.at(0).provider_info);
  }
  CHECK(ids.size() == 50);
  CHECK(commits.size() == 50);
  CHECK(infos.size() == 50);
}

TEST_CASE("a context that other readers would refuse is not written") {
  CHECK(seal_with({}));
  CHECK(seal_with({{"k", ""}}));
  CHECK(seal_with({{"k", "1"}, {"k", "2"}}).error().code == Errc::invalid);
  CHECK(seal_with({{"aws-crypto-public-key", "x"}}).error().code == Errc::invalid);
  CHECK(seal_with({{"k", "\xFF"}}).error().code == Errc::invalid);
  CHECK(seal_with({{"\xC0\x80", "v"}}).error().code == Errc::invalid);
}

TEST_CASE("a header always fits a page") {
  // 175 bytes are the header without a context, its tag and commitment included, less the context's 16.
  const std::size_t fixed = seal_with({})->header().size();
  const std::size_t room = limits::kPageBytes - fixed - 2 - 4 - 1;
  const auto full = seal_with({{"k", std::string(room, 'v')}});
  REQUIRE(full);
  CHECK(full->header().size() == limits::kPageBytes);
  CHECK(seal_with({{"k", std::string(room + 1, 'v')}}).error().code == Errc::invalid);
  CHECK(seal_with({{"k", std::string(100000, 'v')}}).error().code == Errc::invalid);
}

TEST_CASE("frames sealed out of order by many threads make one sound message") {
  constexpr std::uint32_t kFrames = 200;
  constexpr std::uint32_t kThreads = 4;
  SampleMessage sample;
  const auto sealer = SegmentSealer::create(sample.leg_key, sample.leg_key_id, kSampleContext);
  REQUIRE(sealer);
  const std::size_t start = sealer->header().size();
  append(sample.message, sealer->header());
  sample.message.resize(start + kFrames * limits::kPageBytes);
  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      FrameCipher cipher;
      for (std::uint32_t seq = kFrames - t; seq >= 1 && seq <= kFrames; seq -= kThreads) {
        const Bytes plain = sample_plain(seq, limits::kFrameBytes);
        const ByteSpan page = ByteSpan(sample.message).subspan(start + (seq - 1) * limits::kPageBytes);
        sealer->seal_frame(cipher, seq, ByteView(plain).first<limits::kFrameBytes>(), page.first<limits::kPageBytes>());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  Bytes last(limits::kPageBytes);
  FrameCipher cipher;
  append(sample.message, ByteView(last).first(sealer->seal_final(cipher, kFrames + 1, sample_plain(1, 5), last)));

  auto reader = MessageReader::open(source_of(sample.message), sample.keys());
  REQUIRE(reader);
  for (std::uint32_t seq = 1; seq <= kFrames; ++seq) {
    const auto frame = reader->next();
    REQUIRE(frame);
    const Bytes plain = sample_plain(seq, limits::kFrameBytes);
    REQUIRE(std::equal(plain.begin(), plain.end(), (*frame)->plain.begin(), (*frame)->plain.end()));
  }
}

#ifndef NDEBUG
TEST_CASE("a debug build stops whoever seals one sequence number twice") {
  const auto sealer = seal_with({});
  REQUIRE(sealer);
  const Bytes plain(limits::kFrameBytes);
  Bytes page(limits::kPageBytes);
  const auto ends_by = [&](std::uint32_t final_seq) {
    const pid_t child = ::fork();
    if (child == 0) {
      const rlimit no_core{};
      ::setrlimit(RLIMIT_CORE, &no_core);
      ::signal(SIGABRT, SIG_DFL);
      (void)::freopen("/dev/null", "w", stderr);
      FrameCipher cipher;
      sealer->seal_frame(cipher, 1, ByteView(plain).first<limits::kFrameBytes>(),
                         ByteSpan(page).first<limits::kPageBytes>());
      sealer->seal_final(cipher, final_seq, {}, page);
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  };
  CHECK(ends_by(2) == 0);
  CHECK(ends_by(1) == SIGABRT);
}
#endif

TEST_CASE("one cipher context serves messages in turn") {
  const auto leg_key = SecretKey::random();
  const auto one = SegmentSealer::create(leg_key, KeyId{}, {});
  const auto other = SegmentSealer::create(leg_key, KeyId{}, {});
  REQUIRE(one);
  REQUIRE(other);
  const DataKeys keys = data_keys_from([&](std::string_view) { return &leg_key; });
  FrameCipher cipher;
  std::array<Bytes, 2> pages{Bytes(limits::kPageBytes), Bytes(limits::kPageBytes)};
  for (std::uint32_t seq = 1; seq <= 3; ++seq) {
    const Bytes plain = sample_plain(seq, limits::kFrameBytes);
    const auto frame = ByteView(plain).first<limits::kFrameBytes>();
    one->seal_frame(cipher, seq, frame, ByteSpan(pages[0]).first<limits::kPageBytes>());
    other->seal_frame(cipher, seq, frame, ByteSpan(pages[1]).first<limits::kPageBytes>());
    CHECK(pages[0] != pages[1]);
    FrameCipher reading;
    for (std::size_t i = 0; i < 2; ++i) {
      const auto opener = FrameOpener::create((i == 0 ? *one : *other).header(), keys);
      REQUIRE(opener);
      Bytes opened(opener->plain_capacity());
      REQUIRE(opener->open(reading, seq, pages[i], opened));
      CHECK(opened == plain);
    }
  }
}
