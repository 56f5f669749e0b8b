#include "engine/control/recordings.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "engine/catalog/people.h"
#include "engine/catalog/unless_gone.h"

namespace assent {
namespace {

constexpr std::string_view kDefaultTenantName = "default";

Error no_recording() { return error(Errc::not_found, "there is no recording with this id"); }

}  // namespace

Result<RecordingRow> RecordingService::find(RecordingId id) {
  auto row = parts_.catalog.recording(id);
  if (!row) return row.error();
  if (!*row) return no_recording();
  return **std::move(row);
}

Result<CallRow> RecordingService::find_call(CallId id) {
  auto row = parts_.catalog.call(id);
  if (!row) return row.error();
  if (!*row) return error(Errc::not_found, "there is no call with this id");
  return **std::move(row);
}

// ---- listing --------------------------------------------------------------------------------------------------------

// A tenant or a person nobody knows has no recordings: that is an empty list, not a fault.
Result<RecordingFilter> RecordingService::filter_of(const RecordingQuery& query, bool& matches_nothing) {
  RecordingFilter filter{std::nullopt, std::nullopt, query.from, query.to, query.state, query.cursor, query.limit};
  if (query.tenant) {
    auto tenant = parts_.catalog.tenant(std::string_view(*query.tenant));
    if (!tenant) return tenant.error();
    matches_nothing = !*tenant;
    if (*tenant) filter.tenant = (*tenant)->id;
  }
  if (!query.subject || matches_nothing) return filter;
  if (const auto id = parse_id<SubjectId>(*query.subject)) {
    auto known = parts_.catalog.subject(*id);
    if (!known) return known.error();
    if (*known) {
      filter.subject = id;
      return filter;
    }
  }
  People people(parts_.catalog, parts_.keys);
  auto tenant = people.tenant(query.tenant ? std::string_view(*query.tenant) : kDefaultTenantName);
  auto subject = tenant ? people.subject(*tenant, *query.subject) : Result<Subject>(tenant.error());
  if (subject) {
    filter.subject = subject->id;
  } else if (subject.error().code == Errc::not_found) {
    matches_nothing = true;
  } else {
    return subject.error();
  }
  return filter;
}

Result<RecordingSummary> RecordingService::summary_of(const RecordingRow& row) {
  auto tenant = parts_.catalog.tenant(row.tenant);
  if (!tenant) return tenant.error();
  return RecordingSummary{row, *tenant ? (*tenant)->name : std::string()};
}

Result<RecordingPage> RecordingService::list(const RecordingQuery& query) {
  bool matches_nothing = false;
  auto filter = filter_of(query, matches_nothing);
  if (!filter) return filter.error();
  RecordingPage page;
  if (matches_nothing) return page;
  auto rows = parts_.catalog.recordings(*filter);
  if (!rows) return rows.error();
  for (const RecordingRow& row : *rows) {
    auto summary = summary_of(row);
    if (!summary) return summary.error();
    page.recordings.push_back(*std::move(summary));
  }
  if (rows->size() >= query.limit) page.cursor = rows->back().id;
  return page;
}

// ---- showing --------------------------------------------------------------------------------------------------------

Result<std::optional<LegMetrics>> RecordingService::metrics_of(const LegRow& leg) {
  if (leg.sealed_metrics.empty()) return std::optional<LegMetrics>();
  auto key = unless_gone(parts_.keys.open(leg.key));
  if (!key) return key.error();
  if (!*key) return std::optional<LegMetrics>();
  const auto text = open_leg_metrics(*(*key)->key, leg);
  if (!text) return text.error();
  auto metrics = leg_metrics_from(*text);
  if (!metrics) return metrics.error();
  return std::optional(*metrics);
}

Result<std::vector<RecordedLeg>> RecordingService::legs_of(const CallRow& call) {
  auto rows = parts_.catalog.legs(call.id);
  if (!rows) return rows.error();
  auto key = unless_gone(parts_.keys.open(call.key));
  if (!key) return key.error();
  std::vector<RecordedLeg> legs;
  for (LegRow& row : *rows) {
    RecordedLeg leg{std::move(row), std::nullopt, std::nullopt};
    if (*key) {
      auto label = unless_gone(open_leg_label(*(*key)->key, leg.row));
      if (!label) return label.error();
      leg.label = *std::move(label);
    }
    if (auto metrics = metrics_of(leg.row); metrics) {
      leg.metrics = *std::move(metrics);
    } else {
      return metrics.error();
    }
    legs.push_back(std::move(leg));
  }
  return legs;
}

Result<std::vector<RecordedParticipant>> RecordingService::participants_of(const CallRow& call) {
  auto rows = parts_.catalog.participants(call.id);
  if (!rows) return rows.error();
  People people(parts_.catalog, parts_.keys);
  std::vector<RecordedParticipant> participants;
  for (ParticipantRow& row : *rows) {
    RecordedParticipant participant{std::move(row), std::nullopt, std::nullopt};
    auto key = unless_gone(parts_.keys.open(participant.row.key));
    if (!key) return key.error();
    if (*key) {
      auto fields = unless_gone(open_participant(*(*key)->key, participant.row));
      if (!fields) return fields.error();
      participant.fields = *std::move(fields);
    }
    auto ref = people.ref_of(participant.row.subject);
    if (!ref) return ref.error();
    participant.subject = *std::move(ref);
    participants.push_back(std::move(participant));
  }
  return participants;
}

Result<RecordingView> RecordingService::show(RecordingId id) {
  auto row = find(id);
  if (!row) return row.error();
  auto summary = summary_of(*row);
  if (!summary) return summary.error();
  auto call = find_call(row->call);
  if (!call) return call.error();
  auto participants = participants_of(*call);
  if (!participants) return participants.error();
  auto legs = legs_of(*call);
  if (!legs) return legs.error();
  auto consents = parts_.catalog.consents(call->id);
  if (!consents) return consents.error();
  std::map<ParticipantId, KeyId> participant_keys;
  for (const RecordedParticipant& one : *participants) participant_keys[one.row.id] = one.row.key;
  auto said = open_said(parts_.keys, participant_keys, *consents);
  if (!said) return said.error();
  auto segments = parts_.catalog.segments(id);
  if (!segments) return segments.error();
  auto notes = parts_.catalog.notes(call->id);
  if (!notes) return notes.error();
  auto holds = parts_.catalog.holds_over(HoldTarget::recording, id.bytes);
  if (!holds) return holds.error();
  auto key = unless_gone(parts_.keys.open(call->key));
  if (!key) return key.error();

  RecordingView view{*std::move(summary),
                     *std::move(call),
                     std::nullopt,
                     *std::move(participants),
                     *std::move(legs),
                     *std::move(consents),
                     *std::move(said),
                     *std::move(segments),
                     {},
                     std::nullopt,
                     *std::move(holds)};
  if (*key) {
    auto ref = unless_gone(open_call_ref(*(*key)->key, view.call));
    if (!ref) return ref.error();
    view.ref = *std::move(ref);
  }
  for (NoteRow& note : *notes) view.notes.push_back({std::move(note), std::nullopt});
  return view;
}

// ---- notes ----------------------------------------------------------------------------------------------------------

Result<NoteId> RecordingService::add_note(CallId id, const std::string& text, const Caller& caller) {
  auto call = find_call(id);
  if (!call) return call.error();
  auto key = parts_.keys.open(call->key);
  if (!key && key.error().code == Errc::not_found) {
    return error(Errc::conflict, "the call's recording has been erased: nothing can be added to it");
  }
  if (!key) return key.error();
  const WallTime now = parts_.clock().wall;
  NoteRow row{new_id<NoteId>(now), id, caller.token_id, now, {}};
  row.sealed_text = seal_note(*key->key, row.id, text);
  const nlohmann::json body = {{"by", caller.token_id}, {"note", to_text(row.id)}};
  const NoteId note = row.id;
  std::vector<Booking> bookings;
  bookings.emplace_back(booking::AddNote{std::move(row)});
  bookings.emplace_back(booking::AddLedger{{LedgerKind::note, now, id, body.dump()}});
  if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked.error();
  return note;
}

}  // namespace assent
