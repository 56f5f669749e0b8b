#include "engine/control/routes.h"

#include <algorithm>
#include <array>

namespace assent {
namespace {

using O = Operation;
constexpr auto kReplay = OnRepeat::replay;
constexpr auto kRunAgain = OnRepeat::run_again;
constexpr std::nullopt_t kOpen = std::nullopt;

// A signal is made idempotent by its own signature (replay_memory.h), a confirmation by what it says.
// The reply to add_token is secret and is not kept for a replay; its id makes a repetition a conflict.
constexpr std::array<Route, kOperations> kRoutes = {{
    {O::create_call, "POST", "/v1/calls", "create_call", Right::change_calls, kReplay},
    {O::list_calls, "GET", "/v1/calls", "list_calls", Right::read_calls, kRunAgain},
    {O::show_call, "GET", "/v1/calls/{id}", "show_call", Right::read_calls, kRunAgain},
    {O::end_call, "DELETE", "/v1/calls/{id}", "end_call", Right::change_calls, kReplay},
    {O::record_consent, "POST", "/v1/calls/{id}/consent", "record_consent", Right::consent, kReplay},
    {O::receive_signal, "POST", "/v1/signals/{source}", "receive_signal", kOpen, kRunAgain},
    {O::pause_call, "POST", "/v1/calls/{id}/pause", "pause_call", Right::pause, kReplay},
    {O::resume_call, "POST", "/v1/calls/{id}/resume", "resume_call", Right::pause, kReplay},
    {O::change_legs, "POST", "/v1/calls/{id}/legs", "change_legs", Right::change_calls, kReplay},
    {O::add_note, "POST", "/v1/calls/{id}/notes", "add_note", Right::note, kReplay},
    {O::erase_note, "DELETE", "/v1/calls/{id}/notes/{note}", "erase_note", Right::erase, kReplay},
    {O::list_recordings, "GET", "/v1/recordings", "list_recordings", Right::read_recordings, kRunAgain},
    {O::show_recording, "GET", "/v1/recordings/{id}", "show_recording", Right::read_recordings, kRunAgain},
    {O::play_recording, "GET", "/v1/recordings/{id}/audio", "play_recording", Right::read_recordings, kRunAgain},
    {O::draw_recording, "GET", "/v1/recordings/{id}/peaks", "draw_recording", Right::read_recordings, kRunAgain},
    {O::delete_recording, "DELETE", "/v1/recordings/{id}", "delete_recording", Right::erase, kReplay},
    {O::erase_metrics, "DELETE", "/v1/recordings/{id}/metrics", "erase_metrics", Right::erase, kReplay},
    {O::record_key_export, "POST", "/v1/recordings/{id}/key-exports", "record_key_export", Right::export_keys,
     kRunAgain},
    {O::erase_subject, "POST", "/v1/subjects/{id}/erase", "erase_subject", Right::erase, kRunAgain},
    {O::export_subject, "POST", "/v1/subjects/{id}/export", "export_subject", Right::disclose, kReplay},
    {O::withdraw_subject, "POST", "/v1/subjects/{id}/withdraw", "withdraw_subject", Right::withdraw, kRunAgain},
    {O::add_standing_consent, "POST", "/v1/subjects/{id}/standing-consents", "add_standing_consent",
     Right::standing_consents, kReplay},
    {O::list_standing_consents, "GET", "/v1/subjects/{id}/standing-consents", "list_standing_consents",
     Right::standing_consents, kRunAgain},
    {O::withdraw_standing_consent, "POST", "/v1/subjects/{id}/standing-consents/{consent}/withdraw",
     "withdraw_standing_consent", Right::standing_consents, kReplay},
    {O::delete_tenant, "DELETE", "/v1/tenants/{id}", "delete_tenant", Right::erase, kRunAgain},
    {O::show_erasure, "GET", "/v1/erasures/{id}", "show_erasure", Right::erase, kRunAgain},
    {O::place_hold, "POST", "/v1/holds", "place_hold", Right::hold, kReplay},
    {O::list_holds, "GET", "/v1/holds", "list_holds", Right::read_holds, kRunAgain},
    {O::release_hold, "DELETE", "/v1/holds/{id}", "release_hold", Right::hold, kReplay},
    {O::show_export, "GET", "/v1/exports/{id}", "show_export", Right::disclose, kRunAgain},
    {O::download_export, "GET", "/v1/exports/{id}/archive", "download_export", Right::disclose, kRunAgain},
    {O::delete_export, "DELETE", "/v1/exports/{id}", "delete_export", Right::disclose, kReplay},
    {O::show_keys, "GET", "/v1/keys", "show_keys", Right::keys, kRunAgain},
    {O::rotate_keys, "POST", "/v1/keys/rotate", "rotate_keys", Right::keys, kReplay},
    {O::list_ledger, "GET", "/v1/ledger", "list_ledger", Right::read_ledger, kRunAgain},
    {O::verify_ledger, "GET", "/v1/ledger/verify", "verify_ledger", Right::read_ledger, kRunAgain},
    {O::call_receipts, "GET", "/v1/calls/{id}/receipts", "call_receipts", Right::read_ledger, kRunAgain},
    {O::subject_receipts, "GET", "/v1/subjects/{id}/receipts", "subject_receipts", Right::read_ledger, kRunAgain},
    {O::receipt_keys, "GET", "/.well-known/jwks.json", "receipt_keys", kOpen, kRunAgain},
    {O::add_notice, "POST", "/v1/notices", "add_notice", Right::write_registers, kReplay},
    {O::list_notices, "GET", "/v1/notices", "list_notices", Right::read_registers, kRunAgain},
    {O::show_notice, "GET", "/v1/notices/{id}/{version}", "show_notice", Right::read_registers, kRunAgain},
    {O::add_purpose, "POST", "/v1/purposes", "add_purpose", Right::write_registers, kReplay},
    {O::list_purposes, "GET", "/v1/purposes", "list_purposes", Right::read_registers, kRunAgain},
    {O::list_processors, "GET", "/v1/processors", "list_processors", Right::read_registers, kRunAgain},
    {O::retry_processor, "POST", "/v1/processors/{name}/retry", "retry_processor", Right::erase, kReplay},
    {O::waive_processor, "POST", "/v1/processors/{name}/waive", "waive_processor", Right::erase, kReplay},
    {O::confirm_erasure, "POST", "/v1/processors/{name}/confirmations", "confirm_erasure", kOpen, kRunAgain},
    {O::add_token, "POST", "/v1/tokens", "add_token", Right::tokens, kRunAgain},
    {O::list_tokens, "GET", "/v1/tokens", "list_tokens", Right::tokens, kRunAgain},
    {O::delete_token, "DELETE", "/v1/tokens/{id}", "delete_token", Right::tokens, kReplay},
    {O::metrics, "GET", "/metrics", "metrics", kOpen, kRunAgain},
    {O::health, "GET", "/healthz", "health", kOpen, kRunAgain},
    {O::readiness, "GET", "/readyz", "readiness", kOpen, kRunAgain},
    {O::openapi, "GET", "/openapi.json", "openapi", kOpen, kRunAgain},
}};

constexpr bool table_is_in_order() {
  for (std::size_t i = 0; i < kRoutes.size(); ++i) {
    if (kRoutes[i].operation != static_cast<Operation>(i)) return false;
  }
  return true;
}
static_assert(table_is_in_order());

// The text up to the next '/', which is taken off `rest`; `rest` begins with one.
std::string_view take_part(std::string_view& rest) {
  rest.remove_prefix(1);
  const std::string_view part = rest.substr(0, rest.find('/'));
  rest.remove_prefix(part.size());
  return part;
}

bool matches(std::string_view pattern, std::string_view path, std::vector<std::string>& parameters) {
  parameters.clear();
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = take_part(pattern);
    const std::string_view got = take_part(path);
    if (wanted.starts_with('{')) {
      if (got.empty()) return false;
      parameters.emplace_back(got);
    } else if (wanted != got) {
      return false;
    }
  }
  return pattern.empty() && path.empty();
}

}  // namespace

