// NgClient: asks rtpengine by its control protocol NG: a cookie, a blank and a bencoded dictionary in a UDP datagram,
// and the same back.
//
// A question that gets no answer is sent again under the same cookie, to which rtpengine gives the answer it gave
// before and does nothing twice. Cookies are random, since rtpengine tells them apart across all who ask it. Each
// question has a socket of its own, so that one server that is down holds nobody up who asks another.
//
// Any thread; blocks for at most limits::kNgPatience. Errors: Errc::unavailable (no answer), Errc::not_found (it knows
// no such call or tag), Errc::invalid (it refuses, in its own words, or what it says is none of the protocol),
// Errc::io.
#pragma once

#include <string>

#include "base/endpoint.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/signalling/bencode.h"

namespace assent {

class NgClient {
 public:
  virtual ~NgClient() = default;
  // The answer's dictionary, whose "result" is "ok" or "pong".
  virtual Result<Bencode> ask(const Endpoint& server, Bencode::Dictionary question) = 0;
};

class UdpNgClient final : public NgClient {
 public:
  Result<Bencode> ask(const Endpoint& server, Bencode::Dictionary question) override;
};

}  // namespace assent
