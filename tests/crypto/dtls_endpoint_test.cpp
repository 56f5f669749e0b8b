#include "crypto/dtls_endpoint.h"

#include <algorithm>
#include <random>
#include <thread>

#include "base/limits.h"
#include "catch.h"
#include "tests/crypto/dtls_client.h"

using namespace assent;

namespace {

const Endpoint kPeer = *parse_endpoint("192.0.2.1:4000");
const Endpoint kStranger = *parse_endpoint("198.51.100.7:4000");
constexpr MonoTime kStart(1h);

const DtlsIdentity& identity() {
  static const std::unique_ptr<DtlsIdentity> made = *DtlsIdentity::create();
  return *made;
}

Bytes alert_in_the_clear() { return {21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40}; }

// A leg that expects a client, and what came of what was sent to it.
struct Leg {
  explicit Leg(const DtlsFingerprint& peer) : endpoint(identity(), peer) {}

  DtlsEndpoint endpoint;
  MonoTime now = kStart;
  std::vector<DtlsEndpoint::Agreed> agreed;

  std::vector<Bytes> send(ByteView datagram, const Endpoint& from) {
    auto outcome = endpoint.receive(datagram, from, now);
    std::vector<Bytes> replies;
    for (auto& reply : outcome.replies) {
      CHECK(reply.to == from);
      CHECK(reply.datagram.size() <= limits::kDtlsDatagramBytes);
      replies.push_back(std::move(reply.datagram));
    }
    if (outcome.agreed) agreed.push_back(*std::move(outcome.agreed));
    return replies;
  }

  // The client's handshake, as far as it gets; `between` is done before each of its datagrams.
  template <typename Between>
  void shake(DtlsClient& client, const Endpoint& from, Between between) {
    for (Bytes datagram = client.go_on(); !datagram.empty(); datagram = client.go_on()) {
      between();
      for (const Bytes& reply : send(datagram, from)) client.give(reply);
    }
  }
  void shake(DtlsClient& client, const Endpoint& from = kPeer) {
    shake(client, from, [] {});
  }
};

// A hello with its cookie.
Bytes proven_hello(Leg& leg, DtlsClient& client, const Endpoint& from) {
  const auto request = leg.send(client.go_on(), from);
  REQUIRE(request.size() == 1);
  client.give(request.front());
  return client.go_on();
}

}  // namespace

TEST_CASE("a handshake ends with the keys that the client protects with, of each SRTP profile") {
  const std::pair<const char*, SrtpSuite> profiles[] = {{"SRTP_AES128_CM_SHA1_80", SrtpSuite::aes_cm_128_hmac_sha1_80},
                                                        {"SRTP_AES128_CM_SHA1_32", SrtpSuite::aes_cm_128_hmac_sha1_32},
                                                        {"SRTP_AEAD_AES_128_GCM", SrtpSuite::aead_aes_128_gcm},
                                                        {"SRTP_AEAD_AES_256_GCM", SrtpSuite::aead_aes_256_gcm}};
  for (const auto& [profile, suite] : profiles) {
    INFO(profile);
    DtlsClient client(profile);
    Leg leg(client.fingerprint());
    leg.shake(client);
    REQUIRE(client.is_done());
    REQUIRE(leg.agreed.size() == 1);
    CHECK(leg.agreed.front().with == kPeer);
    CHECK(leg.agreed.front().keys.suite == suite);
    CHECK(to_hex(leg.agreed.front().keys.theirs.reveal()) == to_hex(client.key_and_salt(suite)));
    CHECK(client.shown_sha256() == identity().fingerprint().bytes);
    CHECK(leg.endpoint.counts().done == 1);
  }
}

TEST_CASE("the certificate counts by whichever hash the session description has") {
  for (const auto hash : {DtlsFingerprint::Hash::sha384, DtlsFingerprint::Hash::sha512}) {
    DtlsClient client("SRTP_AES128_CM_SHA1_80", hash);
    Leg leg(client.fingerprint());
    leg.shake(client);
    CHECK(leg.agreed.size() == 1);
  }
}

