// The server as a whole, with real sockets of loopback.
#include "engine/signalling/sip/recording_server.h"

#include <thread>

#include "catch.h"
#include "server_rig.h"
#include "sip_peer.h"

using namespace assent;

namespace {

constexpr const char* kSdp =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n";

struct Client {
  explicit Client(SipPeer& to, std::string by = "UDP") : peer(to), transport(std::move(by)) {}

  std::string request(const std::string& method, unsigned cseq, const std::string& branch,
                      const std::string& body = "") const {
    const std::string to = "<sip:srs@127.0.0.1>" + (tag.empty() ? "" : ";tag=" + tag);
    std::string text = method + " sip:srs@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/" + transport + " " + peer.via() +
                       ";branch=z9hG4bK" + branch + "\r\nFrom: <sip:src@127.0.0.1>;tag=src\r\nTo: " + to +
                       "\r\nCall-ID: " + call + "\r\nCSeq: " + std::to_string(cseq) + " " + method +
                       "\r\nMax-Forwards: 70\r\nContact: <sip:src@" + peer.via() + ";transport=" + transport +
                       ">;+sip.src\r\nRequire: siprec\r\nAllow: INVITE, ACK, BYE, UPDATE\r\n";
    if (!body.empty()) text += "Content-Type: application/sdp\r\n";
    return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  // The session is there, and acknowledged.
  std::string establish() {
    peer.send(request("INVITE", 1, "i", kSdp));
    const std::string answer = peer.read_one("SIP/2.0 200");
    tag = tag_of(header_of(answer, "To"));
    peer.send(request("ACK", 1, "a"));
    return answer;
  }

  SipPeer& peer;
  std::string transport;
  std::string call = "call-1";
  std::string tag;
};

template <typename Condition>
bool comes_true(Condition condition) {
  const MonoTime end = read_mono() + seconds(5);
  while (read_mono() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return false;
}

std::uint64_t count_of(const SiprecCounters::ByName& counts, const std::string& wanted) {
  for (const auto& [name, count] : counts) {
    if (name == wanted) return count;
  }
  return 0;
}

}  // namespace

TEST_CASE("a session is begun and ended by UDP, TCP and IPv6") {
  ServerRig rig({{{SipTransport::udp, *parse_endpoint("127.0.0.1:0")}, false},
                 {{SipTransport::tcp, *parse_endpoint("127.0.0.1:0")}, false},
                 {{SipTransport::udp, *parse_endpoint("[::1]:0")}, false}});
  REQUIRE(rig.failure == "");
  for (std::size_t i = 0; i < 3; ++i) {
    INFO(i);
    SipPeer peer(rig.address(i), i == 1 ? SipPeer::Kind::stream : SipPeer::Kind::datagrams);
    REQUIRE(peer.is_connected());
    Client client(peer, i == 1 ? "TCP" : "UDP");
    client.call += std::to_string(i);
    const std::string answer = client.establish();
    CHECK(answer.find("+sip.srs") != std::string::npos);
    CHECK(header_of(answer, "Contact").find(to_text(rig.address(i))) != std::string::npos);
    CHECK(rig.sessions.count() == 1);
    peer.send(client.request("BYE", 2, "b"));
    CHECK(!peer.read_one("SIP/2.0 200").empty());
    CHECK(comes_true([&] { return rig.sessions.count() == 0; }));
  }
  CHECK(comes_true([&] { return count_of(rig.server->counters().ended, "bye") == 3; }));
  CHECK(count_of(rig.server->counters().requests, "INVITE") == 3);
  CHECK(count_of(rig.server->counters().requests, "ACK") == 3);
  CHECK(count_of(rig.server->counters().sessions, "loopback") == 0);
}

TEST_CASE("a repeated INVITE gets the same answer, and begins nothing") {
  ServerRig rig;
  SipPeer peer(rig.address());
  Client client(peer);
  const std::string invite = client.request("INVITE", 1, "i", kSdp);
  peer.send(invite);
  CHECK(!peer.read_one("SIP/2.0 100").empty());
  const std::string first = peer.read_one("SIP/2.0 200");
  peer.send(invite);
  CHECK(peer.read_one("SIP/2.0 200") == first);
  CHECK(rig.sessions.count() == 1);
}

TEST_CASE("a CANCEL is answered, and so is its INVITE") {
  ServerRig rig;
  SipPeer peer(rig.address());
  Client client(peer);
  // The session cannot begin while the test has its lock.
  std::unique_lock lock(rig.sessions.mutex);
  peer.send(client.request("INVITE", 1, "i", kSdp));
  CHECK(!peer.read_one("SIP/2.0 100").empty());
  peer.send(client.request("CANCEL", 1, "i"));
  const auto one = peer.read();
  const auto other = peer.read();
  REQUIRE(one);
  REQUIRE(other);
  CHECK(std::min(status_of(*one), status_of(*other)) == 200);
  CHECK(std::max(status_of(*one), status_of(*other)) == 487);
  lock.unlock();
  CHECK(comes_true([&] {
    const std::lock_guard locked(rig.sessions.mutex);
    return rig.sessions.asked == std::vector<std::string>{"begin", "end cancelled"};
  }));
}

TEST_CASE("a call that ends otherwise gets a BYE at its client's Contact") {
  ServerRig rig;
  SipPeer peer(rig.address());
  Client client(peer);
  (void)client.establish();
  {
    const std::lock_guard lock(rig.sessions.mutex);
    rig.sessions.over = rig.sessions.there;
  }
  const std::string bye = peer.read_one("BYE ");
  CHECK(bye.starts_with("BYE sip:src@" + peer.via()));
  CHECK(header_of(bye, "Call-ID") == "call-1");
  CHECK(tag_of(header_of(bye, "From")) == client.tag);
  CHECK(tag_of(header_of(bye, "To")) == "src");
}

TEST_CASE("a session goes on after a restart: the client's BYE ends it, and so does ours") {
  std::vector<KeptDialog> kept;
  std::string tag;
  {
    ServerRig rig;
    SipPeer peer(rig.address());
    Client client(peer);
    (void)client.establish();
    tag = client.tag;
    const std::lock_guard lock(rig.sessions.mutex);
    for (const auto& [dialog, text] : rig.sessions.kept) kept.push_back({dialog, text});
  }
  REQUIRE(kept.size() == 1);
  ServerRig rig({{{SipTransport::udp, *parse_endpoint("127.0.0.1:0")}, false}}, kept);
  CHECK(comes_true([&] { return count_of(rig.server->counters().sessions, "loopback") == 1; }));
  SipPeer peer(rig.address());
  Client client(peer);
  client.tag = tag;
  peer.send(client.request("BYE", 5, "b"));
  CHECK(!peer.read_one("SIP/2.0 200").empty());
  CHECK(comes_true([&] {
    const std::lock_guard lock(rig.sessions.mutex);
    return rig.sessions.asked == std::vector<std::string>{"end bye"};
  }));
}

TEST_CASE("while it drains, new sessions are refused, and a stop ends with nothing under way") {
  ServerRig rig;
  SipPeer peer(rig.address());
  Client client(peer);
  (void)client.establish();
  rig.server->begin_drain();
  Client late(peer);
  late.call = "call-2";
  peer.send(late.request("INVITE", 1, "late", kSdp));
  const std::string refused = peer.read_one("SIP/2.0 503");
  CHECK(header_of(refused, "Retry-After") == "10");
  rig.server->stop();
  CHECK(rig.sessions.count() == 1);
}

TEST_CASE("an address that is taken is said so") {
  ServerRig first;
  ServerRig second({{{SipTransport::udp, first.address()}, false}});
  CHECK(second.failure.find("SIP cannot listen on udp:" + to_text(first.address())) != std::string::npos);
}

TEST_CASE("connections that say nothing keep nobody from talking") {
  ServerRig rig({{{SipTransport::tcp, *parse_endpoint("127.0.0.1:0")}, false}});
  std::vector<std::unique_ptr<SipPeer>> idle;
  for (std::size_t i = 0; i < 50; ++i) {
    idle.push_back(std::make_unique<SipPeer>(rig.address(), SipPeer::Kind::stream));
    CHECK(idle.back()->is_connected());
  }
  SipPeer peer(rig.address(), SipPeer::Kind::stream);
  Client client(peer, "TCP");
  CHECK(!client.establish().empty());
}
