// Holds: legal holds, placed, released, ended by their time, and shown.
//
// A hold is on a recording, a call, a person or a tenant, and covers whole calls: that one, all that the person took
// part in, all of the tenant. While it stands nothing that it covers is destroyed, by whatever way (hold_queue.h,
// retention.h); it gives nobody a right to hear anything. Who placed it, why and until when stands on the ledger, which
// never forgets: so the reason is a case reference, and must not name a person.
//
// A hold ends by being released, with a reason, or by its time, and then stands on record as ended; it never changes.
// Until its end is on record it stands.
//
// Any thread. Errors: Errc::not_found (nothing, nobody, or no hold of that name), Errc::invalid (a reason or a time
// that is none), Errc::conflict (what it would hold has been erased, or its erasure has begun), Errc::exhausted
// (limits::kHolds stand), and the catalog's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/catalog/catalog_writer.h"
#include "engine/control/call_service.h"
#include "engine/control/standing_consents.h"

namespace assent {

struct HoldSpec {
  HoldTarget target = HoldTarget::recording;
  std::string id;                     // of a person also your reference, of a tenant also its name
  std::optional<std::string> tenant;  // where a person's reference is looked up
  std::string reason;
  std::optional<WallTime> until;
};

struct HoldView {
  HoldRow row;
  std::vector<ErasureId> waiting;  // erasures that it keeps from beginning
};

class Holds {
 public:
  struct Parts {  // outlive it
    Catalog& catalog;
    CatalogWriter& writer;
    StandingConsents& standing;
    std::function<void()> freed;  // a hold has ended: what waited may begin. Never blocks
    std::function<Now()> clock = read_clocks;
  };
  explicit Holds(Parts parts) : parts_(std::move(parts)) {}

  Result<HoldView> place(const HoldSpec& spec, const Caller& caller);
  Result<HoldView> release(HoldId id, const std::string& reason, const Caller& caller);
  Result<std::vector<HoldView>> list(const HoldFilter& filter);

 private:
  Result<std::array<std::uint8_t, 16>> find(const HoldSpec& spec);
  Result<std::array<std::uint8_t, 16>> find_recorded(const HoldSpec& spec);
  Result<std::array<std::uint8_t, 16>> find_tenant(const std::string& name);
  Result<void> add_waiting(std::vector<HoldView>& views);

  Parts parts_;
};

// "case 2026-114/b": 1 to 64 letters, digits, spaces and . , : ; - _ / # ( )
bool is_case_reference(std::string_view text);

}  // namespace assent
