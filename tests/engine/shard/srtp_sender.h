// SrtpSender: the other end of an SRTP leg of a ShardRig: it counts 48 bits, as a sender does, and what it says tells
// which packet it is of. Its engine is its own, as its machine would be.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "catch.h"
#include "codecs/rtp.h"
#include "crypto/srtp_batched.h"
#include "shard_rig.h"

namespace assent::test {

inline bool has_no_batched_srtp() {
  if (BatchedSrtp::is_available()) return false;
  WARN("SKIPPED: ipsec-mb is not there, or not made for this processor");
  return true;
}

inline SharedSrtpTerms terms_of(SrtpSuite suite, std::uint8_t number, const Bytes& mki = {}) {
  Bytes bytes(key_bytes(suite) + salt_bytes(suite));
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(number * 31 + i * 7);
  SrtpTerms terms{suite, {}};
  terms.keys.push_back(*SrtpMasterKey::create(suite, bytes, mki));
  return std::make_shared<const SrtpTerms>(std::move(terms));
}

// Never silence, and of the next packets never the same.
inline Bytes said_in(std::uint64_t index) {
  Bytes payload(160);
  for (std::size_t i = 0; i < payload.size(); ++i)
    payload[i] = static_cast<std::uint8_t>(index + i * 37 + (index >> 8));
  return payload;
}

class SrtpSender {
 public:
  static constexpr std::uint32_t kSsrc = 0x1234;

  explicit SrtpSender(SharedSrtpTerms terms, std::uint64_t first = 0) { begin(std::move(terms), first); }
  // With other keys, and its rollover counter where it was.
  void begin(SharedSrtpTerms terms, std::uint64_t next) {
    const SrtpJoin joined{kSsrc, rollover_of(SrtpIndex(next))};
    session_ = *engine_->open(
        {.suite = terms->suite, .direction = SrtpDirection::send, .keys = terms->keys, .joined = joined});
  }

  static Bytes plain(std::uint64_t index) {
    RtpHeader header;
    header.sequence = SequenceNumber(static_cast<std::uint16_t>(index));
    header.timestamp = RtpTimestamp(static_cast<std::uint32_t>(index * 160));
    header.ssrc = Ssrc(kSsrc);
    Bytes packet(kRtpHeaderBytes + 160);
    REQUIRE(write_rtp(header, said_in(index), packet) == packet.size());
    return packet;
  }
  Bytes packet(std::uint64_t index) { return protect(plain(index), &SrtpEngine::protect); }
  Bytes protect(Bytes packet) { return protect(std::move(packet), &SrtpEngine::protect); }
  Bytes protect_rtcp(Bytes compound) {
    return protect(std::move(compound), [](SrtpEngine& engine, SrtpPacket& one) { engine.protect_rtcp(one); });
  }

 private:
  Bytes protect(Bytes packet, void (SrtpEngine::*work)(std::span<SrtpPacket>)) {
    return protect(std::move(packet), [work](SrtpEngine& engine, SrtpPacket& one) { (engine.*work)({&one, 1}); });
  }
  template <typename Work>
  Bytes protect(Bytes packet, Work work) {
    const std::size_t bytes = packet.size();
    packet.resize(bytes + limits::kSrtpTrailerBytes);
    SrtpPacket one{.session = session_.get(), .memory = packet, .bytes = bytes};
    work(*engine_, one);
    REQUIRE(one.fault == SrtpFault::none);
    packet.resize(one.bytes);
    return packet;
  }

  std::unique_ptr<SrtpEngine> engine_ = *BatchedSrtp::create(4, ArenaBacking::locked_memory);
  std::unique_ptr<SrtpSession> session_;
};

inline RigOptions srtp_rig(const SharedSrtpTerms& terms) {
  RigOptions options = ShardRig::defaults();
  options.srtp = {terms};
  return options;
}

inline std::vector<Bytes> payloads_of(const std::vector<OpenedPacket>& packets) {
  std::vector<Bytes> payloads;
  for (const OpenedPacket& packet : packets) payloads.push_back(packet.payload);
  return payloads;
}

}  // namespace assent::test
