#include "engine/ingest/handshake_budget.h"

#include "base/address_range.h"
#include "base/bytes.h"
#include "crypto/random.h"

namespace assent {
namespace {

constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15U;

}  // namespace

HandshakeBudget::HandshakeBudget() : salt_(load_be64(random_32().data())) {}

bool HandshakeBudget::admits(DtlsLook look, const Endpoint& from, MonoTime now) {
  if (look == DtlsLook::nothing) return false;
  if (now - since_ >= limits::kDtlsTurn) {
    since_ = now;
    salt_ = salt_ * kGolden + 1;  // who shares a flooder's part now does not in the next turn
    hellos_ = {};
    records_ = {};
  }
  const bool is_hello = look == DtlsLook::hello;
  const std::size_t most = is_hello ? limits::kDtlsHellosPerTurn : limits::kDtlsRecordsPerTurn;
  Counts& counts = is_hello ? hellos_ : records_;
  std::uint8_t& of_source = counts.by_source[bucket_of(network_of(from), from.port)];
  std::uint8_t& of_address = counts.by_address[bucket_of(network_of(from), 0)];
  if (of_source == most || of_address == most * limits::kDtlsPortsPerAddress) return false;
  ++of_source;
  ++of_address;
  return true;
}

// By the product's upper bits, which all of the lower ones have a part in (Fibonacci hashing).
std::size_t HandshakeBudget::bucket_of(std::uint64_t address, std::uint16_t port) const {
  std::uint64_t mixed = (salt_ ^ address) * kGolden;
  mixed = (mixed ^ mixed >> 32 ^ port) * kGolden;
  return (mixed >> 48) % limits::kDtlsBuckets;
}

}  // namespace assent
