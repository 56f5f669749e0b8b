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
  nothing,  // no record that could matter to a handshake: alerts in the clear above all
  hello,    // ClientHello: anybody can send one
  record,   // of a handshake that there may be
};
DtlsLook look_of(ByteView datagram);

// A datagram's ClientHello, whole and in one piece. The views point into the datagram.
struct DtlsClientHello {
  ByteView record;  // with its header
  ByteView cookie;  // empty without one
  ByteView random;  // 32 bytes: of this attempt and no other
  ByteView rest;    // session, cipher suites, compression and extensions, which the cookie is for, too

  std::size_t cookie_at = 0;  // in the record: its length byte
};
// Nothing when the datagram begins with anything else, or with a piece of one: those who send so long ones are none of
// those whose media we record.
std::optional<DtlsClientHello> parse_client_hello(ByteView datagram);

// The same hello as it was before it had a cookie, which is how a handshake that begins here sees it first (RFC 6347
// 4.2.1: the two differ in nothing else).
Bytes first_hello(const DtlsClientHello& hello);

// The answer to a hello: prove that you can be reached. `cookie` is at most 255 bytes.
Bytes hello_verify_request(const DtlsClientHello& hello, ByteView cookie);

// The records of a datagram that a handshake may see: not what is no record, and not alerts in the clear, which anybody
// can send to end it. Those that belong to it come encrypted.
std::vector<ByteView> admissible_records(ByteView datagram);

}  // namespace assent
