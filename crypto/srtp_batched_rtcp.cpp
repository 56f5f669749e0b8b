#include "crypto/srtp_batched_rtcp.h"

#include <algorithm>
#include <array>

#include "crypto/constant_time.h"

namespace assent {
namespace {

constexpr std::size_t kHeaderBytes = 8;
constexpr std::size_t kWordBytes = 4;
constexpr std::uint32_t kEncrypted = 0x80000000;
constexpr std::uint32_t kIndexMax = 0x7FFFFFFF;

std::size_t rtcp_tag_bytes(SrtpSuite suite) { return is_aead(suite) ? 16 : 10; }

std::size_t trailer_bytes(const BatchedSession& session) {
  return kWordBytes + session.mki_bytes() + rtcp_tag_bytes(session.suite());
}

bool is_rtcp_like(ByteView packet) {
  return packet.size() >= kHeaderBytes && packet.size() <= limits::kSrtpPacketBytes && (packet[0] & 0xC0) == 0x80;
}

}  // namespace

// Where what lies, from the packet's start.
struct BatchedRtcp::Parts {
  Parts(const BatchedSession& session, std::size_t plain_bytes) : suite(session.suite()), plain_end(plain_bytes) {
    const std::size_t tag = rtcp_tag_bytes(suite);
    word_at = is_aead(suite) ? plain_end + tag : plain_end;
    mki_at = word_at + kWordBytes;
    tag_at = is_aead(suite) ? plain_end : mki_at + session.mki_bytes();
    end = plain_end + trailer_bytes(session);
  }

  SrtpSuite suite;
  std::size_t plain_end;
  std::size_t word_at;
  std::size_t mki_at;
  std::size_t tag_at;
  std::size_t end;
  std::uint32_t ssrc = 0;
  std::uint32_t word = 0;  // as it stands in the packet
  std::array<std::uint8_t, kHeaderBytes + kWordBytes> aad{};

  SrtpIndex index() const { return SrtpIndex(word & kIndexMax); }
  void read(const std::uint8_t* packet) {
    ssrc = load_be32(packet + 4);
    word = load_be32(packet + word_at);
    std::copy_n(packet, kHeaderBytes, aad.begin());
    store_be32(aad.data() + kHeaderBytes, word);
  }
};

SrtpCipherJob BatchedRtcp::job_for(const Parts& parts, ByteSpan memory, const SrtpSchedule& keys) {
  cipher_.expand(SrtpKeyView::of(parts.suite, keys.rtcp), *place_);
  SrtpCipherJob job;
  job.keys = place_.get();
  job.packet = memory.data();
  job.payload_at = kHeaderBytes;
  job.payload_bytes = static_cast<std::uint32_t>(parts.plain_end - kHeaderBytes);
  job.iv = is_aead(parts.suite) ? srtp_gcm_iv(place_->salt, parts.ssrc, parts.index())
                                : srtp_cm_iv(place_->salt, parts.ssrc, parts.index());
  job.aad = parts.aad;
  return job;
}

void BatchedRtcp::open(BatchedSession& session, SrtpPacket& packet) {
  ASSENT_CHECK(session.direction() == SrtpDirection::receive && packet.bytes <= packet.memory.size());
  const ByteSpan all = packet.memory.first(packet.bytes);
  if (!is_rtcp_like(all) || all.size() < kHeaderBytes + trailer_bytes(session)) {
    return session.finish(packet, SrtpFault::malformed);
  }
  Parts parts(session, all.size() - trailer_bytes(session));
  parts.read(all.data());
  if ((parts.word & kEncrypted) == 0) return session.finish(packet, SrtpFault::malformed);
  const SrtpSchedule* const keys = session.key_named(all.subspan(parts.mki_at, session.mki_bytes()));
  if (keys == nullptr) return session.finish(packet, SrtpFault::unknown_mki);
  const SrtpFault been = fault_of(session.rtcp_sources().of(parts.ssrc).place(parts.index()));
  if (been != SrtpFault::none) return session.finish(packet, been);

  SrtpCipherJob job = job_for(parts, all, *keys);
  SrtpCipherJob* const jobs[] = {&job};
  is_aead(parts.suite) ? cipher_.open(parts.suite, job) : cipher_.authenticate(jobs);
  const std::size_t tag = rtcp_tag_bytes(parts.suite);
  if (!equal_constant_time(all.subspan(parts.tag_at, tag), ByteView(job.tag).first(tag))) {
    // AES-GCM has decrypted what nobody vouches for.
    std::ranges::fill(all.subspan(kHeaderBytes), std::uint8_t{0});
    return session.finish(packet, SrtpFault::unauthentic);
  }
  if (!is_aead(parts.suite)) cipher_.crypt(parts.suite, jobs);
  const SrtpFault fault = take(session.rtcp_sources(), parts.ssrc, parts.index());
  session.finish(packet, fault, fault == SrtpFault::none ? parts.plain_end : 0);
}

void BatchedRtcp::seal(BatchedSession& session, SrtpPacket& packet) {
  ASSENT_CHECK(session.direction() == SrtpDirection::send && packet.bytes <= packet.memory.size());
  const ByteSpan plain = packet.memory.first(packet.bytes);
  if (!is_rtcp_like(plain)) return session.finish(packet, SrtpFault::malformed);
  Parts parts(session, plain.size());
  if (!has_srtp_room(packet, trailer_bytes(session))) return session.finish(packet, SrtpFault::no_room);

  const SrtpStream source = session.rtcp_sources().of(load_be32(plain.data() + 4));
  const std::uint64_t index = source.has_begun() ? source.highest().value + 1 : 0;
  // At a packet a second the last index is reached after 68 years.
  if (index > kIndexMax) return session.finish(packet, SrtpFault::replayed);
  const SrtpFault fault = take(session.rtcp_sources(), source.ssrc(), SrtpIndex(index));
  if (fault != SrtpFault::none) return session.finish(packet, fault);

  const ByteSpan all = packet.memory.first(parts.end);
  store_be32(all.data() + parts.word_at, static_cast<std::uint32_t>(index) | kEncrypted);
  parts.read(all.data());
  SrtpCipherJob job = job_for(parts, all, *session.first_key());
  SrtpCipherJob* const jobs[] = {&job};
  if (is_aead(parts.suite)) {
    cipher_.seal(parts.suite, job);
  } else {
    cipher_.crypt(parts.suite, jobs);
    cipher_.authenticate(jobs);
  }
  std::ranges::copy(session.first_mki(), all.subspan(parts.mki_at).begin());
  std::copy_n(job.tag.begin(), rtcp_tag_bytes(parts.suite), all.subspan(parts.tag_at).begin());
  session.finish(packet, SrtpFault::none, parts.end);
}

}  // namespace assent
