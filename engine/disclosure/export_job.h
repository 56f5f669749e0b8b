// ExportJob: what one export of a person is and how far it has come, as it lies beside the export's file: opaque ids,
// times, sizes, and the public key of a recipient. Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace assent {

enum class ExportState { running, ready, failed };
std::string_view name_of(ExportState state);

struct ExportJob {
  ExportId id;
  SubjectId subject;
  KeyId key;                             // that the file is sealed under
  std::string by;                        // who asked for it: token id
  std::optional<std::string> recipient;  // "age1...": whom the archive is encrypted for
  ExportState state = ExportState::running;
  WallTime requested;
  std::optional<WallTime> done;    // ready, or failed for good
  std::uint64_t ledger_after = 0;  // what the ledger says after this has happened since it was begun
  std::uint64_t calls = 0;
  std::uint64_t calls_done = 0;
  std::uint64_t bytes = 0;             // of the archive
  std::optional<std::string> sha256;   // of the archive, in hexadecimal; of one that is ready
  std::optional<std::string> trouble;  // why it failed

  bool operator==(const ExportJob&) const = default;
};

std::string to_json(const ExportJob& job);
// Errc::corrupt: it is not what `to_json` makes.
Result<ExportJob> export_job_from(std::string_view json);

}  // namespace assent
