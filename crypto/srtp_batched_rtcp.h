// BatchedRtcp: RTCP of BatchedSrtp (crypto/srtp_batched.h, its only user), one packet at a time, for it is rare: a
// packet a session in some seconds. Its index travels with it, so nothing is guessed (RFC 3711 3.4, RFC 7714 9):
//
//     | 8 header of the first report | encrypted | 1 bit E, 31 index | MKI | tag |      AES-CM and HMAC-SHA1
//     | 8 header of the first report | encrypted | tag | 1 bit E, 31 index | MKI |      AES-GCM
//
// E says that it is encrypted, which was agreed on: without it a packet is malformed. The keys are made ready for each
// packet, in a place of their own in the locked memory. One thread at a time.
#pragma once

#include <optional>

#include "crypto/srtp_batched_session.h"
#include "crypto/srtp_cipher.h"

namespace assent {

class BatchedRtcp {
 public:
  BatchedRtcp(SrtpCipher& cipher, SrtpSchedules::Place place) : cipher_(cipher), place_(std::move(place)) {}

  void open(BatchedSession& session, SrtpPacket& packet);  // of a session that receives
  void seal(BatchedSession& session, SrtpPacket& packet);  // of one that sends

 private:
  struct Parts;
  SrtpCipherJob job_for(const Parts& parts, ByteSpan memory, const SrtpSchedule& keys);

  SrtpCipher& cipher_;
  SrtpSchedules::Place place_;
};

}  // namespace assent
