#include "crypto/dtls_hello.h"

#include <array>

namespace assent {
namespace {

// Record: | 1 type | 2 version | 2 epoch | 6 sequence number | 2 length |, RFC 6347 4.1.
constexpr std::size_t kRecordBytes = 13;
constexpr std::size_t kSequenceAt = 5;
constexpr std::size_t kLengthAt = 11;
constexpr std::uint64_t kMostNumber = (std::uint64_t{1} << 48) - 1;
constexpr std::uint8_t kChangeCipherSpec = 20;
constexpr std::uint8_t kHandshake = 22;

// Handshake message: | 1 type | 3 length | 2 message sequence | 3 fragment offset | 3 fragment length |, 4.2.2.
constexpr std::size_t kMessageBytes = 12;
constexpr std::uint8_t kClientHello = 1;
constexpr std::uint8_t kHelloVerifyRequest = 3;
constexpr std::size_t kRandomBytes = 32;
constexpr std::size_t kVersionBytes = 2;

std::uint32_t load_be24(const std::uint8_t* p) { return std::uint32_t{p[0]} << 16 | load_be16(p + 1); }
void store_be24(std::uint8_t* p, std::size_t value) {
  p[0] = static_cast<std::uint8_t>(value >> 16);
  store_be16(p + 1, static_cast<std::uint16_t>(value));
}
void append_be24(Bytes& out, std::size_t value) {
  out.resize(out.size() + 3);
  store_be24(out.data() + out.size() - 3, value);
}

std::uint16_t epoch_of(ByteView record) { return load_be16(record.data() + 3); }

// The first record, with its header; empty when there is none that is whole.
ByteView first_record(ByteView bytes) {
  if (bytes.size() < kRecordBytes || bytes[1] != 0xFE) return {};  // versions are 254.x
  const std::size_t size = kRecordBytes + load_be16(bytes.data() + kLengthAt);
  return size <= bytes.size() ? bytes.first(size) : ByteView{};
}

bool is_admissible(ByteView record) {
  switch (record.front()) {
    case kChangeCipherSpec: return epoch_of(record) == 0;
    // Of a message of no bytes: header, and what AES-GCM puts before and behind it (RFC 5288 3).
    case kHandshake: return epoch_of(record) == 0 || record.size() >= kRecordBytes + 8 + kMessageBytes + 16;
    default: return false;
  }
}

// Whole: | length | bytes |.
bool skip_vector(ByteView& bytes) {
  if (bytes.empty() || bytes.size() - 1 < bytes.front()) return false;
  bytes = bytes.subspan(1 + std::size_t{bytes.front()});
  return true;
}

}  // namespace

DtlsLook look_of(ByteView datagram) {
  const ByteView record = first_record(datagram);
  if (record.empty() || !is_admissible(record)) return DtlsLook::nothing;
  // A later piece of one is of a handshake that its first piece has begun.
  const bool is_hello = record[0] == kHandshake && epoch_of(record) == 0 && record.size() > kRecordBytes + 8 &&
                        record[kRecordBytes] == kClientHello && load_be24(record.data() + kRecordBytes + 6) == 0;
  return is_hello ? DtlsLook::hello : DtlsLook::record;
}

std::optional<DtlsClientHello> parse_client_hello(ByteView datagram) {
  const ByteView record = first_record(datagram);
  constexpr std::size_t kFixed = kRecordBytes + kMessageBytes + kVersionBytes + kRandomBytes;
  if (record.size() < kFixed || record[0] != kHandshake || epoch_of(record) != 0) return std::nullopt;
  const ByteView message = record.subspan(kRecordBytes);
  const std::size_t piece = load_be24(message.data() + 9);
  const bool is_first = load_be24(message.data() + 6) == 0 && piece <= load_be24(message.data() + 1);
  if (message[0] != kClientHello || !is_first || message.size() != kMessageBytes + piece) return std::nullopt;

  ByteView left = record.subspan(kFixed);
  if (!skip_vector(left)) return std::nullopt;  // session
  const ByteView from_cookie = left;
  if (!skip_vector(left)) return std::nullopt;
  return DtlsClientHello{record, load_be64(record.data() + kSequenceAt - 2) & kMostNumber,
                         from_cookie.subspan(1, from_cookie.front()),
                         message.subspan(kMessageBytes + kVersionBytes, kRandomBytes)};
}

Bytes stand_in_hello() {
  // Session and cookie are empty; then cipher suites (TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256) and no compression.
  constexpr std::array<std::uint8_t, 8> kRest = {0, 0, 0, 2, 0xC0, 0x2B, 1, 0};
  constexpr std::size_t kBody = kVersionBytes + kRandomBytes + kRest.size();
  Bytes record{kHandshake, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0};
  append_be16(record, static_cast<std::uint16_t>(kMessageBytes + kBody));
  record.push_back(kClientHello);
  append_be24(record, kBody);
  append_be16(record, 0);
  append_be24(record, 0);
  append_be24(record, kBody);
  append_be16(record, 0xFEFD);
  record.resize(record.size() + kRandomBytes);
  append(record, kRest);
  return record;
}

// RFC 6347 4.2.1: of version DTLS 1.0 whatever is agreed on later, with the sequence number of the hello's record.
Bytes hello_verify_request(const DtlsClientHello& hello, ByteView cookie) {
  const std::size_t body = kVersionBytes + 1 + cookie.size();
  Bytes record{kHandshake, 0xFE, 0xFF, 0, 0};
  append(record, hello.record.subspan(kSequenceAt, 6));
  append_be16(record, static_cast<std::uint16_t>(kMessageBytes + body));
  record.push_back(kHelloVerifyRequest);
  append_be24(record, body);
  append_be16(record, 0);
  append_be24(record, 0);
  append_be24(record, body);
  append_be16(record, 0xFEFF);
  record.push_back(static_cast<std::uint8_t>(cookie.size()));
  append(record, cookie);
  return record;
}

std::vector<ByteView> admissible_records(ByteView datagram) {
  std::vector<ByteView> kept;
  for (ByteView record = first_record(datagram); !record.empty(); record = first_record(datagram)) {
    if (is_admissible(record)) kept.push_back(record);
    datagram = datagram.subspan(record.size());
  }
  return kept;
}

Bytes renumbered(ByteView record, std::uint64_t number) {
  Bytes same(record.begin(), record.end());
  if (epoch_of(record) == 0) store_be64(same.data() + kSequenceAt - 2, number & kMostNumber);
  return same;
}

}  // namespace assent
