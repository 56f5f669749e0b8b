// The part of RecordingService that touches audio: the right to hear it, the record of that, and the streams.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/consent/consent_state.h"
#include "engine/control/leg_erasure_plan.h"
#include "engine/control/matroska_export.h"
#include "engine/control/recordings.h"
#include "engine/store/segment_source.h"

namespace assent {
namespace {

Error damage_of(SegmentId segment, const SegmentDamage& damage) {
  return error(Errc::corrupt, "segment " + to_text(segment) + " is damaged at byte " + std::to_string(damage.offset) +
                                  ", frame " + std::to_string(damage.frame) + " (" + damage.kind +
                                  "): `assent verify` shows all of it");
}

// How long a stream goes on before it asks again whether it may.
constexpr auto kRightAge = 1s;

// A leg's stored segments, for as long as they may be heard. A damaged segment ends the stream with an error: what does
// not verify never plays, and silence in its place would hide that.
class StoredLeg final : public LegPackets {
 public:
  struct Right {
    std::shared_ptr<Listener> listener;
    std::function<Result<void>()> ask_again;
    std::function<Now()> clock;
  };
  StoredLeg(SegmentSource source, Right right) : source_(std::move(source)), right_(std::move(right)) {}

  Result<std::optional<LegPacket>> next() override {
    if (auto allowed = may_go_on(); !allowed) return allowed.error();
    auto packet = source_.next();
    if (packet && !source_.damages().empty())
      return damage_of(source_.damages().front().segment, source_.damages().front().damage);
    return packet;
  }

 private:
  Result<void> may_go_on() {
    if (auto allowed = right_.listener->may_go_on(); !allowed) return allowed;
    const MonoTime now = right_.clock().mono;
    if (asked_ && now - *asked_ < kRightAge) return {};
    asked_ = now;
    return right_.ask_again();
  }

