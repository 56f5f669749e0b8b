// What ends by itself, in virtual time: a part at a time, in the same way as a deletion, and never what a hold covers.
// A year of calls is in retention_year_test.cpp.
#include "engine/control/retention.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control_rig.h"

namespace assent {
namespace {

using nlohmann::json;

constexpr WallTime kEnded = ControlRig::kStart + 10s;  // as the rig ends its calls
constexpr auto kTime = 100s;

struct Rig : ControlRig {
  std::vector<RecordingId> tried;
  std::optional<Error> fails;
  std::size_t freed_asked = 0;
  bool ask_again = false;
  std::vector<std::string> told;
  Retention retention{{*catalog, *writer,
                       [this](RecordingId id) -> Result<void> {
                         tried.push_back(id);
                         if (fails) return *fails;
                         const auto erased = erasures.erase_due(id, {"retention"});
                         return erased ? Result<void>() : erased.error();
                       },
                       [this]() -> Result<bool> {
                         ++freed_asked;
                         return ask_again;
                       },
                       [this](const std::string& what) { told.push_back(what); }}};

  Rig() { keep(kTime); }
  void keep(std::optional<milliseconds> time) {
    catalog->keep_recordings(std::make_shared<RetentionRules>(RetentionRules{{{"default", {{"quality", time}}}}}));
  }
  // Its consents came before its end in life; here they do after it, and the next look reckons it.
  RecordedCall record(const RecordSpec& spec = {}) {
    const auto call = record_call(spec);
    consent_all(call, "quality");
    if (spec.state != CallState::live) must(writer->book_and_wait({booking::PlanRetention{call.recording}}));
    return call;
  }
  bool is_erased(const RecordedCall& call) {
    return must(catalog->recording(call.recording))->state == RecordingState::erased;
  }
  void look_until_quiet(WallTime now) {
    for (int i = 0; i < 1000; ++i) {
      if (retention.look(now) == Retention::Left::nothing) return;
    }
    FAIL("it does not come to rest");
  }
  HoldId hold(const RecordedCall& call, std::optional<WallTime> until = std::nullopt) {
    const HoldRow row{new_id<HoldId>(kStart), HoldTarget::call, call.call.bytes, "case", "a", kStart, until};
    must(writer->book_and_wait({booking::PlaceHold{row}}));
    return row.id;
  }
};

}  // namespace

TEST_CASE("a recording is erased at its end and not before, in the name of the retention") {
  Rig rig;
  const auto call = rig.record();
  const json shown = json::parse(rig.ask("GET", "/v1/recordings/" + to_text(call.recording)).body);
  CHECK(shown["expires"] == to_rfc3339(kEnded + kTime));
  rig.look_until_quiet(kEnded + kTime - 1ns);
  CHECK_FALSE(rig.is_erased(call));
  rig.look_until_quiet(kEnded + kTime);
  CHECK(rig.is_erased(call));
  for (const LegRow& leg : call.legs) CHECK_FALSE(must(rig.catalog->key(leg.key)));
  CHECK(must(rig.files->list()).empty());
  const json done = json::parse(rig.ledger().back().body_json);
  CHECK(rig.ledger().back().kind == "erasure_done");
  CHECK(done["by"] == "retention");
  CHECK(done["recording"] == to_text(call.recording));
  rig.look_until_quiet(kEnded + 10 * kTime);
  CHECK(rig.tried.size() == 1);
}

TEST_CASE("a call in progress is never erased") {
  Rig rig;
  RecordSpec spec;
  spec.state = CallState::live;
  const auto call = rig.record(spec);
  rig.look_until_quiet(kEnded + 1000 * kTime);
  CHECK_FALSE(rig.is_erased(call));
  // Not even one whose recording was closed by a salvage, and that goes on.
  must(rig.writer->book_and_wait({booking::CloseRecording{call.recording, kEnded, RecordingState::recovered, ""}}));
  rig.look_until_quiet(kEnded + 1000 * kTime);
  CHECK_FALSE(rig.tried.empty());
  CHECK_FALSE(rig.is_erased(call));
}

TEST_CASE("what is due is taken a part at a time, the first first") {
  Rig rig;
  std::vector<RecordedCall> calls;
  for (std::size_t i = 0; i < limits::kRetentionBatch + 3; ++i) calls.push_back(rig.record());
  CHECK(rig.retention.look(kEnded + kTime) == Retention::Left::more);
  CHECK(rig.tried.size() == limits::kRetentionBatch);
  CHECK(rig.retention.look(kEnded + kTime) == Retention::Left::nothing);
  CHECK(rig.tried.size() == calls.size());
  CHECK(std::all_of(calls.begin(), calls.end(), [&](const RecordedCall& call) { return rig.is_erased(call); }));
}

TEST_CASE("what is held is passed over and looked at again when a hold has ended, by release or by its time") {
  Rig rig;
  const auto first = rig.record();
  const auto second = rig.record();
  const auto third = rig.record();
  const HoldId hold = rig.hold(first);
  rig.hold(second, kEnded + 2 * kTime);
  rig.look_until_quiet(kEnded + kTime);
  CHECK(rig.tried == std::vector<RecordingId>{third.recording});
  must(rig.writer->book_and_wait({booking::EndHold{hold, kEnded + kTime, "a", "r"}}));
  rig.retention.look_again();
  rig.look_until_quiet(kEnded + kTime + 1s);
  CHECK(rig.is_erased(first));
  rig.look_until_quiet(kEnded + 2 * kTime - 1ns);
  CHECK_FALSE(rig.is_erased(second));
  rig.look_until_quiet(kEnded + 2 * kTime);
  CHECK(rig.is_erased(second));
  const auto over = must(rig.catalog->holds({HoldFilter::Which::ended, {}, 100}));
  REQUIRE(over.size() == 2);
  CHECK(std::any_of(over.begin(), over.end(), [](const HoldRow& row) { return row.ended_by == "time"; }));
}

TEST_CASE("a hold that is placed between the look and the erasure wins") {
  Rig rig;
  const auto call = rig.record();
  rig.hold(call);
  CHECK(rig.erasures.erase_due(call.recording, {"retention"}).error().code == Errc::conflict);
  CHECK_FALSE(rig.is_erased(call));
  CHECK(must(rig.catalog->held_erasures()).empty());  // nobody asked: nothing waits
}

TEST_CASE("what cannot be erased is told once, holds nothing else up, and is tried again") {
  Rig rig;
  const auto call = rig.record();
  rig.fails = error(Errc::io, "the disk says no");
  rig.look_until_quiet(kEnded + kTime);
  rig.look_until_quiet(kEnded + kTime + 1s);
  CHECK(rig.tried.size() == 1);
  REQUIRE(rig.told.size() == 1);
  CHECK(rig.told[0].find("the disk says no") != std::string::npos);
  rig.fails.reset();
  rig.look_until_quiet(kEnded + kTime + limits::kErasureRetry - 1ns);
  CHECK_FALSE(rig.is_erased(call));
  rig.look_until_quiet(kEnded + kTime + limits::kErasureRetry);
  CHECK(rig.is_erased(call));
}

TEST_CASE("other rules hold for what is recorded already") {
  Rig rig;
  const auto call = rig.record();
  rig.keep(std::nullopt);
  rig.look_until_quiet(kEnded + 2 * kTime);
  CHECK_FALSE(rig.is_erased(call));
  CHECK_FALSE(must(rig.catalog->recording(call.recording))->expires);
  rig.keep(kTime / 2);
  rig.retention.look_again();
  rig.look_until_quiet(kEnded + kTime / 2 - 1ns);
  CHECK_FALSE(rig.is_erased(call));
  rig.look_until_quiet(kEnded + kTime / 2);
  CHECK(rig.is_erased(call));
}

TEST_CASE("what waits for a hold is asked about at the start, when one has ended, and while some cannot begin") {
  Rig rig;
  rig.look_until_quiet(kEnded);
  CHECK(rig.freed_asked == 1);
  rig.look_until_quiet(kEnded + limits::kRetentionPass - 1ns);
  CHECK(rig.freed_asked == 1);
  rig.ask_again = true;
  rig.retention.look_again();
  rig.look_until_quiet(kEnded + 1s);
  CHECK(rig.freed_asked == 2);
  rig.look_until_quiet(kEnded + 1s + limits::kRetentionLook);
  CHECK(rig.freed_asked == 3);
}

TEST_CASE("a clock that is set on erases nothing before its time, and one that is set back nothing either") {
  const Now start{MonoTime(1000s), ControlRig::kStart};
  const UnhurriedClock clock(start);
  CHECK(clock.at({MonoTime(1060s), ControlRig::kStart + 60s}) == ControlRig::kStart + 60s);
  CHECK(clock.at({MonoTime(1060s), ControlRig::kStart + 24h * 3650}) == ControlRig::kStart + 60s);
  CHECK(clock.at({MonoTime(1060s), ControlRig::kStart - 24h}) == ControlRig::kStart - 24h);
}

}  // namespace assent
