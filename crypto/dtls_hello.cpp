#include "crypto/dtls_hello.h"

namespace assent {
namespace {

// Record: | 1 type | 2 version | 2 epoch | 6 sequence number | 2 length |, RFC 6347 4.1.
constexpr std::size_t kRecordBytes = 13;
constexpr std::size_t kSequenceAt = 5;
constexpr std::size_t kLengthAt = 11;
constexpr std::uint8_t kChangeCipherSpec = 20;
constexpr std::uint8_t kAlert = 21;
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

// Whole: | length | bytes |.
bool skip_vector(ByteView& bytes) {
  if (bytes.empty() || bytes.size() - 1 < bytes.front()) return false;
  bytes = bytes.subspan(1 + std::size_t{bytes.front()});
  return true;
}

}  // namespace

DtlsLook look_of(ByteView datagram) {
  const ByteView record = first_record(datagram);
  const bool is_clear = !record.empty() && epoch_of(record) == 0;
  if (record.empty() || (is_clear && record[0] != kHandshake && record[0] != kChangeCipherSpec)) {
    return DtlsLook::nothing;
  }
  const bool is_hello = is_clear && record.size() > kRecordBytes && record[kRecordBytes] == kClientHello;
  return is_hello && record[0] == kHandshake ? DtlsLook::hello : DtlsLook::record;
}

std::optional<DtlsClientHello> parse_client_hello(ByteView datagram) {
  const ByteView record = first_record(datagram);
  constexpr std::size_t kFixed = kRecordBytes + kMessageBytes + kVersionBytes + kRandomBytes;
  if (record.size() < kFixed || record[0] != kHandshake || epoch_of(record) != 0) return std::nullopt;
  const ByteView message = record.subspan(kRecordBytes);
  const std::size_t size = load_be24(message.data() + 1);
  const bool is_whole = load_be24(message.data() + 6) == 0 && load_be24(message.data() + 9) == size &&
                        message.size() == kMessageBytes + size;
  if (message[0] != kClientHello || !is_whole) return std::nullopt;

  DtlsClientHello hello;
  hello.record = record;
  hello.random = message.subspan(kMessageBytes + kVersionBytes, kRandomBytes);
  ByteView left = record.subspan(kFixed);
  if (!skip_vector(left)) return std::nullopt;  // session
  hello.cookie_at = record.size() - left.size();
  const ByteView from_cookie = left;
  if (!skip_vector(left) || left.size() < 4) return std::nullopt;  // cipher suites and compression are not empty
  hello.cookie = from_cookie.subspan(1, from_cookie.front());
  hello.rest = left;
  return hello;
}

Bytes first_hello(const DtlsClientHello& hello) {
  const std::size_t cookie = hello.cookie.size();
  Bytes record(hello.record.begin(), hello.record.begin() + static_cast<std::ptrdiff_t>(hello.cookie_at));
  record.push_back(0);
  append(record, hello.rest);
  for (std::size_t i = kSequenceAt; i < kLengthAt; ++i) record[i] = 0;
  store_be16(record.data() + kLengthAt, static_cast<std::uint16_t>(record.size() - kRecordBytes));
  const std::size_t message = load_be24(record.data() + kRecordBytes + 1) - cookie;
  store_be24(record.data() + kRecordBytes + 1, message);
  store_be16(record.data() + kRecordBytes + 4, 0);
  store_be24(record.data() + kRecordBytes + 9, message);
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
    const std::uint8_t type = record.front();
    const bool is_known = type == kChangeCipherSpec || type == kHandshake || type == kAlert;
    if (is_known && !(type == kAlert && epoch_of(record) == 0)) kept.push_back(record);
    datagram = datagram.subspan(record.size());
  }
  return kept;
}

}  // namespace assent
