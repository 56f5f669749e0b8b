#include "engine/ingest/handshake_budget.h"

#include "catch.h"

using namespace assent;

namespace {

constexpr MonoTime kStart(1h);
const Endpoint kPeer = *parse_endpoint("192.0.2.1:4000");

// How many of a hundred are let through.
int admitted(HandshakeBudget& budget, DtlsLook look, const Endpoint& from, MonoTime now = kStart) {
  int count = 0;
  for (int i = 0; i < 100; ++i) count += budget.admits(look, from, now) ? 1 : 0;
  return count;
}

Endpoint at_port(Endpoint from, int port) {
  from.port = static_cast<std::uint16_t>(port);
  return from;
}

}  // namespace

TEST_CASE("one source has so many hellos and records in a turn, and as many in the next") {
  HandshakeBudget budget;
  CHECK(admitted(budget, DtlsLook::nothing, kPeer) == 0);
  CHECK(admitted(budget, DtlsLook::hello, kPeer) == limits::kDtlsHellosPerTurn);
  CHECK(admitted(budget, DtlsLook::record, kPeer) == limits::kDtlsRecordsPerTurn);
  CHECK(admitted(budget, DtlsLook::hello, kPeer, kStart + limits::kDtlsTurn - 1ns) == 0);
  CHECK(admitted(budget, DtlsLook::hello, kPeer, kStart + limits::kDtlsTurn) == limits::kDtlsHellosPerTurn);
}

TEST_CASE("all ports of an address have four times as many, of IPv6 all addresses of a host's network") {
  for (const char* address : {"198.51.100.7:1", "[2001:db8::1]:1"}) {
    HandshakeBudget budget;
    Endpoint from = *parse_endpoint(address);
    int count = 0;
    for (int port = 1; port <= 200; ++port) {
      if (!from.is_v4()) from.address[15] = static_cast<std::uint8_t>(port);
      count += admitted(budget, DtlsLook::hello, at_port(from, port));
    }
    CHECK(count == limits::kDtlsPortsPerAddress * limits::kDtlsHellosPerTurn);
  }
}

TEST_CASE("whoever floods is in the way of one in sixteen of the others, and of others in the next turn") {
  HandshakeBudget budget;
  const Endpoint flooder = *parse_endpoint("198.51.100.7:1");
  constexpr int kTurns = 1000;
  int kept_out = 0;
  int twice = 0;
  bool was = false;
  for (int turn = 0; turn < kTurns; ++turn) {
    const MonoTime now = kStart + turn * limits::kDtlsTurn;
    for (int port = 1; port <= 8; ++port) admitted(budget, DtlsLook::hello, at_port(flooder, port), now);
    const bool is_out = !budget.admits(DtlsLook::hello, kPeer, now);
    kept_out += is_out ? 1 : 0;
    twice += is_out && was ? 1 : 0;
    was = is_out;
  }
  // By the address one in sixteen, and some more by the ports that used up what their address has.
  CHECK(kept_out > kTurns / 32);
  CHECK(kept_out < kTurns / 2);
  CHECK(twice < kept_out / 2);
}