  SegmentSource source_;
  Right right_;
  // None: not since it was made known as a listener, and until then no withdrawal could cut it.
  std::optional<MonoTime> asked_;
};

LegKeys leg_keys_from(KeyRing& keys) {
  return [&keys](KeyId id) { return keys.open_copy(id); };
}

bool is_named(const RecordedLeg& leg, std::string_view name) {
  return to_text(leg.row.id) == name || leg.label == std::optional<std::string>(name);
}

std::string name_for_people(const RecordedLeg& leg) { return leg.label.value_or(to_text(leg.row.id)); }

std::uint32_t highest_rate(const std::vector<RecordedLeg>& legs) {
  std::uint32_t rate_hz = 8000;
  for (const RecordedLeg& leg : legs) {
    const auto codecs = parse_codecs(leg.row.codec);
    if (!codecs) continue;
    for (const Codec& codec : *codecs) rate_hz = std::max(rate_hz, codec.sample_rate());
  }
  return rate_hz;
}

template <typename Stream>
BodyStream body_from(std::shared_ptr<Stream> stream) {
  return {[stream = std::move(stream)](ByteSpan out) { return stream->read(out); }, std::nullopt};
}

}  // namespace

// ---- the right ------------------------------------------------------------------------------------------------------

Result<void> RecordingService::book_use(LedgerKind kind, const AudioQuery& query, const CallRow& call,
                                        const std::vector<RecordedLeg>& legs, std::string_view use,
                                        const Caller& caller) {
  nlohmann::json body = {{"by", caller.token_id},
                         {"legs", nlohmann::json::array()},
                         {"purpose", query.purpose},
                         {"recording", to_text(query.recording)},
                         {"use", use}};
  for (const RecordedLeg& leg : legs) body["legs"].push_back(to_text(leg.row.id));
  std::vector<Booking> bookings;
  bookings.emplace_back(booking::AddLedger{{kind, parts_.clock().wall, call.id, body.dump()}});
  return parts_.writer.book_and_wait(std::move(bookings));
}

// A clock that is set back must not make a consent last longer: time goes on at least as fast as it has since this
// service began, and never stands before what is on record.
Result<WallTime> RecordingService::time_for_consents() {
  const auto recorded = parts_.catalog.last_recorded();
  if (!recorded) return recorded.error();
  const Now now = parts_.clock();
  return std::max({now.wall, began_.wall + (now.mono - began_.mono), *recorded});
}

// That a consent's time is over is put on record when it is first found out, so that no clock can take it back.
Result<void> RecordingService::note_lapses(const HearingQuestion& question, const std::vector<ConsentRow>& consents) {
  std::vector<Booking> bookings;
  for (ConsentRow row : lapsed_grants(question, consents)) {
    row.id = new_id<ConsentId>(question.now);
    row.decision = to_text(Decision::expired);
    row.signal_type = to_text(SignalType::validity);
    row.signal_value.clear();
    row.sealed_said.clear();
    row.origin = "engine";
    row.at = question.now;
    row.media_time.reset();
    row.preroll_ms = 0;
    row.evidence_ms = 0;
    row.valid_until.reset();
    bookings.emplace_back(booking::AddConsent{std::move(row)});
  }
  if (bookings.empty()) return {};
  return parts_.writer.book_and_wait(std::move(bookings));
}

// Whether each wanted leg may be heard now.
Result<std::vector<bool>> RecordingService::open_for(const std::string& purpose, const CallRow& call,
                                                     const std::vector<RecordedLeg>& wanted) {
  auto participants = parts_.catalog.participants(call.id);
  if (!participants) return participants.error();
  auto consents = parts_.catalog.consents(call.id);
  if (!consents) return consents.error();
  std::vector<LegRow> rows;
  rows.reserve(wanted.size());
  for (const RecordedLeg& leg : wanted) rows.push_back(leg.row);
  const auto policy = parse_policy(call.policy);
  if (!policy) return error(Errc::corrupt, "the call's policy is none that this version knows");
  const auto now = time_for_consents();
  if (!now) return now.error();
  const HearingQuestion question{purpose, *policy, call.created, *now};
  if (auto noted = note_lapses(question, *consents); !noted) return noted.error();
  std::vector<bool> open = legs_open_for(question, *participants, rows, *consents);
  const auto gone = erased_people(call, *participants);
  if (!gone) return gone.error();
  const auto scope = erasure_scope(parts_.catalog, call, *participants, *gone);
  if (!scope) return scope.error();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (*scope == ErasureScope::call || gone->contains(rows[i].participant)) open[i] = false;
  }
  return open;
}

// Of whom everything is being erased: they are not heard from the moment that was asked, however long it takes.
Result<std::set<ParticipantId>> RecordingService::erased_people(const CallRow& call,
                                                                const std::vector<ParticipantRow>& participants) {
  std::set<ParticipantId> gone;
  const auto tenant = parts_.catalog.tenant(call.tenant);
  if (!tenant) return tenant.error();
  const bool all = *tenant && (*tenant)->erased;
  for (const ParticipantRow& participant : participants) {
    const auto subject = parts_.catalog.subject(participant.subject);
    if (!subject) return subject.error();
    if (all || !*subject || (*subject)->erased) gone.insert(participant.id);
  }
  return gone;
}

// A refusal is on the ledger before anybody learns of it.
Result<void> RecordingService::check_right(const AudioQuery& query, const CallRow& call,
                                           const std::vector<RecordedLeg>& wanted, std::string_view use,
                                           const Caller& caller) {
  const auto open = open_for(query.purpose, call, wanted);
  if (!open) return open.error();
  std::string closed;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!(*open)[i]) closed += (closed.empty() ? "" : ", ") + name_for_people(wanted[i]);
  }
  if (closed.empty()) return {};
  if (auto booked = book_use(LedgerKind::refusal, query, call, wanted, use, caller); !booked) return booked;
  return error(Errc::denied, "nobody's consent covers the purpose '" + query.purpose + "' for: " + closed);
}

