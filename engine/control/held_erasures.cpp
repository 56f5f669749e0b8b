#include "engine/control/held_erasures.h"

#include <utility>

#include "engine/catalog/leg_erasure.h"
#include "engine/consent/policy.h"
#include "engine/control/erasure_target.h"
#include "engine/control/leg_erasure_plan.h"

namespace assent {

Result<bool> HeldErasures::begin_free() {
  const auto waiting = parts_.catalog.held_erasures();
  if (!waiting) return waiting.error();
  bool asks_again = false;
  for (const ErasureRow& row : *waiting) {
    const auto begun = begin_if_free(row.id);
    if (begun) continue;
    asks_again = true;
    if (begun.error().code == Errc::conflict) continue;  // a call is in progress, or another hold came
    parts_.report("the erasure " + to_text(row.id) +
                  " waited for a hold and could not begin; it is tried again: " + begun.error().what);
  }
  return asks_again;
}

Result<void> HeldErasures::begin_if_free(ErasureId id) {
  const auto alone = parts_.queue.lock();
  auto row = parts_.catalog.erasure(id);
  if (!row) return row.error();
  if (!*row || !(*row)->held) return {};
  if (auto withdrawn = parts_.queue.go_on_withdrawing(**row); !withdrawn) return withdrawn.error();
  const auto scope = scope_of(**row);
  if (!scope) return error(Errc::corrupt, "the erasure " + to_text(id) + " waits, and is of a kind that never does");
  const auto holds = parts_.catalog.holds_over(scope->target, scope->id);
  if (!holds) return holds.error();
  if (!holds->empty()) return parts_.queue.name_hold(**row, holds->front());
  return begin(**std::move(row));
}

Result<void> HeldErasures::begin(ErasureRow row) {
  if (row.target_kind == kLegErasureKind) return begin_legs(row);
  const bool of_recording = row.target_kind == kRecordingKind;
  const auto begun =
      of_recording ? parts_.recordings.begin_held(std::move(row)) : parts_.people.begin_held(std::move(row));
  if (!begun) return begun.error();
  if (begun->trouble) {
    parts_.report("the erasure " + to_text(begun->id) +
                  " has begun and is not done; it goes on at the next start: " + *begun->trouble);
  }
  return {};
}

// What a withdrawal meant when it came; of legs that were erased otherwise since, nothing is left to destroy.
Result<void> HeldErasures::begin_legs(const ErasureRow& row) {
  const auto id = parse_id<CallId>(row.target_id);
  const auto call = id ? parts_.catalog.call(*id) : std::optional<CallRow>();
  if (!call) return call.error();
  if (!*call) return error(Errc::corrupt, "the call " + row.target_id + " is not on record");
  if ((*call)->state == CallState::live) return error(Errc::conflict, "the call is in progress");
  const LegErasureRequest request = request_in(row);
  const bool all_agreed = (*call)->policy == to_text(Policy::all_party);
  const WallTime now = parts_.clock().wall;
  const auto plan = plan_leg_erasure(parts_.catalog, **call, all_agreed ? ErasureScope::call : ErasureScope::leg,
                                     request.who, request.by, now);
  if (!plan) return plan.error();
  const booking::EraseLegs nothing{row.id, *id, request.by, now, {}, {}, std::nullopt, "{}"};
  booking::EraseLegs erase = plan->erase.value_or(nothing);
  erase.id = row.id;
  if (auto booked = parts_.writer.book_and_wait(begin_held_leg_erasure(erase, row)); !booked) return booked;
  for (const KeyId key : erase.keys) parts_.keys.evict(key);
  parts_.begin_erasure(row.id, *id);
  return {};
}

// ---- consents -------------------------------------------------------------------------------------------------------

Result<void> withdraw_for_erasure(Catalog& catalog, Withdrawals& withdrawals, const ErasureRow& row,
                                  const Caller& caller) {
  WithdrawalSpec spec;
  spec.signal_value = "erasure " + to_text(row.id);
  spec.of_an_erasure = row.id;
  const auto withdraw_person = [&](SubjectId id) -> Result<void> {
    const auto withdrawn = withdrawals.of_subject(to_text(id), spec, caller);
    // Whoever was erased before has nothing left to withdraw.
    if (!withdrawn && withdrawn.error().code != Errc::not_found) return withdrawn.error();
    return {};
  };
  if (row.target_kind == kRecordingKind) {
    const auto id = parse_id<RecordingId>(row.target_id);
    const auto recording = id ? catalog.recording(*id) : std::optional<RecordingRow>();
    if (!recording) return recording.error();
    if (!*recording) return error(Errc::corrupt, "the recording " + row.target_id + " is not on record");
    const auto withdrawn = withdrawals.of_past_call((*recording)->call, std::nullopt, spec, caller);
    return withdrawn ? Result<void>() : withdrawn.error();
  }
  const auto target = load_target(catalog, row);
  if (!target) return target.error();
  for (const SubjectRow& person : target->people) {
    if (auto done = withdraw_person(person.id); !done) return done;
  }
  return {};
}

}  // namespace assent
