#include "engine/signalling/siprec_refusal.h"

#include "engine/control/problem.h"
#include "engine/signalling/plain_text.h"

namespace assent {
namespace {

constexpr std::size_t kPhraseBytes = 200;

unsigned status_of(Errc code) {
  switch (code) {
    case Errc::invalid:
    case Errc::unsupported: return 488;
    case Errc::not_found: return 481;
    case Errc::over_quota: return 480;
    case Errc::exhausted:
    case Errc::unavailable:
    case Errc::overloaded:
    case Errc::disk_full: return 503;
    case Errc::conflict:  // with what else happens to the call just now
    case Errc::unauthenticated:
    case Errc::denied:
    case Errc::io:
    case Errc::corrupt: return 500;
  }
  return 500;
}

}  // namespace

SiprecAnswer refusal(unsigned status, std::string_view why) { return {status, plain_text(why, kPhraseBytes), {}, {}}; }

SiprecAnswer refusal_of(const Error& error) {
  SiprecAnswer answer = refusal(status_of(error.code), error.what);
  const auto problem = static_cast<std::size_t>(problem_type_of(error.code));
  if (const unsigned wait_s = all_problems()[problem].retry_after_s; wait_s != 0) {
    answer.retry_after = std::chrono::seconds(wait_s);
  }
  return answer;
}

}  // namespace assent
