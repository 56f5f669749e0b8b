#include "crypto/srtp_batched_session.h"

#include <algorithm>
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
    cipher.expand(SrtpSessionKeys::derive(key), *place);
    std::ranges::copy(key.reveal(), place->master.begin());
    expanded.push_back({Bytes(key.mki().begin(), key.mki().end()), std::move(place)});
  }
  return expanded;
}

BatchedSession::BatchedSession(const SrtpSetup& setup, std::vector<SrtpKeyed> keys, SrtpSchedules& schedules,
                               SrtpCipher& cipher)
    : suite_(setup.suite), direction_(setup.direction), sources_(setup.joined), schedules_(schedules), cipher_(cipher) {
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
  if (rtcp_ != nullptr) {
    if (auto done = rtcp_->rekey(keys); !done) return done.error();
  }
  adopt(std::move(*expanded));
  return {};
}

SrtpCounts BatchedSession::counts() const {
  SrtpCounts counts = rtcp_ == nullptr ? SrtpCounts{} : rtcp_->counts();
  counts.packets += packets_;
  for (std::size_t i = 0; i < kSrtpFaults; ++i) counts.faults[i] += faults_[i];
  return counts;
}

const SrtpSchedule* BatchedSession::key_named(ByteView mki) const {
  const auto found =
      std::ranges::find_if(keys_, [&](const SrtpKeyed& keyed) { return std::ranges::equal(keyed.mki, mki); });
  return found == keys_.end() ? nullptr : found->schedule.get();
}

SrtpFault BatchedSession::take(std::uint32_t ssrc, SrtpIndex index) {
  if (!sources_.has_room_for(ssrc)) return SrtpFault::too_many_sources;
  const SrtpFault fault = fault_of(sources_.of(ssrc).place(index));
  if (fault == SrtpFault::none) sources_.add(ssrc, index);
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

SrtpSession* BatchedSession::rtcp(LibsrtpEngine& engine) {
  if (rtcp_ != nullptr) return rtcp_.get();
  std::vector<SrtpMasterKey> masters;
  for (const SrtpKeyed& keyed : keys_) {
    const ByteView master = ByteView(keyed.schedule->master).first(key_bytes(suite_) + salt_bytes(suite_));
    masters.push_back(SrtpMasterKey::create(suite_, master, keyed.mki).value());
  }
  auto opened = engine.open({.suite = suite_, .direction = direction_, .keys = masters});
  if (opened) rtcp_ = std::move(*opened);
  return rtcp_.get();
}

}  // namespace assent
