// Both engines on the same packets, drawn from a seed: sessions of all suites, some with MKIs, over wraps, with loss,
// reordering, replays, damage and rekeys. What each says of a packet is the same, and what it opens is what was sealed.
// Of a damaged packet it is only asked that both refuse it: libsrtp forgets its replay window at a rekey.
//
// PACKETS=1000000 SEED=7 for more, and others.
#include <cstdlib>
#include <deque>
#include <string>

#include "srtp_rig.h"

using namespace assent;
using namespace assent::test;

namespace {

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

// Whether the engines agree about a packet.
bool agree(SrtpFault ours, SrtpFault theirs, bool is_sound) {
  return is_sound ? ours == theirs : ours != SrtpFault::none && theirs != SrtpFault::none;
}

// A session with its ends: one seals, in turn by either engine; both open.
struct Line {
  SrtpSuite suite;
  std::uint32_t ssrc;
  std::uint64_t index;
  Bytes mki;
  std::unique_ptr<SrtpSession> ours_sends;
  std::unique_ptr<SrtpSession> theirs_sends;
  std::unique_ptr<SrtpSession> ours;
  std::unique_ptr<SrtpSession> theirs;
  struct Late {
    std::uint64_t index;
    Bytes sealed;
    Bytes plain;
  };
  std::deque<Late> late;
};

struct Arrival {
  Line* line;
  Bytes sealed;
  Bytes plain;
  bool is_sound;
};

class Comparison {
 public:
  explicit Comparison(std::uint64_t seed) : random_(seed) {
    for (std::size_t i = 0; i < 4 * kSrtpSuites.size(); ++i) {
      Line line;
      line.suite = kSrtpSuites[i % kSrtpSuites.size()];
      line.ssrc = static_cast<std::uint32_t>(random_());
      line.index = i % 3 == 0 ? 65536 - below(60) : below(30000);
      if (i >= 2 * kSrtpSuites.size()) line.mki = Bytes(1 + below(4), static_cast<std::uint8_t>(i));
      const auto keys = some_keys(line);
      line.ours_sends = open_session(*ours_, line.suite, SrtpDirection::send, keys);
      line.theirs_sends = open_session(*theirs_, line.suite, SrtpDirection::send, keys);
      line.ours = open_session(*ours_, line.suite, SrtpDirection::receive, keys);
      line.theirs = open_session(*theirs_, line.suite, SrtpDirection::receive, keys);
      lines_.push_back(std::move(line));
    }
  }

  void run(std::uint64_t packets) {
    while (compared_ < packets) {
      std::vector<Arrival> arrivals;
      may_jump_ = true;
      for (std::size_t wanted = 1 + below(150); arrivals.size() < wanted;) turn(arrivals);
      compare(arrivals);
    }
    CHECK(taken_ > packets / 2);
    CHECK(refused_ > packets / 10);
    for (const Line& line : lines_) {
      CHECK(line.ours->counts().packets == line.theirs->counts().packets);
    }
  }

 private:
  std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(random_() % end); }

