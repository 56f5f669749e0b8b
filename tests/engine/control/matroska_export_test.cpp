#include "engine/control/matroska_export.h"

#include <vector>

#include "catch.h"
#include "codecs/matroska/reader.h"

namespace assent {
namespace {

struct Packet {
  milliseconds at;
  Codec codec;
  Bytes payload;
};

constexpr WallTime kStart{1790000000s};
constexpr Codec kPcmu{CodecName::pcmu, 8000, 1};
constexpr Codec kPcma{CodecName::pcma, 8000, 1};

class Packets final : public LegPackets {
 public:
  explicit Packets(std::vector<Packet> packets, std::size_t fail_at = SIZE_MAX)
      : packets_(std::move(packets)), fail_at_(fail_at) {}
  Result<std::optional<LegPacket>> next() override {
    if (next_ == fail_at_) return error(Errc::io, "the store is gone");
    if (next_ == packets_.size()) return std::optional<LegPacket>();
    const Packet& packet = packets_[next_++];
    payload_ = packet.payload;  // as in the real source, valid until the next call
    return std::optional<LegPacket>(LegPacket{kStart + packet.at, packet.codec, payload_});
  }

 private:
  std::vector<Packet> packets_;
  std::size_t fail_at_;
  std::size_t next_ = 0;
  Bytes payload_;
};

SegmentHead head() {
  SegmentHead head;
  head.leg = new_id<LegId>(kStart);
  head.start = kStart;
  return head;
}

// The whole export, read in pieces of an awkward size.
Bytes read_all(std::vector<Packet> packets) {
  MatroskaExport exported(std::make_unique<Packets>(std::move(packets)), head());
  Bytes file;
  Bytes piece(777);
  for (;;) {
    const auto got = exported.read(piece);
    REQUIRE(got);
    if (*got == 0) return file;
    append(file, ByteView(piece).first(*got));
  }
}

// What a reader of one document finds in blocks `first` to `last`.
std::vector<Packet> packets_in(ByteView file, std::size_t first, std::size_t last) {
  MatroskaReader reader;
  std::vector<Packet> found;
  for (std::size_t block = first; block < last; ++block) {
    const auto packets = reader.feed(file.subspan(block * limits::kFrameBytes, limits::kFrameBytes));
    REQUIRE(packets);
    for (const SegmentPacket& packet : *packets) {
      found.push_back({packet.at, reader.head()->codec, Bytes(packet.payload.begin(), packet.payload.end())});
    }
  }
  return found;
}

void check_same(const std::vector<Packet>& a, const std::vector<Packet>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].at == b[i].at);
    CHECK(a[i].codec == b[i].codec);
    CHECK(a[i].payload == b[i].payload);
  }
}

}  // namespace

TEST_CASE("an export of many packets reads back as the same packets at the same times") {
  std::vector<Packet> packets;
  for (int i = 0; i < 200; ++i) {
    packets.push_back({i * 20ms, kPcmu, Bytes(160, static_cast<std::uint8_t>(i))});
  }
  const Bytes file = read_all(packets);
  REQUIRE(file.size() % limits::kFrameBytes == 0);
  check_same(packets_in(file, 0, file.size() / limits::kFrameBytes), packets);
}

TEST_CASE("a long hole stays a hole in an export") {
  const std::vector<Packet> packets = {{0ms, kPcmu, Bytes(160, 1)}, {3600000ms, kPcmu, Bytes(160, 2)}};
  const Bytes file = read_all(packets);
  check_same(packets_in(file, 0, file.size() / limits::kFrameBytes), packets);
}

TEST_CASE("packets of the largest size are exported, though none fits beside the head") {
  const std::vector<Packet> packets = {{0ms, kPcmu, Bytes(limits::kPayloadBytes, 1)},
                                       {500ms, kPcmu, Bytes(limits::kPayloadBytes, 2)}};
  const Bytes file = read_all(packets);
  CHECK(file.size() == 3 * limits::kFrameBytes);
  check_same(packets_in(file, 0, 3), packets);
}

TEST_CASE("a packet larger than a block is an error, not an endless file") {
  MatroskaExport exported(std::make_unique<Packets>(std::vector<Packet>{{0ms, kPcmu, Bytes(5000, 1)}}), head());
  Bytes piece(100000);
  const auto got = exported.read(piece);
  REQUIRE_FALSE(got);
  CHECK(got.error().code == Errc::corrupt);
}

TEST_CASE("where the codec changes a new document begins on the same timeline") {
  const std::vector<Packet> packets = {{0ms, kPcmu, Bytes(160, 1)},
                                       {20ms, kPcmu, Bytes(160, 2)},
                                       {40ms, kPcma, Bytes(160, 3)},
                                       {60ms, kPcma, Bytes(160, 4)}};
  const Bytes file = read_all(packets);
  REQUIRE(file.size() == 2 * limits::kFrameBytes);
  check_same(packets_in(file, 0, 1), {packets[0], packets[1]});
  check_same(packets_in(file, 1, 2), {packets[2], packets[3]});
}

TEST_CASE("an export of nothing is empty") { CHECK(read_all({}).empty()); }

TEST_CASE("a failing source fails the export") {
  MatroskaExport exported(
      std::make_unique<Packets>(std::vector<Packet>{{0ms, kPcmu, Bytes(160, 1)}, {20ms, kPcmu, Bytes(160, 1)}}, 1),
      head());
  Bytes piece(100000);
  const auto got = exported.read(piece);
  REQUIRE_FALSE(got);
  CHECK(got.error().code == Errc::io);
}

}  // namespace assent
