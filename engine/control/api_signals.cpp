// Signals: a decision that a webhook tells of, signed instead of with a token.
#include <utility>

#include "engine/consent/consent_state.h"
#include "engine/control/json_input.h"
#include "engine/control/operations.h"

namespace assent {
namespace {

// The sender's id of the event, or what exactly was signed.
SignedMessage message_of(const VerifiedSignal& signal, const SignalSpec& spec, std::string_view body) {
  const Sha256Digest content = sha256(bytes_of(body));
  if (spec.id) return {"id " + *spec.id, content, signal.signed_at_s};
  return {"at " + std::to_string(signal.signed_at_s) + " " + to_hex(content), content, signal.signed_at_s};
}

HttpResponse carry_out(ApiParts& parts, const VerifiedSignal& signal, const SignalSpec& spec,
                       const HttpRequest& request) {
  const auto call = parts.calls.find_call(spec.call, signal.tenant);
  if (!call) return to_response(problem_of(call.error()));
  ConsentSpec decision = spec.decision;
  decision.signal_type = to_text(SignalType::webhook);
  decision.signal_value = signal.source;
  auto records = parts.calls.decide(*call, decision, Caller{signal.source, request.received_at, Caller::By::webhook});
  if (!records) return to_response(problem_of(records.error()));
  if (decision.decision == to_text(Decision::withdrawn)) parts.withdrawals.review_streams(*call);
  return consent_reply(*records);
}

SignalFate fate_of(const ReplayMemory::Outcome& outcome) {
  switch (outcome.fate) {
    case ReplayMemory::Fate::ran: return outcome.reply->status / 100 == 2 ? SignalFate::accepted : SignalFate::refused;
    case ReplayMemory::Fate::repeated: return SignalFate::repeated;
    case ReplayMemory::Fate::too_old: return SignalFate::stale;
    case ReplayMemory::Fate::differs: return SignalFate::reused_id;
  }
  return SignalFate::refused;
}

}  // namespace

Reply receive_signal(ApiParts& parts, const ApiRequest& request) {
  const auto signal = parts.webhooks.verify(request.parameters.at(0), request.http, parts.clock().wall);
  if (!signal) return signal.error();
  const auto spec = read_signal_spec(request.http.body);
  if (!spec) {
    signal->record->count(SignalFate::refused);
    return spec.error();
  }
  const SignedMessage message = message_of(*signal, *spec, request.http.body);
  auto outcome = signal->record->replays.once(message, signal->expired_s,
                                              [&] { return carry_out(parts, *signal, *spec, request.http); });
  signal->record->count(fate_of(outcome));
  if (outcome.reply) return *std::move(outcome.reply);
  if (outcome.fate == ReplayMemory::Fate::differs) {
    return Problem{ProblemType::idempotency_mismatch, "this id came with another content before", {}};
  }
  return Problem{
      ProblemType::stale_signature, "it was signed before what this engine remembers of this source: sign it anew", {}};
}

}  // namespace assent