TEST_CASE("who shows another certificate gets no keys and no answer") {
  DtlsClient expected;
  DtlsClient other;
  Leg leg(expected.fingerprint());
  leg.shake(other, kStranger);
  CHECK_FALSE(other.is_done());
  CHECK(leg.agreed.empty());
  CHECK(leg.endpoint.counts().failed == 1);
  CHECK_FALSE(leg.endpoint.due(leg.now));

  leg.shake(expected);
  CHECK(leg.agreed.size() == 1);
}

TEST_CASE("who has no use for SRTP gets no keys") {
  DtlsClient client(nullptr);
  Leg leg(client.fingerprint());
  leg.shake(client);
  CHECK(leg.agreed.empty());
  CHECK(leg.endpoint.counts().failed == 1);
}

TEST_CASE("hellos of forged senders leave nothing behind") {
  DtlsClient client;
  Leg leg(client.fingerprint());
  const Bytes hello = client.go_on();
  std::mt19937 random(1);
  for (int i = 0; i < 10'000; ++i) {
    Endpoint forged = kStranger;
    forged.address[15] = static_cast<std::uint8_t>(random());
    forged.port = static_cast<std::uint16_t>(random());
    const auto replies = leg.send(hello, forged);
    REQUIRE(replies.size() == 1);
    REQUIRE(replies.front().size() <= hello.size());  // no use for amplifying
  }
  CHECK(leg.endpoint.counts().begun == 0);
  CHECK_FALSE(leg.endpoint.due(leg.now));
}

TEST_CASE("a cookie is good for its source and for its time, whatever the hello says") {
  DtlsClient client;
  const auto begun_with = [&](auto change) {
    Leg leg(client.fingerprint());
    client.restart();
    Bytes hello = proven_hello(leg, client, kPeer);
    Endpoint from = kPeer;
    change(hello, from, leg.now);
    leg.send(hello, from);
    return leg.endpoint.counts().begun;
  };
  CHECK(begun_with([](Bytes&, Endpoint&, MonoTime&) {}) == 1);
  CHECK(begun_with([](Bytes&, Endpoint& from, MonoTime&) { from = kStranger; }) == 0);
  CHECK(begun_with([](Bytes&, Endpoint& from, MonoTime&) { ++from.port; }) == 0);
  CHECK(begun_with([](Bytes& hello, Endpoint&, MonoTime&) { hello.at(13 + 12 + 2) ^= 1; }) == 1);   // its random
  CHECK(begun_with([](Bytes& hello, Endpoint&, MonoTime&) { hello.at(13 + 12 + 36) ^= 1; }) == 0);  // its cookie
  CHECK(begun_with([](Bytes&, Endpoint&, MonoTime& now) { now += limits::kDtlsCookieAge; }) == 1);
  CHECK(begun_with([](Bytes&, Endpoint&, MonoTime& now) { now += 2 * limits::kDtlsCookieAge; }) == 0);
}

TEST_CASE("alerts in the clear, forged hellos and noise from the very source do not end a handshake") {
  DtlsClient client;
  Leg leg(client.fingerprint());
  Bytes forged = DtlsClient().go_on();
  std::mt19937 random(2);
  leg.shake(client, kPeer, [&] {
    for (int i = 0; i < 50; ++i) {
      CHECK(leg.send(alert_in_the_clear(), kPeer).empty());
      CHECK(leg.send(forged, kPeer).size() == 1);
      Bytes noise(20 + random() % 200);
      for (auto& byte : noise) byte = static_cast<std::uint8_t>(random());
      noise.front() = static_cast<std::uint8_t>(20 + random() % 44);
      leg.send(noise, kPeer);
    }
  });
  CHECK(client.is_done());
  CHECK(leg.agreed.size() == 1);
  CHECK(leg.endpoint.counts().begun == 1);
  CHECK(leg.endpoint.counts().dropped > 0);
  CHECK(leg.send(alert_in_the_clear(), kPeer).empty());
}

