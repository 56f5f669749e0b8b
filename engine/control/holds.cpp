#include "engine/control/holds.h"

#include <algorithm>
#include <utility>

#include "engine/catalog/people.h"
#include "engine/control/hold_queue.h"

namespace assent {
namespace {

Error erased(std::string_view what) {
  return error(Errc::conflict, "this " + std::string(what) + " has been erased, or is being: nothing is left to hold");
}

Result<void> check_reason(const std::string& reason) {
  if (is_case_reference(reason)) return {};
  return error(Errc::invalid,
               "reason: a case reference of 1 to 64 letters, digits, spaces and .,:;-_/#() which names no person: it "
               "stands in clear text on the record for ever");
}

}  // namespace

bool is_case_reference(std::string_view text) {
  return !text.empty() && text.size() <= limits::kHoldReasonBytes && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(" .,:;-_/#()").find(c) != std::string_view::npos;
  });
}

// ---- what it is on --------------------------------------------------------------------------------------------------

Result<std::array<std::uint8_t, 16>> Holds::find(const HoldSpec& spec) {
  switch (spec.target) {
    case HoldTarget::recording:
    case HoldTarget::call: return find_recorded(spec);
    case HoldTarget::tenant: return find_tenant(spec.id);
    case HoldTarget::subject: break;
  }
  const auto person = parts_.standing.find({spec.id, spec.tenant});
  if (!person) return person.error();
  if (!*person) return error(Errc::not_found, "nobody of this id or reference is on record");
  if ((*person)->erased) return erased("person");
  return (*person)->id.bytes;
}

Result<std::array<std::uint8_t, 16>> Holds::find_recorded(const HoldSpec& spec) {
  const std::string kind(name_of(spec.target));
  const auto id = detail::parse_uuid(spec.id);
  if (!id) return error(Errc::invalid, "id: \"" + spec.id + "\" is not the id of a " + kind);
  const bool by_call = spec.target == HoldTarget::call;
  const auto recording =
      by_call ? parts_.catalog.recording_of(CallId{*id}) : parts_.catalog.recording(RecordingId{*id});
  if (!recording) return recording.error();
  if (*recording && (*recording)->state == RecordingState::erased) return erased(kind);
  bool is_there = recording->has_value();
  if (!is_there && by_call) {
    const auto call = parts_.catalog.call(CallId{*id});
    if (!call) return call.error();
    is_there = call->has_value();
  }
  if (!is_there) return error(Errc::not_found, "there is no " + kind + " with this id");
  return *id;
}

Result<std::array<std::uint8_t, 16>> Holds::find_tenant(const std::string& name) {
  const auto row = tenant_named(parts_.catalog, name);
  if (!row) return row.error();
  if (row->erased) return erased("tenant");
  return row->id.bytes;
}

// ---- from outside ---------------------------------------------------------------------------------------------------

Result<HoldView> Holds::place(const HoldSpec& spec, const Caller& caller) {
  if (auto checked = check_reason(spec.reason); !checked) return checked.error();
  const WallTime now = parts_.clock().wall;
  if (spec.until && *spec.until <= now) return error(Errc::invalid, "until: is over already");
  const auto target = find(spec);
  if (!target) return target.error();
  HoldView view{{new_id<HoldId>(now), spec.target, *target, spec.reason, caller.token_id, now, spec.until}, {}};
  if (auto booked = parts_.writer.book_and_wait({booking::PlaceHold{view.row}}); !booked) return booked.error();
  return view;
}

Result<HoldView> Holds::release(HoldId id, const std::string& reason, const Caller& caller) {
  if (auto checked = check_reason(reason); !checked) return checked.error();
  const booking::EndHold end{id, parts_.clock().wall, caller.token_id, reason};
  if (auto booked = parts_.writer.book_and_wait({end}); !booked) return booked.error();
  parts_.freed();
  auto row = parts_.catalog.hold(id);
  if (!row) return row.error();
  if (!*row) return error(Errc::corrupt, "the hold is not on record");
  return HoldView{**std::move(row), {}};
}

Result<std::vector<HoldView>> Holds::list(const HoldFilter& filter) {
  auto rows = parts_.catalog.holds(filter);
  if (!rows) return rows.error();
  std::vector<HoldView> views;
  for (HoldRow& row : *rows) views.push_back({std::move(row), {}});
  if (filter.which == HoldFilter::Which::ended || views.empty()) return views;
  if (auto added = add_waiting(views); !added) return added.error();
  return views;
}

Result<void> Holds::add_waiting(std::vector<HoldView>& views) {
  const auto waiting = parts_.catalog.held_erasures();
  if (!waiting) return waiting.error();
  for (const ErasureRow& erasure : *waiting) {
    const auto scope = scope_of(erasure);
    if (!scope) continue;
    const auto holds = parts_.catalog.holds_over(scope->target, scope->id);
    if (!holds) return holds.error();
    for (const HoldRow& hold : *holds) {
      const auto view =
          std::find_if(views.begin(), views.end(), [&](const HoldView& one) { return one.row.id == hold.id; });
      if (view != views.end()) view->waiting.push_back(erasure.id);
    }
  }
  return {};
}

}  // namespace assent
