// assent salvage: what the next start of the engine would do with the journal that a dead one left behind.
#include "engine/store/salvage.h"

#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/assent/commands.h"
#include "tools/assent/opened_state.h"

namespace assent {
namespace {

using Json = nlohmann::ordered_json;

template <typename IdType>
Json texts_of(const std::vector<IdType>& ids) {
  Json list = Json::array();
  for (const auto& id : ids) list.push_back(to_text(id));
  return list;
}

Json json_of(const SalvageReport& report) {
  Json damages = Json::array();
  for (const auto& [shard, damage] : report.damages) {
    damages.push_back({{"kind", name_of(damage.kind)},
                       {"shard", shard.value},
                       {"file", damage.place.file},
                       {"offset", damage.place.offset_bytes()},
                       {"what", damage.what}});
  }
  return {{"settled", report.settled},
          {"already_stored", report.already_stored},
          {"rebuilt", report.rebuilt},
          {"lost", report.lost},
          {"erased", report.erased},
          {"frames_lost", report.frames_lost},
          {"unclaimed", texts_of(report.unclaimed)},
          {"interrupted_calls", texts_of(report.interrupted)},
          {"recovered_recordings", texts_of(report.recovered)},
          {"journal_damages", std::move(damages)}};
}

void print_report(const SalvageReport& report, std::ostream& out) {
  out << "finished segments stored    " << report.settled << "\n"
      << "torn segments rebuilt       " << report.rebuilt << " (" << report.frames_lost << " frames lost in them)\n"
      << "torn segments with nothing  " << report.lost << "\n"
      << "of erased recordings        " << report.erased << "\n"
      << "calls interrupted           " << report.interrupted.size() << "\n";
  for (const auto& recording : report.recovered) out << "recovered recording         " << to_text(recording) << "\n";
  for (const auto& segment : report.unclaimed) {
    out << "unknown segment             " << to_text(segment) << " (its pages stay in the journal)\n";
  }
  for (const auto& [shard, damage] : report.damages) {
    out << to_text(JournalFileName{shard, JournalFileNumber(damage.place.file)}) << ", byte "
        << damage.place.offset_bytes() << ": " << name_of(damage.kind) << ": " << damage.what << "\n";
  }
}

}  // namespace

ExitStatus perform(const SalvageArguments& arguments, Console& console) {
  auto state = OpenedState::open(arguments.state, StateUse::write);
  if (!state) return fail(console, state.error());
  OpenedState& opened = **state;
  const auto journal = opened.folder().journal();
  const auto there = opened.disk().exists(journal);
  if (!there) return fail(console, there.error());
  if (!*there) {
    if (const auto made = opened.disk().make_folder(journal); !made) return fail(console, made.error());
  }
  const auto report = salvage({opened.disk(), journal, opened.store(), opened.catalog(), opened.leg_keys()});
  if (!report) return fail(console, report.error());
  if (arguments.output == Output::json) {
    console.out << json_of(*report).dump(2) << "\n";
  } else {
    print_report(*report, console.out);
  }
  return report->unclaimed.empty() ? ExitStatus::ok : ExitStatus::failed;
}

}  // namespace assent
