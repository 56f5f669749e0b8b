#include "base/result.h"

#include <cstring>

namespace assent {

std::string_view name_of(Errc code) {
  switch (code) {
    case Errc::invalid: return "invalid";
    case Errc::not_found: return "not-found";
    case Errc::conflict: return "conflict";
    case Errc::unauthenticated: return "unauthenticated";
    case Errc::denied: return "denied";
    case Errc::exhausted: return "exhausted";
    case Errc::unavailable: return "unavailable";
    case Errc::io: return "io";
    case Errc::corrupt: return "corrupt";
    case Errc::unsupported: return "unsupported";
    case Errc::overloaded: return "overloaded";
    case Errc::disk_full: return "disk-full";
    case Errc::over_quota: return "over-quota";
  }
  return "unknown";
}

Error os_error(std::string_view doing, int errno_value) {
  // strerrordesc_np is thread-safe and allocates nothing, unlike strerror.
  const char* why = strerrordesc_np(errno_value);
  return {Errc::io, std::string(doing) + ": " + (why != nullptr ? why : "unknown error")};
}

}  // namespace assent