// Whoever has a key has the audio, so it takes the same right; legs that may not be heard are left out.
Result<RecordingService::KeyExport> RecordingService::record_key_export(RecordingId id, const std::string& purpose,
                                                                        const Caller& caller) {
  auto row = find(id);
  if (!row) return row.error();
  if (row->state == RecordingState::erased) {
    return error(Errc::not_found, "the recording has been erased, and its keys are destroyed");
  }
  auto call = find_call(row->call);
  if (!call) return call.error();
  auto legs = legs_of(*call);
  if (!legs) return legs.error();
  const auto open = open_for(purpose, *call, *legs);
  if (!open) return open.error();
  const auto hidden = legs_with_more(*row, *call, *legs, purpose);
  if (!hidden) return hidden.error();
  KeyExport exported{row->call, {}};
  nlohmann::json names = nlohmann::json::array();
  for (std::size_t i = 0; i < legs->size(); ++i) {
    if (!(*open)[i] || (*hidden)[i]) continue;
    exported.keys.push_back((*legs)[i].row.key);
    names.push_back(to_text((*legs)[i].row.key));
  }
  if (exported.keys.empty()) {
    const AudioQuery query{id, purpose, {}};
    if (auto booked = book_use(LedgerKind::refusal, query, *call, *legs, "keys", caller); !booked)
      return booked.error();
    return error(Errc::denied, "nobody's consent covers all that the keys of any leg open, for the purpose '" +
                                   purpose + "': a key opens the leg's spoken answer, too");
  }
  const nlohmann::json body = {
      {"by", caller.token_id}, {"keys", std::move(names)}, {"purpose", purpose}, {"recording", to_text(id)}};
  std::vector<Booking> bookings;
  bookings.emplace_back(booking::AddLedger{{LedgerKind::export_keys, parts_.clock().wall, row->call, body.dump()}});
  if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked.error();
  return exported;
}

// A leg's key opens all of the leg: its spoken answer, too, which has a purpose of its own.
Result<std::vector<bool>> RecordingService::legs_with_more(const RecordingRow& recording, const CallRow& call,
                                                           const std::vector<RecordedLeg>& legs,
                                                           const std::string& purpose) {
  const auto segments = parts_.catalog.segments(recording.id);
  if (!segments) return segments.error();
  const auto answers_open = open_for(std::string(kEvidencePurpose), call, legs);
  if (!answers_open) return answers_open.error();
  std::vector<bool> more;
  for (std::size_t i = 0; i < legs.size(); ++i) {
    const bool has_more = std::any_of(segments->begin(), segments->end(), [&](const SegmentRow& segment) {
      return segment.leg == legs[i].row.id && !is_for(segment.use, purpose);
    });
    more.push_back(has_more && (purpose == kEvidencePurpose || !(*answers_open)[i]));
  }
  return more;
}

