// The messages of RFC 4475, sent to a real server on loopback: each gets what the RFC says, or another refusal that is
// in the table, and the server serves on.
#include <algorithm>
#include <regex>

#include "catch.h"
#include "server_rig.h"
#include "sip_peer.h"
#include "torture_messages.h"

using namespace assent;

namespace {

std::string ping(const std::string& via, int number) {
  const std::string n = std::to_string(number);
  return "OPTIONS sip:srs@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP " + via + ";branch=z9hG4bKping" + n +
         "\r\nFrom: <sip:ping@127.0.0.1>;tag=ping\r\nTo: <sip:srs@127.0.0.1>\r\nCall-ID: ping" + n +
         "\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
}

std::string wire_text(const TortureMessage& message, const std::string& via) {
  std::string text = std::regex_replace(message.text, std::regex("\\{via\\}"), via);
  text = std::regex_replace(text, std::regex("\r?\n"), "\r\n");
  const std::size_t head = text.find("\r\n\r\n") + 4;
  const std::string length = std::to_string(text.size() - head);
  const std::regex declared("(\r\n(?:Content-Length|l) *: *)1[0-9][0-9](\r\n)");
  return std::regex_replace(text.substr(0, head), declared, "$01" + length + "$2") + text.substr(head);
}

// Statuses of final responses that come before the answer to a ping which follows, and whether that came.
struct Outcome {
  std::vector<int> statuses;
  bool serves_on = false;
};
Outcome outcome_of(SipPeer& peer, const TortureMessage& message, int number) {
  peer.send(wire_text(message, peer.via()));
  Outcome outcome;
  // Twice: what a worker answers comes a little later.
  for (int turn = 0; turn < 2; ++turn) {
    peer.send(ping(peer.via(), 2 * number + turn));
    outcome.serves_on = false;
    const std::string own = "ping" + std::to_string(2 * number + turn);
    while (!outcome.serves_on) {
      const auto reply = peer.read();
      if (!reply) break;
      const std::string call = header_of(*reply, "Call-ID");
      if (call == own) {
        outcome.serves_on = true;
      } else if (!call.starts_with("ping") && status_of(*reply) >= 200) {
        outcome.statuses.push_back(status_of(*reply));
      }
    }
    if (outcome.statuses.empty()) {
      if (const auto late = peer.read(milliseconds(message.expected == std::vector{0} ? 20 : 300))) {
        if (status_of(*late) >= 200) outcome.statuses.push_back(status_of(*late));
      }
    }
  }
  return outcome;
}

}  // namespace

TEST_CASE("RFC 4475's messages get what they deserve, and the server serves on") {
  ServerRig rig;
  REQUIRE(rig.failure.empty());
  CHECK(torture_messages().size() == 49);
  int number = 0;
  for (const TortureMessage& message : torture_messages()) {
    INFO(message.name << " (" << message.section << "): " << message.why);
    SipPeer peer(rig.address());
    const Outcome outcome = outcome_of(peer, message, ++number);
    REQUIRE(outcome.serves_on);
    const int status = outcome.statuses.empty() ? 0 : outcome.statuses.front();
    CAPTURE(status);
    CHECK(std::count(message.expected.begin(), message.expected.end(), status) == 1);
  }
}

TEST_CASE("parts of messages, and messages with a byte changed, harm nothing") {
  ServerRig rig;
  REQUIRE(rig.failure.empty());
  SipPeer peer(rig.address());
  std::uint32_t seed = 4711;
  const auto draw = [&seed](std::size_t below) {
    seed = seed * 1664525 + 1013904223;
    return static_cast<std::size_t>(seed >> 8) % below;
  };
  int number = 1000;
  for (const TortureMessage& message : torture_messages()) {
    const std::string text = wire_text(message, peer.via());
    for (int turn = 0; turn < 40; ++turn) {
      std::string changed = text.substr(0, turn % 2 == 0 ? text.size() : draw(text.size()));
      for (int i = 0; i < turn % 5 && !changed.empty(); ++i)
        changed[draw(changed.size())] = static_cast<char>(draw(256));
      peer.send(changed);
    }
    while (peer.read(milliseconds(0))) {
    }
    peer.send(ping(peer.via(), ++number));
    bool serves_on = false;
    for (auto reply = peer.read(); reply && !serves_on; reply = peer.read()) {
      serves_on = header_of(*reply, "Call-ID") == "ping" + std::to_string(number);
      if (serves_on) break;
    }
    INFO(message.name);
    REQUIRE(serves_on);
  }
}