  std::vector<SrtpMasterKey> some_keys(const Line& line) {
    std::vector<SrtpMasterKey> keys;
    for (std::size_t i = 0; i < (line.mki.empty() ? 1 : 2); ++i) {
      Bytes bytes(key_bytes(line.suite) + salt_bytes(line.suite));
      for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random_());
      Bytes mki = line.mki;
      if (!mki.empty()) mki.back() = static_cast<std::uint8_t>(mki.back() + i);
      keys.push_back(std::move(SrtpMasterKey::create(line.suite, bytes, mki)).value());
    }
    return keys;
  }

  Bytes some_rtp(const Line& line) {
    Bytes packet = rtp_of(line.index, line.ssrc, below(4) == 0 ? below(1400) : 160);
    if (below(10) != 0) return packet;
    const std::size_t sources = below(16);
    const std::size_t words = below(5);
    Bytes longer(packet.begin(), packet.begin() + 12);
    longer[0] = static_cast<std::uint8_t>(0x90 | sources);
    longer.resize(12 + 4 * sources, 0x77);
    append_be32(longer, static_cast<std::uint32_t>(0xBEDE0000 | words));
    longer.resize(longer.size() + 4 * words, 0x33);
    append(longer, ByteView(packet).subspan(12));
    return longer;
  }

  void turn(std::vector<Arrival>& arrivals) {
    Line& line = lines_[below(static_cast<std::uint32_t>(lines_.size()))];
    if (arrivals.empty() && below(60) == 0) rekey(line);
    ++line.index;
    if (may_jump_ && below(20) == 0) {
      line.index += below(20000);
      may_jump_ = false;
    }
    // More than half a circle behind, the two would guess differently, as of when they last looked.
    while (!line.late.empty() && line.late.front().index + 10000 < line.index) line.late.pop_front();
    const Bytes plain = some_rtp(line);
    Bytes packet = sealed(*ours_, *line.ours_sends, plain);
    REQUIRE(packet == sealed(*theirs_, *line.theirs_sends, plain));
    if (below(20) == 0) return;  // lost
    if (below(12) == 0) line.late.push_back({line.index, packet, plain});
    if (below(12) == 0) {
      packet[below(static_cast<std::uint32_t>(packet.size()))] ^= static_cast<std::uint8_t>(1U << below(8));
      arrivals.push_back({&line, packet, plain, false});
    } else if (below(50) == 0) {
      packet.resize(below(static_cast<std::uint32_t>(packet.size())));
      arrivals.push_back({&line, packet, plain, false});
    } else {
      arrivals.push_back({&line, packet, plain, true});
    }
    // What comes late is there already, or was damaged, or is behind the window by now.
    if (!line.late.empty() && below(8) == 0) {
      const std::size_t which = below(static_cast<std::uint32_t>(line.late.size()));
      arrivals.push_back({&line, line.late[which].sealed, line.late[which].plain, true});
      if (line.late.size() > 8) line.late.pop_front();
    }
  }

  // Between two batches.
  void rekey(Line& line) {
    const auto keys = some_keys(line);
    for (SrtpSession* const session :
         {line.ours_sends.get(), line.theirs_sends.get(), line.ours.get(), line.theirs.get()}) {
      REQUIRE(session->rekey(keys));
    }
    line.late.clear();
  }

  void compare(const std::vector<Arrival>& arrivals) {
    std::vector<std::unique_ptr<Held>> held;
    std::vector<SrtpPacket> batch;
    for (const Arrival& arrival : arrivals) {
      held.push_back(std::make_unique<Held>(*arrival.line->ours, arrival.sealed));
      batch.push_back(**held.back());
    }
    ours_->unprotect(batch);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Opened theirs = opened(*theirs_, *arrivals[i].line->theirs, arrivals[i].sealed);
      CAPTURE(compared_, name_of(arrivals[i].line->suite), name_of(batch[i].fault), name_of(theirs.fault));
      if (!agree(batch[i].fault, theirs.fault, arrivals[i].is_sound)) FAIL("the engines do not agree");
      const auto mine = batch[i].memory.first(batch[i].bytes);
      if (theirs.fault == SrtpFault::none) {
        if (!std::ranges::equal(mine, arrivals[i].plain)) FAIL("ours opened something else");
        if (theirs.packet != arrivals[i].plain) FAIL("libsrtp opened something else");
        ++taken_;
      } else {
        if (batch[i].bytes != 0) FAIL("a packet with a fault has bytes");
        ++refused_;
      }
      ++compared_;
    }
  }

  std::mt19937_64 random_;
  std::unique_ptr<SrtpEngine> ours_ = make_engine(EngineKind::batched, 512);
  std::unique_ptr<SrtpEngine> theirs_ = make_engine(EngineKind::libsrtp);
  std::vector<Line> lines_;
  bool may_jump_ = false;  // once a batch
  std::uint64_t compared_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace

TEST_CASE("the batched engine and libsrtp say the same of every packet") {
  if (is_missing(EngineKind::batched)) return;
  const std::uint64_t seed = setting("SEED", 1);
  INFO("SEED=" << seed);
  Comparison(seed).run(setting("PACKETS", 200'000));
}

TEST_CASE("RTCP that either engine seals is opened by both, once, and not when it was touched") {
  if (is_missing(EngineKind::batched)) return;
  const auto ours = make_engine(EngineKind::batched);
  const auto theirs = make_engine(EngineKind::libsrtp);
  std::mt19937 random(1);
  for (const SrtpSuite suite : kSrtpSuites) {
    for (const Bytes& mki : {Bytes{}, Bytes{1, 2, 3}}) {
      CAPTURE(name_of(suite), mki.size());
      const auto keys = one_key(suite, 5, mki);
      for (SrtpEngine* const sealer : {ours.get(), theirs.get()}) {
        const auto sender = open_session(*sealer, suite, SrtpDirection::send, keys);
        const auto our_end = open_session(*ours, suite, SrtpDirection::receive, keys);
        const auto their_end = open_session(*theirs, suite, SrtpDirection::receive, keys);
        const auto opened_by = [&](SrtpEngine& engine, SrtpSession& session, const Bytes& packet) {
          Held held(session, packet);
          engine.unprotect_rtcp(*held);
          return Opened{held->fault, held.bytes()};
        };
        for (int i = 0; i < 150; ++i) {
          Bytes report(8 + 4 * (random() % 40));
          for (auto& byte : report) byte = static_cast<std::uint8_t>(random());
          report[0] = 0x81;
          store_be32(report.data() + 4, static_cast<std::uint32_t>(random() % 3));
          Held sent(*sender, report);
          sealer->protect_rtcp(*sent);
          REQUIRE(sent->fault == SrtpFault::none);
          Bytes touched = sent.bytes();
          touched[4 + random() % (touched.size() - 4)] ^= static_cast<std::uint8_t>(1U << random() % 8);
          REQUIRE(opened_by(*ours, *our_end, touched).packet.empty());
          REQUIRE(opened_by(*theirs, *their_end, touched).packet.empty());
          const Opened sound{SrtpFault::none, report};
          REQUIRE(opened_by(*ours, *our_end, sent.bytes()) == sound);
          // libsrtp looks for the MKI of RTCP as if its tag were as short as that of RTP.
          const bool is_lost = !mki.empty() && tag_bytes(suite) == 4;
          REQUIRE(opened_by(*theirs, *their_end, sent.bytes()) ==
                  (is_lost ? Opened{SrtpFault::unknown_mki, {}} : sound));
          REQUIRE(opened_by(*ours, *our_end, sent.bytes()) == Opened{SrtpFault::replayed, {}});
        }
      }
    }
  }
}
