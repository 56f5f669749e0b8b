#include "engine/control/byte_range.h"
#include "engine/control/json_input.h"
#include "engine/control/request_target.h"
#include "engine/control/webhook_signature.h"

// The first byte chooses who reads the rest.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = size > 0 ? assent::text_of({data + 1, size - 1}) : std::string();
  switch (size > 0 ? data[0] % 18 : 0) {
    case 0: return void(assent::read_call_spec(text)), 0;
    case 1: return void(assent::read_legs_spec(text)), 0;
    case 2: return void(assent::read_consent_spec(text)), 0;
    case 3: return void(assent::read_pause_spec(text)), 0;
    case 4: return void(assent::read_note_spec(text)), 0;
    case 5: return void(assent::read_token_spec(text)), 0;
    case 6: return void(assent::read_signal_spec(text)), 0;
    case 7: return void(assent::parse_webhook_signature(text)), 0;
    case 8: return void(assent::read_standing_spec(text)), 0;
    case 9: return void(assent::read_notice_spec(text)), 0;
    case 10: return void(assent::read_purpose_spec(text)), 0;
    case 11: return void(assent::read_waive_spec(text)), 0;
    case 12: return void(assent::read_confirmation_spec(text)), 0;
    case 13: return void(assent::read_disclosure_spec(text)), 0;
    case 14: return void(assent::export_job_from(text)), 0;
    case 15: return void(assent::wanted_range({{"range", text}}, "\"e\"", 1000)), 0;
    case 16: return void(assent::read_hold_spec(text)), 0;
    default: return void(assent::parse_target(text)), 0;
  }
}
