#include "crypto/srtp_batched_session.h"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

namespace assent {

Result<std::vector<SrtpKeyed>> expand_srtp_keys(SrtpSuite suite, std::span<const SrtpMasterKey> keys,
                                                SrtpSchedules& schedules, SrtpCipher& cipher) {
  if (auto sound = check_srtp_keys(suite, keys); !sound) return sound.error();
  std::vector<SrtpKeyed> expanded;
  for (const SrtpMasterKey& key : keys) {
    SrtpSchedules::Place place = schedules.take();
    if (place == nullptr) return error(Errc::exhausted, "no room for another SRTP key");
    try {
      cipher.expand(SrtpSessionKeys::derive(key, SrtpProtocol::rtp).view(), *place);
      std::ranges::copy(SrtpSessionKeys::derive(key, SrtpProtocol::rtcp).reveal(), place->rtcp.begin());
    } catch (const std::bad_alloc&) {
      return error(Errc::exhausted, "no locked memory is left to derive an SRTP key in");
    }
    expanded.push_back({Bytes(key.mki().begin(), key.mki().end()), std::move(place)});
  }
  return expanded;
}

BatchedSession::BatchedSession(const SrtpSetup& setup, std::vector<SrtpKeyed> keys, SrtpSchedules& schedules,
                               SrtpCipher& cipher)
    : suite_(setup.suite),
      direction_(setup.direction),
      sources_(setup.joined),
      rollovers_sought_(std::min(setup.rollovers_sought, limits::kSrtpRolloversSought)),
      schedules_(schedules),
      cipher_(cipher) {
  adopt(std::move(keys));
}

void BatchedSession::adopt(std::vector<SrtpKeyed> keys) {
  keys_ = std::move(keys);
  first_ = keys_.front().schedule.get();
  mki_bytes_ = static_cast<std::uint8_t>(keys_.front().mki.size());
}

Result<void> BatchedSession::rekey(std::span<const SrtpMasterKey> keys) {
  auto expanded = expand_srtp_keys(suite_, keys, schedules_, cipher_);
  if (!expanded) return expanded.error();
  adopt(std::move(*expanded));
  return {};
}

SrtpCounts BatchedSession::counts() const { return {.packets = packets_, .faults = faults_}; }

const SrtpSchedule* BatchedSession::key_named(ByteView mki) const {
  const auto found =
      std::ranges::find_if(keys_, [&](const SrtpKeyed& keyed) { return std::ranges::equal(keyed.mki, mki); });
  return found == keys_.end() ? nullptr : found->schedule.get();
}

SrtpFault take(SrtpSources& sources, std::uint32_t ssrc, SrtpIndex index) {
  if (!sources.has_room_for(ssrc)) return SrtpFault::too_many_sources;
  const SrtpFault fault = fault_of(sources.of(ssrc).place(index));
  if (fault == SrtpFault::none) sources.add(ssrc, index);
  return fault;
}

void BatchedSession::finish(SrtpPacket& packet, SrtpFault fault, std::size_t bytes) {
  packet.fault = fault;
  packet.bytes = bytes;
  if (fault == SrtpFault::none) {
    ++packets_;
  } else {
    ++faults_[static_cast<std::size_t>(fault)];
  }
}

}  // namespace assent
