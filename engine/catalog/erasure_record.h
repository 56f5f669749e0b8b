// What the ledger holds of an erasure, from which its receipt is made when everything else is gone.
//
// Each transaction that destroys something has an entry beside it with the ids ("destroyed", destroyed.h), so that the
// two are never apart; an engine that dies in between repeats neither. The last entry, booked with `done`, sums them
// up:
//
//   {"by":...,"confirmed":[{"at":...,"by":"catalog"},...],"destroyed":{"calls":{"count":...,"sha256":...,"ids":[...]},
//    ...},"erasure":"<id>","from_seq":...,"objects":...,"processors":[{"at":...,"name":"crm"},{"at":...,"name":"stt",
//    "waived":"<why>"}],"requested":...,"step":"done","steps":[...],"<kind>":"<target>"}
//
// While a processor that was told of it has not confirmed, it is not closed but waits: its last step is "processors",
// and holds what the last entry will be made of ("closing"), so that whoever hears the last confirmation can close it
// from the row alone (complete_erasure). Closing is one thread's business each time: that of what erases, or that of
// the deliveries once it waits.
//
// Of an erasure of a person or a tenant no ledger entry can be found by its call. Its row's steps say after which
// record the first and the last are, as "ledger_after"; the row says nothing else that a receipt repeats, since nothing
// chains it. `from_seq` is where whoever wants all of the ids begins to read the ledger.
//
// What was begun by an older engine has no such entries, and no receipt.
//
// Any thread; it reads the catalog. Errors: Errc::corrupt (the ledger has not what the row says), and the catalog's.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/catalog/catalog.h"
#include "engine/catalog/destroyed.h"

namespace assent {

// The keys' epoch; its target is the old epoch key.
inline constexpr std::string_view kEpochKind = "epoch";

// When somebody made sure that nothing is left with them: "catalog", "journal", "store", "root".
struct ErasureConfirmation {
  std::string by;
  WallTime at;
};

// What a processor made sure of, or who waited no longer for it.
struct ProcessorConfirmation {
  std::string name;
  WallTime at;
  std::string waived;  // why; empty: it confirmed
};

struct ErasureRecord {
  ErasureId id;
  std::string target_kind;
  std::string target_id;
  WallTime requested;
  std::string by;  // a token's id, or what it was begun by: "leg:<id>", "erasure:<id>", "schedule"
  WallTime done;
  std::vector<std::pair<std::string, WallTime>> steps;
  DestroyedTotals destroyed;
  std::uint64_t objects = 0;  // removed from the store
  std::vector<ErasureConfirmation> confirmed;
  std::vector<ProcessorConfirmation> processors;
  std::uint64_t from_seq = 0;  // the ledger's entries of it: the first, or one before it,
  std::uint64_t seq = 0;       // and the last, from which this is
  Bytes hash;                  // of that one
};

// Notes in the row's only step where its entries on the ledger begin. Before it is booked.
Result<void> note_ledger_place(Catalog& catalog, ErasureRow& row);

struct ErasureClosing {
  ErasureRow row;              // its last step says that it is done, and so does `done`
  std::optional<CallId> call;  // of which all its entries are, if there is one
  std::vector<ErasureConfirmation> confirmed;
  std::size_t objects = 0;                   // beside those of erasures that this one began
  std::optional<KeyId> root = std::nullopt;  // the one that stays
};
// Books the erasure as done, and its last entry; or that it waits for processors. Returns it as it is then.
Result<ErasureRow> close_erasure(Catalog& catalog, const ErasureClosing& closing, std::vector<Booking>& bookings);
// Of one that waits. False: a processor has still not confirmed, and nothing is to be booked.
Result<bool> complete_erasure(Catalog& catalog, const ErasureRow& row, WallTime now, std::vector<Booking>& bookings);

// None: it is not done, or nothing is known of it because an older engine began it.
Result<std::optional<ErasureRecord>> erasure_record(Catalog& catalog, const ErasureRow& row);

}  // namespace assent
