// Recordings in JSON; their audio as it is.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/control/operations.h"

namespace assent {
namespace {

using Json = nlohmann::ordered_json;

Json or_null(const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); }
Json or_null(const std::optional<WallTime>& time) { return time ? Json(to_rfc3339(*time)) : Json(nullptr); }

// A column that holds JSON, or nothing.
Json stored_json(const std::string& text) {
  Json parsed = Json::parse(text, nullptr, false);
  return parsed.is_discarded() ? Json(nullptr) : parsed;
}

Json gaps_in(const Json& lost) {
  return lost.is_object() && lost.contains("gaps") ? lost.at("gaps") : Json(Json::array());
}

Json json_of(const RecordingSummary& summary) {
  return {{"id", to_text(summary.row.id)},
          {"call", to_text(summary.row.call)},
          {"tenant", summary.tenant},
          {"state", name_of(summary.row.state)},
          {"started", to_rfc3339(summary.row.started)},
          {"ended", or_null(summary.row.ended)},
          {"expires", or_null(summary.row.expires)}};
}

Json json_of(const RecordedParticipant& participant) {
  const auto& fields = participant.fields;
  return {{"id", to_text(participant.row.id)},
          {"role", participant.row.role},
          {"subject_id", to_text(participant.row.subject)},
          {"subject", or_null(participant.subject)},
          {"ref", fields ? Json(fields->ref) : Json(nullptr)},
          {"name", fields ? or_null(fields->name) : Json(nullptr)},
          {"address", fields ? or_null(fields->address) : Json(nullptr)}};
}

Json counts_of(const RecordedLeg& leg) {
  if (!leg.metrics) return stored_json(leg.row.counts_json);
  Json counts = Json::object();
  for (const LegCountTag& tag : kLegCountTags) counts[std::string(tag.name)] = leg.metrics->counts.*tag.count;
  counts[std::string(kHeldBytesCount)] = leg.metrics->held_bytes;
  return counts;
}

Json json_of(const RecordedLeg& leg) {
  return {{"id", to_text(leg.row.id)}, {"label", or_null(leg.label)}, {"participant", to_text(leg.row.participant)},
          {"index", leg.row.index},    {"codec", leg.row.codec},      {"counts", counts_of(leg)}};
}

Json ms_or_null(const std::optional<milliseconds>& measured) {
  return measured ? Json(measured->count()) : Json(nullptr);
}

Json metrics_of(const RecordingView& view) {
  if (!view.metrics) return nullptr;
  Json people = Json::array();
  for (const auto& [participant, waited] : view.metrics->opt_in) {
    people.push_back({{"id", to_text(participant)}, {"opt_in_ms", waited.count()}});
  }
  Json legs = Json::array();
  for (const RecordedLeg& leg : view.legs) {
    if (!leg.metrics) continue;
    const LegMetrics& metrics = *leg.metrics;
    legs.push_back({{"id", to_text(leg.row.id)},
                    {"talk_ms", ms_or_null(metrics.talk)},
                    {"quiet_ms", ms_or_null(metrics.quiet)},
                    {"hold_ms", metrics.hold.count()},
                    {"paused_ms", metrics.counts.paused_ms},
                    {"packets", metrics.counts.received},
                    {"lost", metrics.counts.lost},
                    {"late", metrics.counts.late},
                    {"jitter_mean_us", metrics.jitter_mean_us},
                    {"jitter_max_us", metrics.jitter_most_us}});
  }
  const auto& duration = view.metrics->duration;
  return {{"duration_ms", ms_or_null(duration)}, {"participants", std::move(people)}, {"legs", std::move(legs)}};
}

Json json_of(const ConsentRow& consent, const Said& said) {
  return {{"id", to_text(consent.id)},
          {"participant", to_text(consent.participant)},
          {"purpose", consent.purpose},
          {"decision", consent.decision},
          {"signal", {{"type", consent.signal_type}, {"value", or_null(said_by(said, consent.id))}}},
          {"notice", stored_json(consent.notice_json)},
          {"origin", consent.origin},
          {"at", to_rfc3339(consent.at)},
          {"media_time", or_null(consent.media_time)},
          {"preroll_ms", consent.preroll_ms},
          {"evidence_ms", consent.evidence_ms},
          {"valid_until", or_null(consent.valid_until)}};
}

Json json_of(const SegmentRow& segment) {
  return {{"id", to_text(segment.id)},          {"leg", to_text(segment.leg)},
          {"number", segment.number},           {"object", segment.object},
          {"state", name_of(segment.state)},    {"size_bytes", segment.size_bytes},
          {"frames", segment.frames},           {"started", to_rfc3339(segment.started)},
          {"ended", to_rfc3339(segment.ended)}, {"salvaged", segment.salvaged},
          {"use", name_of(segment.use)}};
}

Json json_of(const RecordedNote& note) {
  return {{"id", to_text(note.row.id)},
          {"author", note.row.author},
          {"at", to_rfc3339(note.row.at)},
          {"text", or_null(note.text)}};
}

template <typename T>
Json list_of(const std::vector<T>& items) {
  Json list = Json::array();
  for (const T& item : items) list.push_back(json_of(item));
  return list;
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  while (from <= text.size()) {
    const std::size_t to = std::min(text.find(',', from), text.size());
    if (to > from) parts.push_back(text.substr(from, to - from));
    from = to + 1;
  }
  return parts;
}

AudioQuery audio_query(RecordingId id, QueryReader& query) {
  AudioQuery audio{id, {}, {}};
  if (auto purpose = query.text("purpose")) {
    audio.purpose = *std::move(purpose);
  } else {
    query.note("purpose", "must say what the audio is used for, such as quality");
  }
  if (const auto legs = query.text("legs")) audio.legs = split_at_commas(*legs);
  return audio;
}

// What the service denies here is a purpose; a role was checked before.
Problem problem_of_use(const Error& error) {
  Problem problem = problem_of(error);
  if (error.code == Errc::denied) problem.type = ProblemType::purpose_not_consented;
  return problem;
}

struct FormatInfo {
  std::string_view name;
  AudioFormat format;
  std::string_view content_type;
};
constexpr std::array<FormatInfo, 3> kFormats = {{{"wav", AudioFormat::wav, "audio/wav"},
                                                 {"ogg", AudioFormat::ogg, "audio/ogg"},
                                                 {"mka", AudioFormat::mka, "audio/x-matroska"}}};

}  // namespace

