// What of DTLS (RFC 6347) is seen before anybody's word is taken: which records may reach a handshake at all, and the
// ClientHello that begins one.
//
// A ClientHello without a cookie is answered by a HelloVerifyRequest and leaves no trace. One that brings the cookie
// back comes from where it says; only then is there anything to keep. Pure functions; any thread.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"

namespace assent {

// RFC 7983: what shares a port with RTP, by its first byte.
constexpr bool is_dtls(ByteView datagram) {
  return !datagram.empty() && datagram.front() >= 20 && datagram.front() <= 63;
}

// What a datagram looks like by its first bytes, to whoever has no time for more: as it is told apart under a flood.
enum class DtlsLook : std::uint8_t {
  nothing,  // no record that could matter to a handshake: alerts above all
  hello,    // ClientHello: anybody can send one
  record,   // of a handshake that there may be
};
DtlsLook look_of(ByteView datagram);

// A ClientHello that a datagram begins with, or its first piece (some send pieces of 230 bytes), which has all that is
// looked at here. The views point into the datagram.
struct DtlsClientHello {
  ByteView record;           // with its header
  std::uint64_t number = 0;  // of the record
  ByteView cookie;           // empty without one
  ByteView random;           // 32 bytes: of this attempt and no other
};
std::optional<DtlsClientHello> parse_client_hello(ByteView datagram);

// A hello of nobody's, without a cookie: what a handshake sees first that begins with a hello which has one, since the
// hello before it was answered elsewhere (RFC 6347 4.2.1). Nothing of it is in what the two ends compare.
Bytes stand_in_hello();

// The answer to a hello: prove that you can be reached. `cookie` is at most 255 bytes.
Bytes hello_verify_request(const DtlsClientHello& hello, ByteView cookie);

// The records of a datagram that a handshake may see: not what is no record, and nothing that anybody can make up to
// end it: alerts, which say nothing that we need to know; changes of cipher, except in the clear, where they belong;
// and what is too short to be encrypted, for which OpenSSL gives a handshake up. Views point into the datagram.
std::vector<ByteView> admissible_records(ByteView datagram);
// The same record as the `number`th of the clear ones. Their numbers are under no key, and one that is far ahead would
// make all others old. An encrypted one is as it was.
Bytes renumbered(ByteView record, std::uint64_t number);

}  // namespace assent
