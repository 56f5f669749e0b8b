// Datagrams without sockets, and what a leg makes of them, for tests of the receiver.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/secure_arena.h"
#include "catch.h"
#include "engine/ingest/leg_receiver.h"

namespace assent {

inline BlockPool make_pool(std::size_t blocks) {
  auto arena = SecureArena::create(blocks * sizeof(Block), ArenaBacking::locked_memory);
  REQUIRE(arena);
  return BlockPool(std::move(*arena));
}

// A source whose datagrams are made by the test.
class ScriptedSource final : public DatagramSource {
 public:
  static Datagram datagram(BlockPool& pool, ByteView bytes, const Endpoint& from) {
    BlockRef block = pool.take();
    REQUIRE(block);
    std::copy(bytes.begin(), bytes.end(), block->plain.begin());
    return make_datagram(std::move(block), static_cast<std::uint16_t>(bytes.size()), from);
  }

  Result<LegPorts> open(LegSlot, RtcpPort) override { return LegPorts{}; }
  Result<void> reopen(LegSlot, LegPorts) override { return {}; }
  void close(LegSlot) override {}
  void sweep(DatagramSink&) override {}
  Result<void> send(LegSlot, const Endpoint&, ByteView) override { return {}; }
  SourceCounts counts() override { return counts_; }

 private:
  SourceCounts counts_;
};

inline constexpr WallTime kWallStart{seconds(1'800'000'000)};
inline Now moment(nanoseconds since_start) { return {MonoTime(1h + since_start), kWallStart + since_start}; }

// Everything a receiver told, in order.
struct ReceivedAudio final : LegSink {
  struct Piece {
    nanoseconds at;  // since kWallStart
    std::uint32_t ticks;
    Bytes payload;
  };

  void on_audio(ByteView payload, WallTime at, std::uint32_t ticks) override {
    audio.push_back({at - kWallStart, ticks, {payload.begin(), payload.end()}});
    story += 'a';
  }
  void on_digit(char digit, WallTime at) override {
    digits += digit;
    digit_times.push_back(at - kWallStart);
    story += digit;
  }
  void on_codec_change(const Codec& codec) override {
    codecs.push_back(codec);
    story += 'c';
  }
  void on_timeline_break() override { story += 'b'; }
  void on_bye(Now) override { story += 'B'; }

  std::vector<Piece> audio;
  std::string digits;
  std::vector<nanoseconds> digit_times;
  std::vector<Codec> codecs;
  std::string story;  // a audio, b break, c codec, B bye, and the digits themselves
};

}  // namespace assent
