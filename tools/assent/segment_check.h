// SegmentCheck: verifying stored segments for `assent verify`: each by itself, all of a recording, or a whole state
// folder with its catalog and ledger. It reads only, beside a running engine, too. One thread.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/catalog/catalog.h"
#include "engine/store/segment_verify.h"
#include "tools/assent/opened_state.h"

namespace assent {

// One segment and what was found. `trouble` is why it could not be looked at, or how it disagrees with the catalog.
struct CheckedSegment {
  std::string name;               // the object's name or the file's path
  std::optional<SegmentRow> row;  // in the catalog
  std::optional<SegmentReport> report;
  std::vector<std::string> troubles;
  bool is_good() const { return report && report->is_good() && troubles.empty(); }
};

struct CheckReport {
  std::vector<CheckedSegment> segments;
  std::vector<std::string> missing;             // of recordings that say themselves that they are not whole
  std::vector<std::string> troubles;            // of catalog, ledger and store as a whole
  std::optional<std::uint64_t> ledger_records;  // when the chain was walked and is intact
  bool is_good() const;
};

// Called before each segment.
using CheckProgress = std::function<void(std::size_t done, const std::string& name)>;

// A file that need not lie in a store; without a state only what stands in clear text is checked.
CheckedSegment check_file(const std::filesystem::path& path, OpenedState* state);
// Errc::not_found: no such recording.
Result<void> check_recording(OpenedState& state, RecordingId id, const CheckProgress& progress, CheckReport& report);
Result<void> check_everything(OpenedState& state, const CheckProgress& progress, CheckReport& report);

}  // namespace assent