TEST_CASE("an alert in the clear behind a record of the handshake is not listened to") {
  DtlsClient client;
  Leg leg(client.fingerprint());
  for (const Bytes& reply : leg.send(proven_hello(leg, client, kPeer), kPeer)) client.give(reply);
  Bytes datagram = alert_in_the_clear();
  append(datagram, client.go_on());
  append(datagram, alert_in_the_clear());
  leg.send(datagram, kPeer);
  CHECK(leg.agreed.size() == 1);
}

TEST_CASE("who comes from one address does not take the place of another") {
  DtlsClient client;
  Leg leg(client.fingerprint());
  for (const Bytes& reply : leg.send(proven_hello(leg, client, kPeer), kPeer)) client.give(reply);
  for (std::uint16_t port = 1; port <= 50; ++port) {
    DtlsClient stranger;
    Endpoint from = kStranger;
    from.port = port;
    leg.send(proven_hello(leg, stranger, from), from);
  }
  CHECK(leg.endpoint.counts().begun == 51);
  CHECK(leg.endpoint.counts().given_up == 50 - limits::kDtlsSourcesOfAddress);
  leg.shake(client);
  CHECK(leg.agreed.size() == 1);
}

TEST_CASE("what is begun and not ended is bounded, and its time, too") {
  DtlsClient client;
  Leg leg(client.fingerprint());
  for (std::uint8_t host = 1; host <= 50; ++host) {
    DtlsClient stranger;
    Endpoint from = kStranger;
    from.address[15] = host;
    leg.send(proven_hello(leg, stranger, from), from);
  }
  CHECK(leg.endpoint.counts().given_up == 50 - limits::kDtlsSources);
  CHECK(leg.endpoint.due(leg.now));
  leg.now += limits::kDtlsHandshakeTime;
  (void)leg.endpoint.tick(leg.now);
  CHECK(leg.endpoint.counts().given_up == 50);
  CHECK_FALSE(leg.endpoint.due(leg.now));
}

TEST_CASE("a peer that has lost its keys, or moved, agrees on others") {
  DtlsClient client;
  Leg leg(client.fingerprint());
  leg.shake(client);
  client.restart();
  leg.shake(client);
  client.restart();
  Endpoint moved = kPeer;
  moved.port = 5000;
  leg.shake(client, moved);
  REQUIRE(leg.agreed.size() == 3);
  CHECK(leg.agreed.at(2).with == moved);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(to_hex(leg.agreed.at(i).keys.theirs.reveal()) != to_hex(leg.agreed.at(i + 1).keys.theirs.reveal()));
  }
}

TEST_CASE("a peer that did not hear the end of the handshake hears it again") {
  DtlsClient client;
  Leg leg(client.fingerprint());
  for (const Bytes& reply : leg.send(proven_hello(leg, client, kPeer), kPeer)) client.give(reply);
  const Bytes last = client.go_on();
  CHECK_FALSE(leg.send(last, kPeer).empty());  // lost
  CHECK(leg.agreed.size() == 1);
  CHECK_FALSE(client.is_done());
  std::this_thread::sleep_for(1100ms);  // OpenSSL's own timer
  const Bytes again = client.go_on();
  for (const Bytes& reply : leg.send(again, kPeer)) client.give(reply);
  CHECK(client.is_done());
  CHECK(leg.agreed.size() == 1);
}

TEST_CASE("what is lost of our flight is sent again") {
  DtlsClient client;
  Leg leg(client.fingerprint());
  CHECK_FALSE(leg.send(proven_hello(leg, client, kPeer), kPeer).empty());  // lost
  const auto due = leg.endpoint.due(leg.now);
  REQUIRE(due);
  CHECK(*due <= leg.now + 1s);
  std::this_thread::sleep_for(*due - leg.now + 10ms);
  const auto again = leg.endpoint.tick(leg.now);
  CHECK_FALSE(again.replies.empty());
  for (const auto& reply : again.replies) client.give(reply.datagram);
  leg.shake(client);
  CHECK(leg.agreed.size() == 1);
}

