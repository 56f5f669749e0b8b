#include "bench/load/sealed_legs.h"

#include <utility>

namespace assent::load {

Result<SealedLegs> SealedLegs::create(std::size_t legs) {
  if (!BatchedSrtp::is_available()) return error(Errc::unsupported, "--srtp needs ipsec-mb, and a processor for it");
  auto engine = BatchedSrtp::create(limits::srtp_keys_for(legs), ArenaBacking::locked_memory);
  if (!engine) return engine.error();
  return SealedLegs(std::move(*engine));
}

void SealedLegs::begin(LegNumber leg, const SrtpTerms& terms) {
  ASSENT_CHECK(leg.value == legs_.size());
  auto session = engine_->open({.suite = terms.suite,
                                .direction = SrtpDirection::send,
                                .keys = terms.keys,
                                .joined = std::nullopt,
                                .rollovers_sought = 0});
  ASSENT_CHECK(session.has_value());  // there was room for all
  legs_.push_back({std::move(*session), tag_bytes(terms.suite)});
}

void SealedLegs::end(LegNumber leg) { legs_[leg.value].session.reset(); }

void SealedLegs::add(LegNumber leg, ByteSpan datagram) {
  const Leg& of = legs_[leg.value];
  packets_.push_back(
      {.session = of.session.get(), .memory = datagram, .bytes = datagram.size() - of.tag_bytes, .fault = {}});
}

void SealedLegs::seal() {
  engine_->protect(packets_);
  for (const SrtpPacket& packet : packets_) ASSENT_CHECK(packet.fault == SrtpFault::none);
  packets_.clear();
}

}  // namespace assent::load