Result<RecordingService::Audible> RecordingService::audible(const AudioQuery& query, std::string_view use,
                                                            const Caller& caller) {
  auto row = find(query.recording);
  if (!row) return row.error();
  if (row->state == RecordingState::erased) return error(Errc::not_found, "the recording has been erased");
  auto call = find_call(row->call);
  if (!call) return call.error();
  auto legs = legs_of(*call);
  if (!legs) return legs.error();
  auto segments = parts_.catalog.segments(query.recording);
  if (!segments) return segments.error();
  std::erase_if(*segments, [](const SegmentRow& segment) { return segment.state == SegmentState::quarantined; });

  for (const std::string& name : query.legs) {
    const bool exists =
        std::any_of(legs->begin(), legs->end(), [&](const RecordedLeg& leg) { return is_named(leg, name); });
    if (!exists) return error(Errc::not_found, "the recording has no leg '" + name + "'");
  }
  Audible audible;
  for (RecordedLeg& leg : *legs) {
    std::vector<SegmentRow> of_leg;
    std::copy_if(segments->begin(), segments->end(), std::back_inserter(of_leg),
                 [&](const SegmentRow& segment) { return segment.leg == leg.row.id; });
    const bool is_wanted = query.legs.empty()
                               ? !of_leg.empty()
                               : std::any_of(query.legs.begin(), query.legs.end(),
                                             [&](const std::string& name) { return is_named(leg, name); });
    if (!is_wanted) continue;
    audible.legs.push_back(std::move(leg));
    audible.segments.push_back(std::move(of_leg));
  }
  if (auto right = check_right(query, *call, audible.legs, use, caller); !right) return right.error();
  keep_for(query, audible);
  std::erase_if(*segments, [&](const SegmentRow& segment) { return !is_for(segment.use, query.purpose); });
  if (segments->empty() || audible.legs.empty()) {
    return error(Errc::not_found, "the recording holds no audio for the purpose '" + query.purpose + "'");
  }
  // All legs of a recording share one timeline, whichever are asked for.
  audible.start = segments->front().started;
  audible.end = segments->front().ended;
  for (const SegmentRow& segment : *segments) {
    audible.start = std::min(audible.start, segment.started);
    audible.end = std::max(audible.end, segment.ended);
  }
  audible.start = std::chrono::floor<milliseconds>(audible.start);  // the unit of time in a segment
  if (auto booked = book_use(LedgerKind::access, query, *call, audible.legs, use, caller); !booked) {
    return booked.error();
  }
  if (auto whole = check_whole(audible); !whole) return whole.error();
  return audible;
}

// Leaves what is for the purpose (engine/consent/audio_use.h), and of legs that were not named those that have any of
// it.
void RecordingService::keep_for(const AudioQuery& query, Audible& audible) {
  std::vector<RecordedLeg> legs;
  std::vector<std::vector<SegmentRow>> segments;
  for (std::size_t i = 0; i < audible.legs.size(); ++i) {
    std::erase_if(audible.segments[i], [&](const SegmentRow& segment) { return !is_for(segment.use, query.purpose); });
    if (audible.segments[i].empty() && query.legs.empty()) continue;
    legs.push_back(std::move(audible.legs[i]));
    segments.push_back(std::move(audible.segments[i]));
  }
  audible.legs = std::move(legs);
  audible.segments = std::move(segments);
}

// Every wanted segment is verified to its end before the first byte is heard: damage is a clear answer then, and not a
// stream that breaks off. (A leg's hour is 30 MB, decrypted in some 30 ms.)
Result<void> RecordingService::check_whole(const Audible& audible) {
  const LegKeys keys = leg_keys_from(parts_.keys);
  for (const auto& segments : audible.segments) {
    for (const SegmentRow& segment : segments) {
      auto object = parts_.store.open(segment.object);
      if (!object && object.error().code == Errc::not_found) {
        return error(Errc::corrupt, "the store has lost " + segment.object + ", which the catalog holds for stored");
      }
      if (!object) return object.error();
      auto report = verify_segment(**object, keys);
      if (!report) return report.error();
      if (!report->damages.empty()) return damage_of(segment.id, report->damages.front());
      // What it may be used for is what it was sealed as, whatever became of its row.
      if (report->identity && report->identity->use != segment.use) {
        return error(Errc::corrupt,
                     "the segment " + to_text(segment.id) + " is booked for another use than it was sealed for");
      }
    }
  }
  return {};
}

// ---- the streams ----------------------------------------------------------------------------------------------------

std::unique_ptr<LegPackets> RecordingService::packets_of(const AudioQuery& query, LegId leg,
                                                         const std::vector<SegmentRow>& segments) {
  auto listener = listeners_.add(query.recording, query.purpose, leg);
  StoredLeg::Right right{listener, [this, listener] { return may_still_hear(*listener); }, parts_.clock};
  return std::make_unique<StoredLeg>(SegmentSource(parts_.store, segments, leg_keys_from(parts_.keys)),
                                     std::move(right));
}