TEST_CASE("a fingerprint is read as SDP has it, and of good hashes only") {
  const std::string text =
      "sha-256 12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD";
  const auto fingerprint = parse_dtls_fingerprint(text);
  REQUIRE(fingerprint);
  CHECK(fingerprint->bytes.size() == 32);
  CHECK(to_text(*fingerprint) == text);
  CHECK(parse_dtls_fingerprint("SHA-256" + text.substr(7)).value() == *fingerprint);
  CHECK(parse_dtls_fingerprint("sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB").error().code ==
        Errc::unsupported);
  for (const std::string& wrong : {std::string(), std::string("sha-256"), text + ":", text + ":00", text.substr(0, 98),
                                   "sha-256 " + std::string(95, 'A'), text.substr(0, text.size() - 1) + "G"}) {
    INFO(wrong);
    CHECK(parse_dtls_fingerprint(wrong).error().code == Errc::invalid);
  }
}

TEST_CASE("a hello that is cut short or of another kind is none, and a first piece is one") {
  DtlsClient client;
  const Bytes hello = client.go_on();
  REQUIRE(parse_client_hello(hello));
  for (std::size_t size = 0; size < hello.size(); ++size) CHECK_FALSE(parse_client_hello(ByteView(hello).first(size)));
  const auto is_hello_with = [&](std::size_t at, std::uint8_t byte) {
    Bytes changed = hello;
    changed.at(at) = byte;
    return parse_client_hello(changed).has_value();
  };
  CHECK_FALSE(is_hello_with(0, 23));    // no handshake
  CHECK_FALSE(is_hello_with(1, 3));     // TLS
  CHECK_FALSE(is_hello_with(4, 1));     // encrypted
  CHECK_FALSE(is_hello_with(13, 2));    // a ServerHello
  CHECK_FALSE(is_hello_with(21, 1));    // does not begin at its beginning
  CHECK_FALSE(is_hello_with(24, 1));    // has not so many bytes
  CHECK_FALSE(is_hello_with(59, 255));  // a session that is longer than all of it
}

namespace {

// The same message in records of at most so many bytes of it.
std::vector<Bytes> in_pieces(const Bytes& hello, std::size_t most) {
  std::vector<Bytes> pieces;
  for (std::size_t at = 0; 25 + at < hello.size(); at += most) {
    const std::size_t size = std::min(most, hello.size() - 25 - at);
    Bytes piece(hello.begin(), hello.begin() + 25);
    piece.at(10) = static_cast<std::uint8_t>(hello.at(10) + pieces.size());
    store_be16(piece.data() + 11, static_cast<std::uint16_t>(12 + size));
    store_be16(piece.data() + 20, static_cast<std::uint16_t>(at));
    store_be16(piece.data() + 23, static_cast<std::uint16_t>(size));
    append(piece, ByteView(hello).subspan(25 + at, size));
    pieces.push_back(piece);
  }
  return pieces;
}

}  // namespace

TEST_CASE("a hello in pieces begins a handshake like any other") {
  for (const std::size_t most : {std::size_t{100}, std::size_t{150}}) {
    DtlsClient client;
    Leg leg(client.fingerprint());
    const auto first = in_pieces(client.go_on(), most);
    REQUIRE(first.size() > 1);
    const auto request = leg.send(first[0], kPeer);
    REQUIRE(request.size() == 1);
    for (std::size_t i = 1; i < first.size(); ++i) CHECK(leg.send(first[i], kPeer).empty());
    client.give(request[0]);
    for (const Bytes& piece : in_pieces(client.go_on(), most)) {
      for (const Bytes& reply : leg.send(piece, kPeer)) client.give(reply);
    }
    leg.shake(client);
    CHECK(leg.agreed.size() == 1);
    CHECK(leg.endpoint.counts().begun == 1);
  }
}

