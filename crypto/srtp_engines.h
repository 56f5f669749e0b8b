// What opens SRTP on this machine: BatchedSrtp, where ipsec-mb is built in and made for the processor, else libsrtp.
// The start report and `assent check` say which.
//
// Each shard has an engine of its own. BatchedSrtp's keys lie in locked memory that is reserved at start, for
// limits::srtp_keys_for the shard's legs; libsrtp's lie in ordinary memory. Pure but for the making; any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/secure_arena.h"
#include "crypto/srtp_session.h"

namespace assent {

enum class SrtpMeans { batched, libsrtp };

SrtpMeans srtp_means_here();
std::string sentence_about(SrtpMeans means);
// Of locked memory, for one shard with so many legs.
std::size_t srtp_bytes_for(SrtpMeans means, std::size_t legs);
// Errors as SecureArena::create.
Result<std::unique_ptr<SrtpEngine>> make_srtp_engine(SrtpMeans means, std::size_t legs, ArenaBacking backing);

}  // namespace assent
