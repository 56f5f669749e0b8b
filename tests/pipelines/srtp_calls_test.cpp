// SRTP legs through the whole of the calls: made, changed, shown, and kept for a restart, and refused without a trace.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "catch.h"
#include "crypto/srtp_engines.h"
#include "engine/calls/call_memory.h"
#include "engine/catalog/person_fields.h"
#include "must.h"
#include "shards_rig.h"
#include "tests/crypto/dtls_client.h"
#include "wait_until.h"

namespace assent {
namespace {

constexpr const char* kPipeline = R"(
[listen]
rtp_ports = "27700-27799"
[capacity]
calls = 10
[media]
sockets = "per-leg"
[consent]
hold = "1s"
[journal]
file_size = "4MiB"
sealed_pages = 1024
[memory]
backing = "locked"
)";

SharedSrtpTerms terms_of(SrtpSuite suite, std::uint8_t number, std::size_t keys = 1) {
  SrtpTerms terms{suite, {}};
  for (std::size_t i = 0; i < keys; ++i) {
    const Bytes mki = keys == 1 ? Bytes{} : Bytes{static_cast<std::uint8_t>(i)};
    terms.keys.push_back(must(SrtpMasterKey::create(suite, Bytes(key_bytes(suite) + salt_bytes(suite), number), mki)));
  }
  return std::make_shared<const SrtpTerms>(std::move(terms));
}

constexpr SrtpSuite kUsual = SrtpSuite::aes_cm_128_hmac_sha1_80;

struct Rig : ShardsRig {
  Rig() : ShardsRig(kPipeline) {}

  Result<CallView> create_with(const SharedSrtpTerms& terms) {
    CallSpec spec = call_of(1);
    spec.legs[0].srtp = terms;
    return calls->create_call(spec, caller);
  }
  Result<CallView> change(CallId call, const std::string& label, const SharedSrtpTerms& terms) {
    LegsSpec spec;
    spec.changes = {{label, std::nullopt, terms}};
    return calls->change_legs(call, spec, caller);
  }
  // What a restart would find.
  LegMedia kept(CallId call) {
    const auto row = *must(catalog->call(call));
    const auto key = must(keys->open(row.key));
    return must(leg_media_from(must(open_leg_media(*key.key, must(catalog->legs(call)).at(0)))));
  }
};

}  // namespace

TEST_CASE("a call's SRTP keys are kept for a restart, its new ones in their place, and its view has none") {
  Rig rig;
  const CallView made = must(rig.create_with(terms_of(kUsual, 1)));
  REQUIRE(made.legs[0].srtp);
  CHECK(made.legs[0].srtp->suite == "AES_CM_128_HMAC_SHA1_80");
  CHECK(rig.kept(made.id).srtp->keys[0].reveal()[0] == 1);
  CHECK(rig.kept(made.id).ports->rtp == made.legs[0].port);

  const CallView changed = must(rig.change(made.id, "leg-0", terms_of(SrtpSuite::aead_aes_128_gcm, 2)));
  CHECK(changed.legs[0].srtp->suite == "AEAD_AES_128_GCM");
  CHECK(rig.kept(made.id).srtp->suite == SrtpSuite::aead_aes_128_gcm);
  CHECK(rig.kept(made.id).srtp->keys[0].reveal()[0] == 2);

  // Another source, and the keys stay.
  REQUIRE(rig.calls->change_leg(made.id, made.legs[0].id, {made.legs[0].payloads, parse_endpoint("192.0.2.1:4000")}));
  CHECK(rig.kept(made.id).source == parse_endpoint("192.0.2.1:4000"));
  CHECK(rig.kept(made.id).srtp->keys[0].reveal()[0] == 2);

  const auto wrong = rig.change(made.id, "nobody", terms_of(kUsual, 3));
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == Errc::invalid);
  CHECK_THAT(wrong.error().what, Catch::Contains("no leg \"nobody\""));
}

TEST_CASE("a leg that was plain may get keys, and is plain until then") {
  Rig rig;
  const CallView made = must(rig.create());
  CHECK_FALSE(made.legs[0].srtp);
  CHECK(rig.kept(made.id).srtp == nullptr);
  CHECK(must(rig.change(made.id, "leg-0", terms_of(kUsual, 1))).legs[0].srtp);
  CHECK(rig.kept(made.id).srtp != nullptr);
}

namespace {

// The other end of a leg, on a socket of its own: it makes its handshake, and then protects packets by what came of it.
class DtlsTalker {
 public:
  explicit DtlsTalker(std::uint16_t port) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    const timeval patience{2, 0};
    REQUIRE(::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
  }
  ~DtlsTalker() { ::close(fd_); }
  DtlsTalker(const DtlsTalker&) = delete;
  DtlsTalker& operator=(const DtlsTalker&) = delete;

