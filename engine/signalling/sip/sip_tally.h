// SipTally: what is counted of SIP, by the one thread that speaks it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/control/call_service.h"
#include "engine/signalling/sip/sip_session.h"

namespace assent {

// Why a request is not granted.
enum class SipRefusal {
  malformed,        // 400, 505, or what was no SIP at all
  forbidden,        // 403: of no trunk
  unauthenticated,  // 401
  method,           // 405, 501
  body,             // 406, 413, 415
  uri_scheme,       // 416
  extension,        // 420
  not_a_recording,  // 421
  interval,         // 422
  no_dialog,        // 481
  merged,           // 482
  out_of_order,     // 500, 491
  capacity,         // 503: sessions
  busy,             // 503: transactions or workers
  draining,         // 503
  offer,            // what SiprecSessions does not take
};
inline constexpr std::size_t kSipRefusals = 16;
std::string_view name_of(SipRefusal refusal);

class SipTally {
 public:
  void note_request(std::string_view method);
  void note_response(unsigned status);
  void note(SipRefusal refusal, std::uint64_t count = 1) { refused_[static_cast<std::size_t>(refusal)] += count; }
  void note(SipEnd end) { ++ended_[static_cast<std::size_t>(end)]; }

  void fill(SiprecCounters& counters) const;

 private:
  static constexpr std::array<std::string_view, 8> kMethods = {"INVITE",  "ACK",  "CANCEL", "BYE",
                                                               "OPTIONS", "INFO", "UPDATE", "other"};
  std::array<std::uint64_t, kMethods.size()> requests_{};
  std::array<std::uint64_t, 6> responses_{};  // 1xx to 6xx
  std::array<std::uint64_t, kSipRefusals> refused_{};
  std::array<std::uint64_t, kSipEnds> ended_{};
};

}  // namespace assent
