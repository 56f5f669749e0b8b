#include "engine/calls/call_return.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "crypto/wipe.h"
#include "engine/catalog/person_fields.h"

namespace assent {
namespace {

// The highest number of a segment that was lost with its audio: it has no row, and its number is not given again.
std::uint32_t last_lost(const std::string& lost_json, LegId leg) {
  const auto lost = nlohmann::json::parse(lost_json, nullptr, false);
  if (!lost.is_object() || !lost.contains("legs") || !lost["legs"].contains(to_text(leg))) return 0;
  std::uint32_t last = 0;
  for (const auto& segment : lost["legs"][to_text(leg)]) last = std::max(last, segment.value("segment", 0U));
  return last;
}

bool is_from_file(const ConsentRow& row) {
  return row.decision == to_text(Decision::granted) && row.signal_type == to_text(SignalType::standing);
}

}  // namespace

std::vector<LegPorts> ReturningCall::ports() const {
  std::vector<LegPorts> all;
  for (const NewLeg& leg : call.legs) {
    if (leg.former && leg.former->ports.rtp != 0) all.push_back(leg.former->ports);
  }
  return all;
}

Result<ReturningCall> CallReturn::recall(const CallRow& row, WallTime now) {
  const auto call_key = keys_.open(row.key);
  if (!call_key) return call_key.error();
  const auto settings = open_call_settings(*call_key->key, row);
  if (!settings) return settings.error();
  auto terms = call_terms_from(*settings, purposes_);
  if (!terms) return terms.error();
  auto ref = open_call_ref(*call_key->key, row);
  if (!ref) return ref.error();
  const auto tenant = catalog_.tenant(row.tenant);
  if (!tenant) return tenant.error();
  if (!*tenant) return error(Errc::not_found, "its tenant has been erased");

  ReturningCall call;
  call.call.identity = {row.id, row.tenant, {}, row.notice_json, row.created};
  call.call.consent = terms->consent;
  call.call.former = FormerCall{};
  call.terms = *std::move(terms);
  call.ref = *std::move(ref);
  call.tenant_name = (*tenant)->name;
  call.call_key = call_key->id;
  if (auto added = add_recording(row, call); !added) return added.error();
  if (auto added = add_consents(row, call); !added) return added.error();

  const auto participants = catalog_.participants(row.id);
  if (!participants) return participants.error();
  for (const ParticipantRow& each : *participants) {
    if (auto added = add_participant(each, now, call); !added) return added.error();
  }
  const auto legs = catalog_.legs(row.id);
  if (!legs) return legs.error();
  const auto segments = call.recording ? catalog_.segments(call.recording->id)
                                       : Result<std::vector<SegmentRow>>(std::vector<SegmentRow>());
  if (!segments) return segments.error();
  for (const LegRow& each : *legs) {
    if (auto added = add_leg(each, *call_key, *segments, call); !added) return added.error();
  }
  for (std::size_t i = 0; i < call.participants.size(); ++i) {
    if (call.left.contains(call.participants[i].id)) {
      call.call.left.push_back(ParticipantIndex(static_cast<std::uint8_t>(i)));
    }
  }
  return call;
}

Result<void> CallReturn::add_recording(const CallRow& row, ReturningCall& call) {
  auto recording = catalog_.recording_of(row.id);
  if (!recording) return recording.error();
  call.recording = *std::move(recording);
  call.call.former->has_recording = call.recording.has_value();
  call.call.identity.recording = call.recording ? call.recording->id : new_id<RecordingId>(row.created);
  if (!call.recording || call.recording->state != RecordingState::erased) return {};
  return error(Errc::not_found, "its recording has been erased");
}

Result<void> CallReturn::add_consents(const CallRow& row, ReturningCall& call) {
  auto consents = catalog_.consents(row.id);
  if (!consents) return consents.error();
  const auto paused = was_paused(row.id);
  if (!paused) return paused.error();
  call.call.former->consents = *std::move(consents);
  call.call.former->paused = *paused;
  return {};
}

// A pause and its end are on record before they are answered.
Result<bool> CallReturn::was_paused(CallId call) {
  bool paused = false;
  LedgerFilter filter;
  filter.call = call;
  for (;;) {
    const auto page = catalog_.ledger(filter);
    if (!page) return page.error();
    for (const LedgerRow& row : *page) {
      if (row.kind == name_of(LedgerKind::pause)) paused = true;
      if (row.kind == name_of(LedgerKind::resume)) paused = false;
    }
    if (page->size() < filter.limit) return paused;
    filter.after_seq = page->back().seq;
  }
}

Result<void> CallReturn::add_participant(const ParticipantRow& row, WallTime now, ReturningCall& call) {
  const auto subject = catalog_.subject(row.subject);
  if (!subject) return subject.error();
  if (!*subject) return error(Errc::not_found, "somebody in it has been erased");
  const auto key = keys_.open(row.key);
  if (!key) return key.error();
  auto fields = open_participant(*key->key, row);
  if (!fields) return fields.error();
  ParticipantSpec spec{fields->ref, std::nullopt, row.role, fields->name, fields->address};
  auto ref = People(catalog_, keys_).ref_of(row.subject);
  if (!ref) return ref.error();
  spec.subject = *std::move(ref);
  CallParticipant joins{row.id, fields->ref, key->key, {}};
  auto on_file = catalog_.standing_consents(row.subject);
  if (!on_file) return on_file.error();
  for (const StandingConsentRow& each : *on_file) {
    const auto& consents = call.call.former->consents;
    const bool counts = std::any_of(consents.begin(), consents.end(), [&](const ConsentRow& consent) {
      return consent.participant == row.id && is_from_file(consent) && consent.signal_value == to_text(each.id);
    });
    if (counts && each.withdrawn) call.taken_back.push_back(each.id);
  }
  const bool has_spoken = std::any_of(call.call.former->consents.begin(), call.call.former->consents.end(),
                                      [&](const ConsentRow& consent) { return consent.participant == row.id; });
  if (!has_spoken && call.terms.rules.counts_standing(row.role)) {
    auto standing = admission_.standing(row.subject, now);
    if (!standing) return standing.error();
    joins.standing = *std::move(standing);
  }
  call.call.participants.push_back(std::move(joins));
  call.participants.push_back({std::move(spec), row.id, row.subject, row.key});
  return {};
}

Result<void> CallReturn::add_leg(const LegRow& row, const OpenKey& call_key, const std::vector<SegmentRow>& segments,
                                 ReturningCall& call) {
  auto label = open_leg_label(*call_key.key, row);
  if (!label) return label.error();
  auto media_text = open_leg_media(*call_key.key, row);
  if (!media_text) return media_text.error();
  auto media = leg_media_from(*media_text);
  wipe(*media_text);
  if (!media) return media.error();
  const auto owner = std::find_if(call.participants.begin(), call.participants.end(),
                                  [&](const KnownParticipant& one) { return one.id == row.participant; });
  if (owner == call.participants.end()) return error(Errc::corrupt, "a leg of it belongs to nobody");

  // A leg whose key is gone was withdrawn from; the others go on.
  auto key = keys_.open_copy(row.key);
  if (!key && key.error().code != Errc::not_found) return key.error();
  NewLeg leg{row.id, *label, owner->spec.ref, media->payloads, media->source, row.key, std::nullopt, {}, media->srtp};
  if (key) leg.key = *std::move(key);
  leg.has_ended = media->has_ended;
  if (media->has_ended) call.ended.insert(row.id);
  if (media->has_ended && !media->ports) call.replaced.insert(row.id);
  if (media->owner_left) call.left.insert(row.participant);
  if (media->signalled) call.signalled = media->signalled;
  if (media->ports || media->has_ended) {
    leg.former = FormerLeg{
        media->ports.value_or(LegPorts{}), {}, last_lost(call.recording ? call.recording->lost_json : "", row.id)};
    for (const SegmentRow& segment : segments) {
      if (segment.leg != row.id) continue;
      leg.former->segments.push_back(segment.id);
      leg.former->last_segment = std::max(leg.former->last_segment, segment.number);
    }
  }
  call.legs.emplace_back(
      row.id, LegSpec{*label, owner->spec.ref, media->payloads, media->source, media->rtpengine, media->srtp});
  call.call.legs.push_back(std::move(leg));
  return {};
}

}  // namespace assent