  const DtlsFingerprint& fingerprint() const { return client_.fingerprint(); }
  void shake() {
    client_.restart();
    for (Bytes datagram = client_.go_on(); !datagram.empty(); datagram = client_.go_on()) {
      send(datagram);
      Bytes heard(2048);
      const ssize_t got = ::recv(fd_, heard.data(), heard.size(), 0);
      REQUIRE(got > 0);
      client_.give(ByteView(heard).first(static_cast<std::size_t>(got)));
      for (ssize_t more = 0; (more = ::recv(fd_, heard.data(), heard.size(), MSG_DONTWAIT)) > 0;) {
        client_.give(ByteView(heard).first(static_cast<std::size_t>(more)));
      }
    }
    REQUIRE(client_.is_done());
  }
  Bytes key_and_salt() const { return client_.key_and_salt(kUsual); }
  void say(SrtpSuite suite, int packets) {
    const auto engine = must(make_srtp_engine(srtp_means_here(), 1, ArenaBacking::locked_memory));
    const SrtpMasterKey key = must(SrtpMasterKey::create(suite, client_.key_and_salt(suite)));
    const auto session = must(engine->open({.suite = suite, .direction = SrtpDirection::send, .keys = {&key, 1}}));
    for (int i = 0; i < packets; ++i) {
      Bytes packet(172 + limits::kSrtpTrailerBytes);
      packet[0] = 0x80;
      store_be16(packet.data() + 2, next_);
      store_be32(packet.data() + 4, next_++ * 160U);
      packet[11] = 7;
      SrtpPacket one{.session = session.get(), .memory = packet, .bytes = 172};
      engine->protect({&one, 1});
      send(ByteView(packet).first(one.bytes));
    }
  }

 private:
  void send(ByteView datagram) {
    REQUIRE(::send(fd_, datagram.data(), datagram.size(), 0) == static_cast<ssize_t>(datagram.size()));
  }

  DtlsClient client_;
  std::uint16_t next_ = 1;
  int fd_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

}  // namespace

TEST_CASE(
    "a leg by DTLS-SRTP has no keys until its handshake, then they are kept for a restart, and so are later ones") {
  Rig rig;
  DtlsClient other;
  const CallView made =
      must(rig.create_with(std::make_shared<const SrtpTerms>(SrtpTerms{{}, {}, other.fingerprint()})));
  const auto shown = [&] { return *must(rig.calls->call(made.id)).legs[0].srtp; };
  CHECK_FALSE(shown().suite);
  CHECK(shown().fingerprint == to_text(rig.handshakes.fingerprint()));
  CHECK(made.legs[0].rtcp_port == made.legs[0].port);
  CHECK_FALSE(rig.kept(made.id).srtp->has_keys());

  DtlsTalker talker(made.legs[0].port);
  const CallView changed =
      must(rig.change(made.id, "leg-0", std::make_shared<const SrtpTerms>(SrtpTerms{{}, {}, talker.fingerprint()})));
  CHECK_FALSE(changed.legs[0].srtp->suite);
  CHECK(rig.kept(made.id).srtp->by_dtls == talker.fingerprint());
  for (const std::uint64_t opened : {20U, 40U}) {
    talker.shake();
    talker.say(kUsual, 20);
    wait_until([&] { return shown().opened >= opened; });
    CHECK(shown().suite == "AES_CM_128_HMAC_SHA1_80");
    wait_until([&] { return rig.kept(made.id).srtp->has_keys(); });
    CHECK(rig.kept(made.id).srtp->by_dtls == talker.fingerprint());
  }
  const Bytes latest = talker.key_and_salt();
  wait_until([&] { return std::ranges::equal(rig.kept(made.id).srtp->keys.at(0).reveal(), latest); });

  // Another source, and then the same certificate again: the keys stay.
  REQUIRE(rig.calls->change_leg(made.id, made.legs[0].id, {made.legs[0].payloads, parse_endpoint("127.0.0.1:0")}));
  must(rig.change(made.id, "leg-0", std::make_shared<const SrtpTerms>(SrtpTerms{{}, {}, talker.fingerprint()})));
  CHECK(rig.kept(made.id).srtp->has_keys());
  CHECK(rig.kept(made.id).source == parse_endpoint("127.0.0.1:0"));
  talker.say(kUsual, 20);
  wait_until([&] { return shown().opened >= 60; });
  CHECK(rig.handshakes.counts().handshakes.done == 2);
}

TEST_CASE("calls whose keys do not fit the locked memory are refused as exhausted, and leave nothing behind") {
  if (srtp_means_here() != SrtpMeans::batched) return;
  Rig rig;
  const SharedSrtpTerms many = terms_of(kUsual, 1, limits::kSrtpMasterKeys);
  std::vector<CallId> made;
  Result<CallView> refused = error(Errc::invalid, "");
  for (int i = 0; i < 10; ++i) {
    refused = rig.create_with(many);
    if (!refused) break;
    made.push_back(refused->id);
  }
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::exhausted);
  // For 20 legs there is room for 54 keys.
  CHECK(made.size() == limits::srtp_keys_for(20) / limits::kSrtpMasterKeys);
  CHECK(must(rig.calls->calls()).size() == made.size());
  must(rig.calls->end_call(made.back(), rig.caller));
  CHECK(rig.create_with(many));
}

}  // namespace assent
