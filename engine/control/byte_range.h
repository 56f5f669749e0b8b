// A request for a part of a body: Range and If-Range (RFC 9110 sections 14 and 13.1.5), as far as one range of bytes.
// Several ranges, another unit and what is no range at all are answered with the whole, as the RFC lets a server do.
// Pure; any thread. Offsets and lengths in bytes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace assent {

struct ByteRange {
  enum class Kind { whole, part, unsatisfiable } kind = Kind::whole;
  std::uint64_t first = 0;
  std::uint64_t length = 0;

  bool operator==(const ByteRange&) const = default;
};

// `headers` by their names in lower case; `etag` is the body's, with its quotes.
ByteRange wanted_range(const std::map<std::string, std::string>& headers, std::string_view etag,
                       std::uint64_t body_bytes);

}  // namespace assent
