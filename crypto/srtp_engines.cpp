#include "crypto/srtp_engines.h"

#include "base/limits.h"
#include "crypto/srtp_batched.h"
#include "crypto/srtp_libsrtp.h"

namespace assent {

SrtpMeans srtp_means_here() { return BatchedSrtp::is_available() ? SrtpMeans::batched : SrtpMeans::libsrtp; }

std::string sentence_about(SrtpMeans means) {
  if (means == SrtpMeans::batched) return "opened in batches by ipsec-mb, with its keys in locked memory";
  return "opened by libsrtp, since ipsec-mb is not there or not made for this processor: a packet costs far more, keys "
         "lie in ordinary memory, and after a restart a call whose sequence numbers have wrapped is not heard";
}

std::size_t srtp_bytes_for(SrtpMeans means, std::size_t legs) {
  return means == SrtpMeans::batched ? BatchedSrtp::locked_bytes(limits::srtp_keys_for(legs)) : 0;
}

Result<std::unique_ptr<SrtpEngine>> make_srtp_engine(SrtpMeans means, std::size_t legs, ArenaBacking backing) {
  if (means == SrtpMeans::batched) return BatchedSrtp::create(limits::srtp_keys_for(legs), backing);
  return std::unique_ptr<SrtpEngine>(std::make_unique<LibsrtpEngine>());
}

}  // namespace assent
