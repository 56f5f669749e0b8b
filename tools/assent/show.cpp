// assent show: one recording in full, and on request what it looks like.
#include <ostream>

#include "tools/assent/commands.h"
#include "tools/assent/engine_reach.h"
#include "tools/assent/json_fields.h"
#include "tools/assent/text_table.h"
#include "tools/assent/waveform.h"

namespace assent {
namespace {

// A participant's ref, or its id where the ref has been erased.
std::string participant_name(const Json& recording, const std::string& id) {
  for (const auto& participant : list_at(recording, "participants")) {
    if (text_at(participant, "id") != id) continue;
    const std::string ref = text_at(participant, "ref");
    return ref.empty() ? id : ref;
  }
  return id;
}

std::string leg_name(const Json& leg) {
  const std::string label = text_at(leg, "label");
  return label.empty() ? text_at(leg, "id") : label;
}

void print_people(const Json& recording, std::ostream& out) {
  TextTable people({"PARTICIPANT", "ROLE", "NAME", "ADDRESS", "SUBJECT"});
  for (const auto& each : list_at(recording, "participants")) {
    const std::string subject = text_at(each, "subject");
    people.add({text_at(each, "ref"), text_at(each, "role"), text_at(each, "name"), text_at(each, "address"),
                subject.empty() ? text_at(each, "subject_id") : subject});
  }
  people.print(out);
  out << "\n";
  TextTable consents({"AT", "PARTICIPANT", "PURPOSE", "DECISION", "BY", "PREROLL", "EVIDENCE"});
  for (const auto& each : list_at(recording, "consents")) {
    const Json signal = object_at(each, "signal");
    consents.add({text_at(each, "at"), participant_name(recording, text_at(each, "participant")),
                  text_at(each, "purpose"), text_at(each, "decision"),
                  text_at(signal, "type") + " " + text_at(signal, "value"), text_at(each, "preroll_ms") + " ms",
                  text_at(each, "evidence_ms") + " ms"});
  }
  consents.print(out);
}

void print_audio(const Json& recording, std::ostream& out) {
  TextTable legs({"LEG", "PARTICIPANT", "CODEC", "COUNTS"});
  for (const auto& each : list_at(recording, "legs")) {
    const Json counts = object_at(each, "counts");
    legs.add({leg_name(each), participant_name(recording, text_at(each, "participant")), text_at(each, "codec"),
              counts.empty() ? "" : counts.dump()});
  }
  legs.print(out);
  out << "\n";
  TextTable segments({"SEGMENT", "NUMBER", "USE", "STATE", "STARTED", "ENDED", "BYTES", "OBJECT"});
  for (const auto& each : list_at(recording, "segments")) {
    segments.add({text_at(each, "id"), text_at(each, "number"), text_at(each, "use"),
                  text_at(each, "state") + (text_at(each, "salvaged") == "true" ? ", salvaged" : ""),
                  text_at(each, "started"), text_at(each, "ended"), text_at(each, "size_bytes"),
                  text_at(each, "object")});
  }
  segments.print(out);
}

void print_metrics(const Json& recording, std::ostream& out) {
  const Json metrics = object_at(recording, "metrics");
  if (metrics.empty()) return;
  const auto in_seconds = [](const Json& from, const char* name) -> std::string {
    const auto found = from.find(name);
    if (found == from.end() || !found->is_number_unsigned()) return "";
    const auto ms = found->get<std::uint64_t>();
    return std::to_string(ms / 1000) + "." + std::to_string(ms % 1000 / 100) + " s";
  };
  out << "\nduration   " << in_seconds(metrics, "duration_ms") << "\n";
  for (const auto& each : list_at(metrics, "participants")) {
    out << "opt-in     " << printable(participant_name(recording, text_at(each, "id"))) << " after "
        << in_seconds(each, "opt_in_ms") << "\n";
  }
  out << "\n";
  TextTable legs({"LEG", "TALK", "QUIET", "HOLD", "PAUSED", "PACKETS", "LOST", "LATE", "JITTER", "AT MOST"});
  for (const auto& each : list_at(metrics, "legs")) {
    std::string name = text_at(each, "id");
    for (const auto& known : list_at(recording, "legs")) {
      if (text_at(known, "id") == name) name = leg_name(known);
    }
    legs.add({name, in_seconds(each, "talk_ms"), in_seconds(each, "quiet_ms"), in_seconds(each, "hold_ms"),
              in_seconds(each, "paused_ms"), text_at(each, "packets"), text_at(each, "lost"), text_at(each, "late"),
              text_at(each, "jitter_mean_us") + " us", text_at(each, "jitter_max_us") + " us"});
  }
  legs.print(out);
}

void print_gaps(const Json& recording, std::ostream& out) {
  TextTable gaps({"GAP OF LEG", "FROM", "TO", "BLOCKS", "PACKETS"});
  for (const auto& each : list_at(recording, "gaps")) {
    std::string leg = text_at(each, "leg");
    for (const auto& known : list_at(recording, "legs")) {
      if (text_at(known, "id") == leg) leg = leg_name(known);
    }
    gaps.add({leg, text_at(each, "from"), text_at(each, "to"), text_at(each, "blocks"), text_at(each, "packets")});
  }
  if (gaps.empty()) return;
  out << "\n";
  gaps.print(out);
}

void print_recording(const Json& recording, std::ostream& out) {
  out << "recording  " << text_at(recording, "id") << "\n"
      << "state      " << text_at(recording, "state") << "\n"
      << "call       " << text_at(recording, "call") << " " << printable(text_at(recording, "ref")) << "\n"
      << "policy     " << text_at(recording, "policy") << "\n"
      << "started    " << text_at(recording, "started") << "\n"
      << "ended      " << text_at(recording, "ended") << "\n"
      << "expires    " << text_at(recording, "expires") << "\n";
  for (const auto& hold : list_at(recording, "holds")) {
    const std::string until = text_at(hold, "until");
    out << "held       by " << text_at(hold, "id") << (until.empty() ? "" : " until " + until) << ": "
        << printable(text_at(hold, "reason")) << "\n";
  }
  out << "\n";
  print_people(recording, out);
  out << "\n";
  print_audio(recording, out);
  print_gaps(recording, out);
  print_metrics(recording, out);
  for (const auto& note : list_at(recording, "notes")) {
    out << "\nnote of " << text_at(note, "at") << " by " << printable(text_at(note, "author")) << ": "
        << (text_at(note, "text").empty() ? "(what it says takes a --purpose)" : printable(text_at(note, "text")))
        << "\n";
  }
}

Result<std::vector<WaveChannel>> fetch_wave(ApiClient& engine, RecordingId recording, const std::string& purpose,
                                            WaveSize size) {
  const auto body = engine.get(target_of("/v1/recordings/" + to_text(recording) + "/peaks",
                                         {{"purpose", purpose}, {"buckets", std::to_string(size.columns)}}));
  if (!body) return body.error();
  const auto reply = parse_reply(*body);
  if (!reply) return reply.error();
  std::vector<WaveChannel> channels;
  for (const auto& leg : list_at(*reply, "legs")) {
    WaveChannel channel{printable(leg_name(leg)), {}};
    for (const auto& peak : list_at(leg, "peaks")) {
      const bool pair =
          peak.is_array() && peak.size() == 2 && peak[0].is_number_integer() && peak[1].is_number_integer();
      if (!pair) return error(Errc::corrupt, "the engine's peaks are not pairs of samples");
      channel.peaks.push_back({peak[0].get<std::int16_t>(), peak[1].get<std::int16_t>()});
    }
    channels.push_back(std::move(channel));
  }
  return channels;
}

}  // namespace

ExitStatus perform(const ShowArguments& arguments, Console& console) {
  auto engine = reach_engine(arguments.engine);
  if (!engine) return fail(console, engine.error());
  std::vector<std::pair<std::string_view, std::string>> query;
  if (arguments.purpose) query.emplace_back("purpose", *arguments.purpose);
  const auto body = engine->get(target_of("/v1/recordings/" + to_text(arguments.recording), query));
  if (!body) return fail(console, body.error());
  const auto recording = parse_reply(*body);
  if (!recording) return fail(console, recording.error());
  if (arguments.output == Output::json) {
    console.out << recording->dump(2) << "\n";
  } else {
    print_recording(*recording, console.out);
  }
  if (!arguments.wave_purpose) return ExitStatus::ok;

  const WaveSize size;
  const auto wave = fetch_wave(*engine, arguments.recording, *arguments.wave_purpose, size);
  if (!wave) return fail(console, wave.error());
  console.out << "\n";
  for (const auto& line : draw_waveform(*wave, size)) console.out << line << "\n";
  return ExitStatus::ok;
}

}  // namespace assent
