// Routes: which method and path is which operation, who may do it, and what a path that is none gets. The table here
// and the OpenAPI document say the same; a test compares them. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/control/roles.h"

namespace assent {

enum class Operation : std::uint8_t {
  create_call,
  list_calls,
  show_call,
  end_call,
  record_consent,
  receive_signal,
  pause_call,
  resume_call,
  change_legs,
  add_note,
  erase_note,
  list_recordings,
  show_recording,
  play_recording,
  draw_recording,
  delete_recording,
  erase_metrics,
  record_key_export,
  erase_subject,
  export_subject,
  withdraw_subject,
  add_standing_consent,
  list_standing_consents,
  withdraw_standing_consent,
  delete_tenant,
  show_erasure,
  place_hold,
  list_holds,
  release_hold,
  show_export,
  download_export,
  delete_export,
  show_keys,
  rotate_keys,
  list_ledger,
  verify_ledger,
  call_receipts,
  subject_receipts,
  receipt_keys,
  add_notice,
  list_notices,
  show_notice,
  add_purpose,
  list_purposes,
  list_processors,
  retry_processor,
  waive_processor,
  confirm_erasure,
  add_token,
  list_tokens,
  delete_token,
  metrics,
  health,
  readiness,
  openapi,
};
inline constexpr std::size_t kOperations = static_cast<std::size_t>(Operation::openapi) + 1;

enum class OnRepeat : std::uint8_t {
  run_again,  // safe, or refused by its own nature
  replay,     // an Idempotency-Key gives the first reply again
};

// How long a request may wait for others: what people's rights and calls in progress depend on, for nothing.
enum class Urgency : std::uint8_t {
  vital,   // decisions, erasures, and what tells how the engine is: workers of their own, never turned away
  ending,  // the end of a call: likewise
  usual,
  patient,  // exports, renders, listings: under overload they wait for calm (engine/overload)
};

struct Route {
  Operation operation;
  std::string_view method;
  std::string_view pattern;    // "/v1/calls/{id}": a part in braces matches any one part
  std::string_view name;       // the operationId, and the label in the metrics
  std::optional<Right> right;  // none: open to everyone, or signed (receive_signal, confirm_erasure)
  OnRepeat on_repeat = OnRepeat::run_again;
};

Urgency urgency_of(Operation operation);

std::span<const Route> all_routes();  // in the order of Operation

struct RouteMatch {
  const Route* route = nullptr;           // null: see `allowed`
  std::vector<std::string> parameters;    // what the braces matched, in order
  std::vector<std::string_view> allowed;  // the methods this path has; empty: there is no such path
};

// HEAD is answered wherever GET is.
RouteMatch match_route(std::string_view method, std::string_view path);

}  // namespace assent