Reply list_recordings(ApiParts& parts, const ApiRequest& request) {
  QueryReader query(request.http);
  RecordingQuery wanted;
  wanted.subject = query.text("subject");
  wanted.tenant = query.text("tenant");
  wanted.from = query.time("from");
  wanted.to = query.time("to");
  wanted.cursor = query.id<RecordingId>("cursor");
  wanted.limit = query.number("limit", 1, limits::kPageRows).value_or(limits::kPageRows);
  if (const auto state = query.text("state")) {
    wanted.state = parse_recording_state(*state);
    if (!wanted.state) query.note("state", "must be open, complete, incomplete, recovered or erased");
  }
  if (auto fault = query.fault()) return *std::move(fault);
  auto page = parts.recordings.list(wanted);
  if (!page) return problem_of(page.error());
  return json_reply(200, {{"recordings", list_of(page->recordings)},
                          {"cursor", page->cursor ? Json(to_text(*page->cursor)) : Json(nullptr)}});
}

Reply show_recording(ApiParts& parts, const ApiRequest& request) {
  const auto id = id_parameter<RecordingId>(request);
  if (!id) return id.error();
  QueryReader query(request.http);
  const auto purpose = query.text("purpose");
  if (auto fault = query.fault()) return *std::move(fault);
  auto view = purpose ? parts.recordings.show_details(*id, *purpose, {request.bearer.id}) : parts.recordings.show(*id);
  if (!view) return problem_of_use(view.error());
  Json body = json_of(view->summary);
  body["ref"] = or_null(view->ref);
  body["policy"] = view->call.policy;
  body["call_state"] = name_of(view->call.state);
  body["notice"] = stored_json(view->call.notice_json);
  body["lost"] = stored_json(view->summary.row.lost_json);
  body["gaps"] = gaps_in(body["lost"]);
  body["participants"] = list_of(view->participants);
  body["legs"] = list_of(view->legs);
  body["consents"] = Json::array();
  for (const ConsentRow& consent : view->consents) body["consents"].push_back(json_of(consent, view->said));
  body["segments"] = list_of(view->segments);
  body["notes"] = list_of(view->notes);
  body["metrics"] = metrics_of(*view);
  body["holds"] = Json::array();
  for (const HoldRow& hold : view->holds) {
    body["holds"].push_back({{"id", to_text(hold.id)}, {"reason", hold.reason}, {"until", or_null(hold.until)}});
  }
  return json_reply(200, body);
}