void RecordingService::cut_streams(RecordingId id) {
  for (const auto& listener : listeners_.of(id)) listener->cut(Listener::Cut::erased);
}

void RecordingService::review_streams(RecordingId id) { review(listeners_.of(id)); }

void RecordingService::review_streams() { review(listeners_.all()); }

void RecordingService::review(const std::vector<std::shared_ptr<Listener>>& listeners) {
  for (const auto& listener : listeners) {
    if (!may_still_hear(*listener)) listener->cut(Listener::Cut::not_allowed);
  }
}

// Where that cannot be found out, it is not so.
Result<void> RecordingService::may_still_hear(const Listener& listener) {
  auto row = find(listener.recording);
  if (!row) return row.error();
  if (row->state == RecordingState::erased) return error(Errc::not_found, "the recording is being erased");
  auto call = find_call(row->call);
  if (!call) return call.error();
  auto legs = parts_.catalog.legs(call->id);
  if (!legs) return legs.error();
  std::vector<RecordedLeg> heard;
  for (LegRow& leg : *legs) {
    if (leg.id == listener.leg) heard.push_back({std::move(leg), std::nullopt, std::nullopt});
  }
  const auto open = open_for(listener.purpose, *call, heard);
  if (!open) return open.error();
  if (open->size() == 1 && open->front()) return {};
  return error(Errc::denied, "nobody's consent covers the purpose '" + listener.purpose + "' for this leg any more");
}

RenderSpec RecordingService::render_spec(const AudioQuery& query, const Audible& audible) {
  // Times in a segment are whole milliseconds, so that what follows a hole may be laid as much later than its time
  // says: none of the last words is cut off for it.
  constexpr auto kLaidLater = 2ms;
  RenderSpec spec{{}, audible.start, audible.end + kLaidLater, highest_rate(audible.legs)};
  for (std::size_t i = 0; i < audible.legs.size(); ++i) {
    spec.legs.push_back(packets_of(query, audible.legs[i].row.id, audible.segments[i]));
  }
  return spec;
}

Result<BodyStream> RecordingService::audio(const AudioQuery& query, AudioFormat format, const Caller& caller) {
  constexpr std::array<std::string_view, 3> kUses = {"wav", "ogg", "mka"};
  if (format == AudioFormat::mka && query.legs.size() != 1) {
    return error(Errc::invalid, "mka is one leg as it was received: name it with legs=LABEL");
  }
  auto found = audible(query, kUses.at(static_cast<std::size_t>(format)), caller);
  if (!found) return found.error();
  if (format == AudioFormat::wav) return parts_.renderer.wav(render_spec(query, *found));
  if (format == AudioFormat::ogg) return parts_.renderer.ogg(render_spec(query, *found));
  SegmentHead head;
  head.leg = found->legs.front().row.id;
  head.start = found->start;
  const auto& segments = found->segments.front();
  if (!segments.empty()) head.segment = segments.front().id;
  return body_from(std::make_shared<MatroskaExport>(packets_of(query, head.leg, segments), head));
}

Result<PeaksView> RecordingService::peaks(const AudioQuery& query, std::size_t buckets, const Caller& caller) {
  auto found = audible(query, "peaks", caller);
  if (!found) return found.error();
  auto measured = parts_.renderer.peaks(render_spec(query, *found), buckets);
  if (!measured) return measured.error();
  if (measured->size() != found->legs.size()) return error(Errc::unavailable, "the renderer left out a leg");
  PeaksView view{found->start, found->end, {}};
  for (std::size_t i = 0; i < found->legs.size(); ++i) {
    RecordedLeg& leg = found->legs[i];
    view.legs.push_back({std::move(leg.row), std::move(leg.label), std::move((*measured)[i])});
  }
  return view;
}

}  // namespace assent
