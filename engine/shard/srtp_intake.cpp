#include "engine/shard/srtp_intake.h"

#include <algorithm>
#include <span>

#include "codecs/rtp.h"

namespace assent {

void SrtpIntake::protect(LegSlot leg, SrtpSession* session) {
  if (leg.value >= sessions_.size()) {
    sessions_.resize(leg.value + 1, nullptr);
    is_srtp_.resize(sessions_.size(), 0);
  }
  sessions_[leg.value] = session;
  is_srtp_[leg.value] = 1;
}

void SrtpIntake::remove(LegSlot leg) {
  if (!has(leg)) return;
  sessions_[leg.value] = nullptr;
  is_srtp_[leg.value] = 0;
}

SrtpPacket SrtpIntake::packet_of(Waiting& one) const {
  Block& block = *one.datagram.block_;
  return {.session = sessions_[one.leg.value], .memory = block.plain, .bytes = block.head.fill_bytes};
}

void SrtpIntake::open_rtp() {
  std::size_t rtp = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    Waiting& one = *waiting_[i];
    if (!can_open(one.leg)) continue;
    // The header is not encrypted, so which of the two it is shows (RFC 5761 section 4, RFC 3711 section 3.4).
    one.is_rtcp = one.port == DatagramPort::rtcp || is_rtcp(one.datagram.bytes());
    if (one.is_rtcp) continue;
    packets_[rtp] = packet_of(one);
    owners_[rtp++] = &one;
  }
  engine_.unprotect(std::span(packets_).first(rtp));
  for (std::size_t i = 0; i < rtp; ++i) take_over(*owners_[i], packets_[i]);
}

void SrtpIntake::open_rtcp(Waiting& one) {
  if (!can_open(one.leg)) return;
  SrtpPacket packet = packet_of(one);
  engine_.unprotect_rtcp(packet);
  take_over(one, packet);
}

// A block is wiped over what it says that it holds, so what stood behind the packet is wiped now; of one that is not
// authentic, all is when it goes back.
void SrtpIntake::take_over(Waiting& one, const SrtpPacket& opened) {
  if (opened.fault != SrtpFault::none) return;
  BlockHead& head = one.datagram.block_->head;
  std::ranges::fill(opened.memory.subspan(opened.bytes, head.fill_bytes - opened.bytes), std::uint8_t{0});
  head.fill_bytes = static_cast<std::uint16_t>(opened.bytes);
  one.is_open = true;
}

}  // namespace assent