Reply erase_note(ApiParts& parts, const ApiRequest& request) {
  const auto call = id_parameter<CallId>(request);
  if (!call) return call.error();
  const auto note = parse_id<NoteId>(request.parameters.at(1));
  if (!note) return Problem{ProblemType::malformed_request, "the note's id in the path is not a UUID", {}};
  if (auto erased = parts.recordings.erase_note(*call, *note, {request.bearer.id}); !erased) {
    return problem_of(erased.error());
  }
  return json_reply(200, {{"call", to_text(*call)}, {"note", to_text(*note)}, {"erased", true}});
}

Reply erase_metrics(ApiParts& parts, const ApiRequest& request) {
  const auto id = id_parameter<RecordingId>(request);
  if (!id) return id.error();
  if (auto erased = parts.recordings.erase_metrics(*id, {request.bearer.id}); !erased) {
    return problem_of(erased.error());
  }
  return json_reply(200, {{"recording", to_text(*id)}, {"erased", true}});
}

Reply play_recording(ApiParts& parts, const ApiRequest& request) {
  const auto id = id_parameter<RecordingId>(request);
  if (!id) return id.error();
  QueryReader query(request.http);
  const AudioQuery wanted = audio_query(*id, query);
  const std::string name = query.text("format").value_or("wav");
  const auto format =
      std::find_if(kFormats.begin(), kFormats.end(), [&](const FormatInfo& f) { return f.name == name; });
  if (format == kFormats.end()) query.note("format", "must be wav, ogg or mka");
  if (auto fault = query.fault()) return *std::move(fault);
  auto stream = parts.recordings.audio(wanted, format->format, {request.bearer.id});
  if (!stream) return problem_of_use(stream.error());
  HttpResponse response;
  response.content_type = format->content_type;
  response.headers.emplace_back("Content-Disposition", "inline; filename=\"" + to_text(*id) + "." + name + "\"");
  response.stream = *std::move(stream);
  // A stream that has begun goes on, slowly, while the disk is needed for calls.
  response.stream->pull = [&overload = parts.overload, pull = std::move(response.stream->pull)](ByteSpan to) {
    overload.ease_off();
    return pull(to);
  };
  return response;
}

Reply draw_recording(ApiParts& parts, const ApiRequest& request) {
  const auto id = id_parameter<RecordingId>(request);
  if (!id) return id.error();
  QueryReader query(request.http);
  const AudioQuery wanted = audio_query(*id, query);
  const std::size_t buckets = query.number("buckets", 1, limits::kPeakBuckets).value_or(limits::kPeakBucketsDefault);
  if (auto fault = query.fault()) return *std::move(fault);
  auto view = parts.recordings.peaks(wanted, buckets, {request.bearer.id});
  if (!view) return problem_of_use(view.error());
  Json legs = Json::array();
  for (const LegPeaks& leg : view->legs) {
    Json peaks = Json::array();
    for (const SamplePeak& peak : leg.peaks) peaks.push_back({peak.low, peak.high});
    legs.push_back({{"id", to_text(leg.leg.id)}, {"label", or_null(leg.label)}, {"peaks", std::move(peaks)}});
  }
  return json_reply(200, {{"recording", to_text(*id)},
                          {"purpose", wanted.purpose},
                          {"start", to_rfc3339(view->start)},
                          {"end", to_rfc3339(view->end)},
                          {"buckets", buckets},
                          {"legs", std::move(legs)}});
}

Reply record_key_export(ApiParts& parts, const ApiRequest& request) {
  const auto id = id_parameter<RecordingId>(request);
  if (!id) return id.error();
  QueryReader query(request.http);
  const auto purpose = query.text("purpose");
  if (!purpose && !request.http.query.contains("purpose")) query.note("purpose", "says what the keys are for");
  if (auto fault = query.fault()) return *std::move(fault);
  auto exported = parts.recordings.record_key_export(*id, *purpose, {request.bearer.id});
  if (!exported) return problem_of_use(exported.error());
  Json keys = Json::array();
  for (const KeyId key : exported->keys) keys.push_back(to_text(key));
  return json_reply(201, {{"recording", to_text(*id)}, {"call", to_text(exported->call)}, {"keys", std::move(keys)}});
}

}  // namespace assent
