// Strict reading of request bodies into the specs of CallService.
//
// It decides shape: the JSON itself (size, depth, UTF-8, no name twice in an object), which members there are (an
// unknown one is an error, not ignored), types, ranges, lengths, and what contradicts itself within one body. It need
// not know whether a policy, purpose or participant exists: CallService does. All faults of a body are reported at
// once, each with its JSON pointer. Pure; any thread.
//
// Problems: malformed_request (not JSON), too_large, invalid (with the list), exhausted (no locked memory is left for
// an SRTP key).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/control/call_service.h"
#include "engine/control/disclosures.h"
#include "engine/control/holds.h"
#include "engine/control/person_erasures.h"
#include "engine/control/problem.h"
#include "engine/control/processor_desk.h"
#include "engine/control/registers.h"
#include "engine/control/standing_consents.h"
#include "engine/control/tokens.h"
#include "engine/control/withdrawals.h"

namespace assent {

template <typename T>
using Read = Result<T, Problem>;

struct PauseSpec {
  std::string reason;
};
// What a webhook says: a decision, and of which call.
struct SignalSpec {
  std::optional<std::string> id;  // the sender's own, of the event: the same one is told once
  std::string call;               // id or ref
  ConsentSpec decision;           // without the signal, which is the webhook
};
struct NoteSpec {
  std::string text;
};
// What a processor says once nothing is left with it.
struct ConfirmationSpec {
  EventId event;
};
struct TokenSpec {
  std::string id;
  Role role = Role::ingest;
};

Read<CallSpec> read_call_spec(std::string_view body);
Read<LegsSpec> read_legs_spec(std::string_view body);
Read<ConsentSpec> read_consent_spec(std::string_view body);
Read<SignalSpec> read_signal_spec(std::string_view body);
Read<PauseSpec> read_pause_spec(std::string_view body);
Read<NoteSpec> read_note_spec(std::string_view body);
Read<StandingSpec> read_standing_spec(std::string_view body);
Read<WithdrawalSpec> read_withdrawal_spec(std::string_view body);  // an empty one: everything
Read<ErasureSpec> read_erasure_spec(std::string_view body);        // an empty one: of the default tenant
Read<HoldSpec> read_hold_spec(std::string_view body);
Read<DisclosureSpec> read_disclosure_spec(std::string_view body);  // an empty one: likewise
Read<NoticeSpec> read_notice_spec(std::string_view body);
Read<PurposeSpec> read_purpose_spec(std::string_view body);
Read<WaiveSpec> read_waive_spec(std::string_view body);
Read<ConfirmationSpec> read_confirmation_spec(std::string_view body);
Read<TokenSpec> read_token_spec(std::string_view body);

}  // namespace assent