Urgency urgency_of(Operation operation) {
  switch (operation) {
    case O::record_consent:
    case O::receive_signal:
    case O::pause_call:
    case O::resume_call:
    case O::delete_recording:
    case O::erase_note:
    case O::erase_metrics:
    case O::erase_subject:
    case O::withdraw_subject:
    case O::withdraw_standing_consent:
    case O::delete_tenant:
    case O::show_erasure:
    case O::place_hold:
    case O::metrics:
    case O::health:
    case O::readiness: return Urgency::vital;
    case O::end_call: return Urgency::ending;
    case O::list_recordings:
    case O::show_recording:
    case O::play_recording:
    case O::draw_recording:
    case O::download_export:
    case O::list_ledger:
    case O::call_receipts:
    case O::subject_receipts:
    case O::verify_ledger: return Urgency::patient;
    default: return Urgency::usual;
  }
}

std::span<const Route> all_routes() { return kRoutes; }

RouteMatch match_route(std::string_view method, std::string_view path) {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  RouteMatch match;
  std::vector<std::string> parameters;
  for (const Route& route : kRoutes) {
    if (!path.starts_with('/') || !matches(route.pattern, path, parameters)) continue;
    if (route.method == wanted) {
      match.route = &route;
      match.parameters = std::move(parameters);
      return match;
    }
    match.allowed.push_back(route.method);
    if (route.method == "GET") match.allowed.push_back("HEAD");
  }
  return match;
}

}  // namespace assent
