// The part of RecordingService about what is neither audio nor a fact of the call's course: what was noted of it, and
// what it was like (LegMetrics). Reading them is a use like hearing it: for a purpose, with the same right, and on
// record.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/catalog/forget_patiently.h"
#include "engine/catalog/opt_in_time.h"
#include "engine/catalog/unless_gone.h"
#include "engine/control/recordings.h"

namespace assent {
namespace {

constexpr std::string_view kUse = "details";

}  // namespace

Result<RecordingView> RecordingService::show_details(RecordingId id, const std::string& purpose, const Caller& caller) {
  auto view = show(id);
  if (!view) return view;
  if (auto allowed = allow_details(*view, purpose, caller); !allowed) return allowed.error();
  if (auto opened = open_notes(*view); !opened) return opened.error();
  CallMetrics metrics;
  for (const RecordedParticipant& participant : view->participants) {
    const auto waited = opt_in_time(participant.row.id, view->consents);
    if (waited) metrics.opt_in.emplace_back(participant.row.id, *waited);
  }
  if (view->call.ended) {
    metrics.duration = std::chrono::duration_cast<milliseconds>(*view->call.ended - view->call.created);
  }
  view->metrics = std::move(metrics);
  return view;
}

Result<void> RecordingService::open_notes(RecordingView& view) {
  const auto key = unless_gone(parts_.keys.open(view.call.key));
  if (!key) return key.error();
  if (!*key) return {};
  for (RecordedNote& note : view.notes) {
    auto text = unless_gone(open_note(*(*key)->key, note.row));
    if (!text) return text.error();
    note.text = *std::move(text);
  }
  return {};
}

// They are about the whole call, so the right to them is the right to hear all that was kept of it.
Result<void> RecordingService::allow_details(const RecordingView& view, const std::string& purpose,
                                             const Caller& caller) {
  const AudioQuery query{view.summary.row.id, purpose, {}};
  std::vector<RecordedLeg> legs = view.legs;
  const auto is_kept = [&](const RecordedLeg& leg) {
    return std::any_of(view.segments.begin(), view.segments.end(),
                       [&](const SegmentRow& segment) { return segment.leg == leg.row.id; });
  };
  if (!view.segments.empty()) std::erase_if(legs, [&](const RecordedLeg& leg) { return !is_kept(leg); });
  if (purpose == kEvidencePurpose) {
    if (auto booked = book_use(LedgerKind::refusal, query, view.call, legs, kUse, caller); !booked) return booked;
    return error(Errc::denied, "for the purpose '" + purpose + "' the spoken answer is heard, and nothing else");
  }
  if (auto right = check_right(query, view.call, legs, kUse, caller); !right) return right;
  return book_use(LedgerKind::access, query, view.call, legs, kUse, caller);
}

Result<void> RecordingService::erase_note(CallId id, NoteId note, const Caller& caller) {
  const auto call = find_call(id);
  if (!call) return call.error();
  const auto notes = parts_.catalog.notes(id);
  if (!notes) return notes.error();
  const bool is_there = std::any_of(notes->begin(), notes->end(), [&](const NoteRow& row) { return row.id == note; });
  if (!is_there) return error(Errc::not_found, "the call has no note with this id");
  const nlohmann::json body = {{"by", caller.token_id}, {"erased", to_text(note)}};
  std::vector<Booking> bookings;
  bookings.emplace_back(booking::RequireNoHold{HoldTarget::call, id.bytes});
  bookings.emplace_back(booking::EraseNote{note});
  bookings.emplace_back(booking::AddLedger{{LedgerKind::note, parts_.clock().wall, id, body.dump()}});
  if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked;
  return forget_patiently(parts_.writer);
}

Result<void> RecordingService::erase_metrics(RecordingId id, const Caller& caller) {
  const auto row = find(id);
  if (!row) return row.error();
  const auto call = find_call(row->call);
  if (!call) return call.error();
  if (call->state == CallState::live) {
    return error(Errc::conflict, "the call is live: there are metrics of it when it is over");
  }
  const auto legs = parts_.catalog.legs(call->id);
  if (!legs) return legs.error();
  nlohmann::json names = nlohmann::json::array();
  std::vector<Booking> bookings;
  bookings.emplace_back(booking::RequireNoHold{HoldTarget::call, call->id.bytes});
  for (const LegRow& leg : *legs) {
    if (leg.sealed_metrics.empty()) continue;
    bookings.emplace_back(booking::SetLegMetrics{leg.id, {}});
    names.push_back(to_text(leg.id));
  }
  if (names.empty()) return error(Errc::not_found, "there are no metrics of this recording, or they have been erased");
  const nlohmann::json body = {{"by", caller.token_id}, {"erased", std::move(names)}, {"recording", to_text(id)}};
  bookings.emplace_back(booking::AddLedger{{LedgerKind::metrics, parts_.clock().wall, call->id, body.dump()}});
  if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked;
  return forget_patiently(parts_.writer);
}

}  // namespace assent
