// What the tests of SRTP share: engines of both kinds, keys, packets, and a packet with the memory it needs.
#pragma once

#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "catch.h"
#include "crypto/random.h"
#include "crypto/srtp_batched.h"
#include "crypto/srtp_libsrtp.h"

namespace assent::test {

enum class EngineKind { batched, libsrtp };

inline std::unique_ptr<SrtpEngine> make_engine(EngineKind kind, std::size_t master_keys = 64) {
  if (kind == EngineKind::libsrtp) return std::make_unique<LibsrtpEngine>();
  return std::move(BatchedSrtp::create(master_keys, ArenaBacking::locked_memory)).value();
}

inline bool is_missing(EngineKind kind) {
  if (kind == EngineKind::libsrtp || BatchedSrtp::is_available()) return false;
  WARN("SKIPPED: ipsec-mb is not there, or not made for this processor");
  return true;
}

inline SrtpMasterKey a_master_key(SrtpSuite suite, std::uint8_t number, const Bytes& mki = {}) {
  Bytes bytes(key_bytes(suite) + salt_bytes(suite));
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(std::size_t{number} * 31 + i * 7);
  return std::move(SrtpMasterKey::create(suite, bytes, mki)).value();
}

inline std::vector<SrtpMasterKey> one_key(SrtpSuite suite, std::uint8_t number, const Bytes& mki = {}) {
  std::vector<SrtpMasterKey> keys;
  keys.push_back(a_master_key(suite, number, mki));
  return keys;
}

inline std::unique_ptr<SrtpSession> open_session(SrtpEngine& engine, SrtpSuite suite, SrtpDirection direction,
                                                 const std::vector<SrtpMasterKey>& keys,
                                                 std::optional<SrtpJoin> joined = {}) {
  return std::move(engine.open({.suite = suite, .direction = direction, .keys = keys, .joined = joined})).value();
}

// A payload that tells which packet it is of.
inline Bytes rtp_of(std::uint64_t index, std::uint32_t ssrc = 0x1234, std::size_t payload_bytes = 160) {
  Bytes packet(12 + payload_bytes);
  packet[0] = 0x80;
  store_be16(packet.data() + 2, static_cast<std::uint16_t>(index));
  store_be32(packet.data() + 4, static_cast<std::uint32_t>(index * 160));
  store_be32(packet.data() + 8, ssrc);
  for (std::size_t i = 0; i < payload_bytes; ++i) {
    packet[12 + i] = static_cast<std::uint8_t>(index >> (i % 6 * 8) ^ i * 37);
  }
  return packet;
}

class Held {
 public:
  Held(SrtpSession& session, const Bytes& packet) : memory_(packet) {
    memory_.resize(packet.size() + limits::kSrtpTrailerBytes);
    packet_ = {.session = &session, .memory = memory_, .bytes = packet.size()};
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  SrtpPacket& operator*() { return packet_; }
  SrtpPacket* operator->() { return &packet_; }
  Bytes bytes() const { return {memory_.begin(), memory_.begin() + static_cast<std::ptrdiff_t>(packet_.bytes)}; }

 private:
  Bytes memory_;
  SrtpPacket packet_;
};

inline Bytes sealed(SrtpEngine& engine, SrtpSession& session, const Bytes& packet) {
  Held held(session, packet);
  engine.protect({&*held, 1});
  REQUIRE(held->fault == SrtpFault::none);
  return held.bytes();
}

struct Opened {
  SrtpFault fault = SrtpFault::none;
  Bytes packet;
  bool operator==(const Opened&) const = default;
};
inline Opened opened(SrtpEngine& engine, SrtpSession& session, const Bytes& packet) {
  Held held(session, packet);
  engine.unprotect({&*held, 1});
  return {held->fault, held.bytes()};
}

}  // namespace assent::test
