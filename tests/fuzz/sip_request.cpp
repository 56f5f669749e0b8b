// A SIP request as it came, and what is said to it before any session is asked.
#include "engine/signalling/sip/request_checks.h"
#include "engine/signalling/sip/sofia_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto request = assent::read_request({reinterpret_cast<const char*>(data), size});
  if (request) (void)assent::refusal_of(*request);
  return 0;
}