TEST_CASE("what somebody says in a client's name, from its address and port, does not end its handshake") {
  const auto record = [](std::uint8_t type, std::uint8_t epoch, std::uint8_t number, std::size_t size) {
    Bytes bytes{type, 0xFE, 0xFD, 0, epoch, number, number, number, number, number, number, 0, 0};
    store_be16(bytes.data() + 11, static_cast<std::uint16_t>(size));
    bytes.resize(13 + size, 1);
    return bytes;
  };
  DtlsClient client;
  Leg leg(client.fingerprint());
  leg.shake(client, kPeer, [&] {
    for (const std::uint8_t number : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{255}}) {
      for (std::size_t size = 1; size <= 64; ++size) {  // also too short to be encrypted
        for (const std::uint8_t type : {std::uint8_t{20}, std::uint8_t{21}, std::uint8_t{22}, std::uint8_t{23}}) {
          leg.send(record(type, 1, number, size), kPeer);
          leg.send(record(type, 2, number, size), kPeer);
        }
      }
      leg.send(record(20, 0, number, 1), kPeer);  // a change of cipher in the clear
    }
  });
  CHECK(client.is_done());
  CHECK(leg.agreed.size() == 1);
}

TEST_CASE("a client whose hello was answered in somebody else's words still gets in") {
  DtlsClient client;
  Leg leg(client.fingerprint());
  const Bytes hello = client.go_on();
  const auto forged = leg.send(DtlsClient().go_on(), kPeer);
  REQUIRE(forged.size() == 1);
  client.give(forged[0]);  // which it takes for its own
  leg.shake(client);
  CHECK(client.is_done());
  CHECK(leg.agreed.size() == 1);

  // A number that is far ahead would make what follows old.
  Bytes ahead = hello;
  ahead.at(9) = 1;
  CHECK(leg.send(ahead, kStranger).empty());
  CHECK(leg.send(hello, kStranger).size() == 1);
}

TEST_CASE("what a datagram looks like shows by its first record") {
  const auto record = [](std::uint8_t type, std::uint8_t epoch, std::uint8_t first) {
    Bytes bytes{type, 0xFE, 0xFD, 0, epoch, 0, 0, 0, 0, 0, 9, 0, 12, first};
    bytes.resize(13 + 12);
    return bytes;
  };
  CHECK(look_of(record(22, 0, 1)) == DtlsLook::hello);
  CHECK(look_of(record(22, 0, 11)) == DtlsLook::record);
  Bytes later_piece = record(22, 0, 1);
  later_piece.at(13 + 8) = 100;  // where it begins
  CHECK(look_of(later_piece) == DtlsLook::record);
  CHECK(look_of(record(20, 0, 1)) == DtlsLook::record);
  Bytes encrypted = record(22, 1, 1);
  encrypted.at(12) = 36;
  encrypted.resize(13 + 36);
  CHECK(look_of(encrypted) == DtlsLook::record);
  CHECK(look_of(record(22, 1, 1)) == DtlsLook::nothing);  // too short to be that
  CHECK(look_of(record(21, 1, 1)) == DtlsLook::nothing);
  CHECK(look_of(record(20, 1, 1)) == DtlsLook::nothing);
  CHECK(look_of(record(21, 0, 2)) == DtlsLook::nothing);
  CHECK(look_of(record(23, 0, 2)) == DtlsLook::nothing);
  CHECK(look_of({}) == DtlsLook::nothing);
  CHECK(look_of(Bytes(20, 22)) == DtlsLook::nothing);                                           // no version of DTLS
  CHECK(look_of(Bytes{22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 9, 0, 9, 1}) == DtlsLook::nothing);  // cut off
  DtlsClient client;
  CHECK(look_of(client.go_on()) == DtlsLook::hello);
}
