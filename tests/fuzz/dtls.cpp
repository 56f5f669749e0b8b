#include <cstdlib>

#include "base/limits.h"
#include "crypto/dtls_endpoint.h"

using namespace assent;

// One hello after the other, each of which is taken for proven, and what follows it: nothing that comes ends anything
// but itself, and what is sent back is no more than a datagram.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::unique_ptr<DtlsIdentity> identity = *DtlsIdentity::create();
  const DtlsFingerprint peer{DtlsFingerprint::Hash::sha256, Bytes(32)};
  const Endpoint from = *parse_endpoint("192.0.2.1:4000");
  constexpr MonoTime kNow(1h);
  DtlsEndpoint endpoint(*identity, peer);

  ByteView left(data, size);
  while (left.size() > 2) {
    const std::size_t length = std::min<std::size_t>(load_be16(left.data()), left.size() - 2);
    const ByteView datagram = left.subspan(2, length);
    left = left.subspan(2 + length);
    Bytes proven(datagram.begin(), datagram.end());
    if (const auto hello = parse_client_hello(datagram)) {
      if (look_of(datagram) != DtlsLook::hello) std::abort();
      const Bytes cookie = identity->cookie_for(from, kNow);
      if (hello->cookie.size() == cookie.size()) {
        std::ranges::copy(cookie, proven.begin() + (hello->cookie.data() - datagram.data()));
      }
    }
    for (const auto& reply : endpoint.receive(proven, from, kNow).replies) {
      if (reply.datagram.size() > limits::kDtlsDatagramBytes) std::abort();
    }
  }
  return 0;
}
