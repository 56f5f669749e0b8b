// assent verify: whether what is stored is whole, with the place and kind of every damage.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/assent/commands.h"
#include "tools/assent/segment_check.h"

namespace assent {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const CheckedSegment& checked) {
  Json json = {{"name", checked.name}, {"good", checked.is_good()}};
  if (checked.row) {
    json["segment"] = to_text(checked.row->id);
    json["recording"] = to_text(checked.row->recording);
    json["leg"] = to_text(checked.row->leg);
  }
  Json damages = Json::array();
  if (const auto& report = checked.report) {
    json["size_bytes"] = report->size_bytes;
    json["frames"] = report->frames;
    json["packets"] = report->packets;
    json["verified_with_key"] = report->verified;
    for (const auto& damage : report->damages) {
      damages.push_back(
          {{"kind", damage.kind}, {"offset", damage.offset}, {"frame", damage.frame}, {"what", damage.what}});
    }
    json["has_final"] = report->has_final;
  }
  json["damages"] = std::move(damages);
  json["troubles"] = checked.troubles;
  return json;
}

Json json_of(const CheckReport& report) {
  Json segments = Json::array();
  for (const auto& checked : report.segments) segments.push_back(json_of(checked));
  Json json = {{"good", report.is_good()},
               {"segments", std::move(segments)},
               {"missing", report.missing},
               {"troubles", report.troubles}};
  if (report.ledger_records) json["ledger_records"] = *report.ledger_records;
  return json;
}

// Without its key a segment is known by its shape only; that its audio is whole, nobody can say.
bool is_seen_from_outside(const CheckedSegment& checked) { return checked.report && !checked.report->verified; }

std::string_view verdict_on(const CheckedSegment& checked) {
  if (!checked.is_good()) return "DAMAGED  ";
  return is_seen_from_outside(checked) ? "shaped   " : "good     ";
}

void print_segment(const CheckedSegment& checked, std::ostream& out) {
  out << verdict_on(checked) << checked.name;
  if (const auto& report = checked.report) {
    out << "  " << report->frames << " frames";
    if (report->verified) out << ", " << report->packets << " packets";
  }
  out << "\n";
  for (const auto& trouble : checked.troubles) out << "         " << trouble << "\n";
  if (!checked.report) return;
  for (const auto& damage : checked.report->damages) {
    out << "         byte " << damage.offset << ", "
        << (damage.frame == 0 ? std::string("header") : "frame " + std::to_string(damage.frame)) << ": " << damage.kind
        << ": " << damage.what << "\n";
  }
  if (!checked.report->has_final) out << "         the final frame is missing\n";
}

void print_report(const CheckReport& report, std::ostream& out) {
  for (const auto& checked : report.segments) print_segment(checked, out);
  for (const auto& missing : report.missing) out << "MISSING  " << missing << "\n";
  for (const auto& trouble : report.troubles) out << "WRONG    " << trouble << "\n";
  if (report.ledger_records) out << "good     ledger: " << *report.ledger_records << " records in one chain\n";
  const bool from_outside = std::any_of(report.segments.begin(), report.segments.end(), is_seen_from_outside);
  out << report.segments.size() << " segments: "
      << (!report.is_good()         ? "not all is good"
          : report.segments.empty() ? "nothing is wrong"
          : from_outside            ? "the shape is right; give --state DIR to verify the audio in them"
                                    : "all good")
      << "\n";
}

Result<CheckReport> check(const VerifyArguments& arguments, OpenedState* state, Console& console) {
  CheckReport report;
  ProgressLine line(console, "verifying");
  const CheckProgress progress = [&line](std::size_t done, const std::string& name) {
    line.show(std::to_string(done) + " done, " + name);
  };
  if (arguments.what.empty()) {
    if (auto checked = check_everything(*state, progress, report); !checked) return checked.error();
    return report;
  }
  for (const auto& each : arguments.what) {
    const auto id = parse_id<RecordingId>(each);
    if (!id) {
      progress(report.segments.size(), each);
      report.segments.push_back(check_file(each, state));
    } else if (state == nullptr) {
      return error(Errc::invalid, "to verify recording " + each + " its state folder is needed: give --state DIR");
    } else if (auto checked = check_recording(*state, *id, progress, report); !checked) {
      return checked.error();
    }
  }
  return report;
}

}  // namespace

ExitStatus perform(const VerifyArguments& arguments, Console& console) {
  std::unique_ptr<OpenedState> state;
  if (arguments.state) {
    auto opened = OpenedState::open(*arguments.state, StateUse::read);
    if (!opened) return fail(console, opened.error());
    state = *std::move(opened);
  }
  const auto report = check(arguments, state.get(), console);
  if (!report) return fail(console, report.error());
  if (arguments.output == Output::json) {
    console.out << json_of(*report).dump(2) << "\n";
  } else {
    print_report(*report, console.out);
  }
  return report->is_good() ? ExitStatus::ok : ExitStatus::failed;
}

}  // namespace assent
