#include <algorithm>

#include "base/limits.h"
#include "crypto/srtp_batched.h"

// The input as a packet that came, which chance does not make authentic, and as one to seal, which opens to the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assent;
  static const auto engine = std::move(BatchedSrtp::create(4, ArenaBacking::locked_memory)).value();
  const SrtpSuite suite = kSrtpSuites[size > 0 ? data[size - 1] % kSrtpSuites.size() : 0];
  const Bytes mki(size % 3, 7);
  const std::array keys{
      std::move(SrtpMasterKey::create(suite, Bytes(key_bytes(suite) + salt_bytes(suite), 1), mki)).value()};
  const auto sender = std::move(engine->open({.suite = suite, .direction = SrtpDirection::send, .keys = keys})).value();
  const auto receiver =
      std::move(engine->open({.suite = suite, .direction = SrtpDirection::receive, .keys = keys})).value();
  Bytes memory(data, data + size);
  memory.resize(size + limits::kSrtpTrailerBytes);
  SrtpPacket packet{.session = receiver.get(), .memory = memory, .bytes = size};
  engine->unprotect({&packet, 1});
  if (packet.fault == SrtpFault::none || packet.bytes != 0) __builtin_trap();
  std::copy_n(data, size, memory.begin());
  packet = {.session = sender.get(), .memory = memory, .bytes = size};
  engine->protect({&packet, 1});
  if (packet.fault != SrtpFault::none) return 0;
  packet.session = receiver.get();
  engine->unprotect({&packet, 1});
  if (packet.bytes != size || !std::equal(data, data + size, memory.begin())) __builtin_trap();
  return 0;
}
