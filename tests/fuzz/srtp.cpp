#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.h"
#include "crypto/srtp_batched.h"

// The input as a packet that came, which chance does not make authentic, and as one to seal, which opens to the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assent;
  static const auto engine = std::move(BatchedSrtp::create(4, ArenaBacking::locked_memory)).value();
  const SrtpSuite suite = kSrtpSuites[size > 0 ? data[size - 1] % kSrtpSuites.size() : 0];
  const Bytes secret(key_bytes(suite) + salt_bytes(suite), 1);
  const std::array keys{std::move(SrtpMasterKey::create(suite, secret, Bytes(size % 3, 7))).value()};
  const auto sender = std::move(engine->open({suite, SrtpDirection::send, keys, {}})).value();
  const auto receiver = std::move(engine->open({suite, SrtpDirection::receive, keys, {}})).value();

  for (const bool is_rtcp : {false, true}) {
    Bytes memory(data, data + size);
    memory.resize(size + limits::kSrtpTrailerBytes);
    SrtpPacket packet{.session = receiver.get(), .memory = memory, .bytes = size};
    const auto open = [&] { is_rtcp ? engine->unprotect_rtcp(packet) : engine->unprotect({&packet, 1}); };
    open();
    if (packet.fault == SrtpFault::none || packet.bytes != 0) __builtin_trap();

    std::copy_n(data, size, memory.begin());
    packet = {.session = sender.get(), .memory = memory, .bytes = size};
    is_rtcp ? engine->protect_rtcp(packet) : engine->protect({&packet, 1});
    if (packet.fault != SrtpFault::none) continue;
    packet.session = receiver.get();
    open();
    if (packet.bytes != size || !std::equal(data, data + size, memory.begin())) __builtin_trap();
  }
  return 0;
}
