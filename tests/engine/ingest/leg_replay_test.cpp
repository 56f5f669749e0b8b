// The captures that come with sip-tester, through a receiver as if they arrived now.
#include <array>
#include <string>

#include "engine/ingest/leg_receiver.h"
#include "pcap_file.h"
#include "received.h"

using namespace assent;

namespace {

const Endpoint kSender = *parse_endpoint("192.0.2.1:4000");

struct Replay {
  BlockPool pool = make_pool(96);
  LegReceiver receiver = *LegReceiver::create({{{{8, {CodecName::pcma, 8000, 1}}}, std::uint8_t{101}}});
  ReceivedAudio heard;
  nanoseconds start = 0ns;  // of the present capture, since kWallStart

  // False when the capture is not installed.
  bool play(const std::string& name) {
    const auto packets = read_pcap("/usr/share/sip-tester/" + name);
    if (!packets) {
      WARN("skipped: sip-tester's " << name << " is not installed");
      return false;
    }
    for (const auto& packet : *packets) {
      const Now now = moment(start + packet.captured - packets->front().captured);
      receiver.receive(ScriptedSource::datagram(pool, packet.payload, kSender), DatagramPort::rtp, now, heard);
      receiver.poll(now, heard);
    }
    start += packets->back().captured - packets->front().captured + 30ms;
    receiver.finish(moment(start), heard);
    return true;
  }
};

}  // namespace

TEST_CASE("a captured G.711 call is received whole, contiguous and on time") {
  Replay replay;
  if (!replay.play("g711a.pcap")) return;
  const ReceiverCounts counts = replay.receiver.counts();
  CHECK(counts.packets == 236);
  CHECK(counts.audio == 236);
  CHECK(counts.bytes == 236 * 240);
  CHECK(counts.lost + counts.late + counts.duplicated + counts.timestamp_jumps == 0);
  REQUIRE(replay.heard.audio.size() == 236);
  for (std::size_t i = 0; i < replay.heard.audio.size(); ++i) {
    REQUIRE(replay.heard.audio[i].ticks == 240);
    REQUIRE(replay.heard.audio[i].at == i * 30ms);
  }
}

TEST_CASE("a captured digit is heard exactly once") {
  Replay replay;
  if (!replay.play("dtmf_2833_1.pcap")) return;
  CHECK(replay.heard.digits == "1");
  CHECK(replay.heard.audio.empty());
  CHECK(replay.receiver.counts().packets == 10);
  CHECK(replay.receiver.counts().digits == 1);
}

TEST_CASE("every captured digit is heard once, between audio that stays whole") {
  Replay replay;
  std::string expected;
  if (!replay.play("g711a.pcap")) return;
  for (const auto& [name, digit] : {std::pair<const char*, char>{"0", '0'},
                                    {"1", '1'},
                                    {"2", '2'},
                                    {"3", '3'},
                                    {"4", '4'},
                                    {"5", '5'},
                                    {"6", '6'},
                                    {"7", '7'},
                                    {"8", '8'},
                                    {"9", '9'},
                                    {"pound", '#'},
                                    {"star", '*'}}) {
    if (!replay.play(std::string("dtmf_2833_") + name + ".pcap")) return;
    expected += digit;
  }
  CHECK(replay.heard.digits == expected);
  CHECK(replay.receiver.counts().audio == 236);
  CHECK(replay.receiver.counts().ssrc_changes == 0);
}
