#include "engine/control/hold_queue.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/catalog/erasure_record.h"
#include "engine/catalog/hold_text.h"
#include "engine/catalog/leg_erasure.h"
#include "engine/control/erasure_steps.h"
#include "engine/control/erasure_target.h"

namespace assent {
namespace {

using nlohmann::json;

constexpr const char* kRequested = "requested";
constexpr const char* kWithdrawn = "withdrawn";
constexpr const char* kHeld = "held";

json steps_of(const ErasureRow& row) {
  json steps = json::parse(row.steps_json, nullptr, false);
  return steps.is_array() ? steps : json::array();
}

bool has_step(const ErasureRow& row, std::string_view name) {
  const auto steps = view_of(row).steps;
  return std::any_of(steps.begin(), steps.end(), [&](const ErasureStep& step) { return step.step == name; });
}

}  // namespace

std::optional<HoldScope> scope_of(const ErasureRow& row) {
  const auto id = detail::parse_uuid(row.target_id);
  if (!id) return std::nullopt;
  if (row.target_kind == kRecordingKind) return HoldScope{HoldTarget::recording, *id};
  if (row.target_kind == kLegErasureKind) return HoldScope{HoldTarget::call, *id};
  if (row.target_kind == kSubjectKind) return HoldScope{HoldTarget::subject, *id};
  if (row.target_kind == kTenantKind) return HoldScope{HoldTarget::tenant, *id};
  return std::nullopt;
}

std::string asker_of(const ErasureRow& row) { return request_in(row).by; }

Booking begun_booking(const ErasureRow& row, bool waited) {
  if (waited) return booking::BeginHeldErasure{row.id, row.steps_json};
  return booking::StartErasure{row};
}

Result<std::optional<ErasureRow>> HoldQueue::queue_if_held(HoldTarget target, const std::array<std::uint8_t, 16>& id,
                                                           const Caller& caller) {
  const auto alone = lock();
  const std::string target_id = detail::uuid_text(id);
  const auto waiting = catalog_.held_erasures();
  if (!waiting) return waiting.error();
  const auto same = std::find_if(waiting->begin(), waiting->end(), [&](const ErasureRow& row) {
    return row.target_kind == name_of(target) && row.target_id == target_id;
  });
  const auto holds = catalog_.holds_over(target, id);
  if (!holds) return holds.error();
  if (same == waiting->end() && holds->empty()) return std::optional<ErasureRow>();
  auto row = same == waiting->end() ? queue(target, id, holds->front(), caller) : *same;
  if (!row) return row.error();
  if (auto withdrawn = go_on_withdrawing(*row); !withdrawn) return withdrawn.error();
  return std::optional(*std::move(row));
}

Result<ErasureRow> HoldQueue::queue(HoldTarget target, const std::array<std::uint8_t, 16>& id, const HoldRow& hold,
                                    const Caller& caller) {
  const WallTime now = clock_().wall;
  ErasureRow row{
      new_id<ErasureId>(now), std::string(name_of(target)), detail::uuid_text(id), now, std::nullopt, "[]", true};
  add_step(row, now, kRequested, "accepted");
  // Where its entries on the ledger begin stands in its first step.
  if (auto noted = note_ledger_place(catalog_, row); !noted) return noted.error();
  json steps = steps_of(row);
  steps.front()["by"] = caller.token_id;
  row.steps_json = steps.dump();
  add_step(row, now, kHeld, hold_text(hold));
  std::optional<CallId> call;
  if (target == HoldTarget::recording) {
    const auto recording = catalog_.recording(RecordingId{id});
    if (!recording) return recording.error();
    if (*recording) call = (*recording)->call;
  }
  const json body = {{"by", caller.token_id},
                     {"erasure", to_text(row.id)},
                     {"hold", to_text(hold.id)},
                     {"step", kHeld},
                     {row.target_kind, row.target_id}};
  std::vector<Booking> bookings;
  bookings.emplace_back(booking::StartErasure{row});
  bookings.emplace_back(booking::AddLedger{{LedgerKind::erasure_step, now, call, body.dump()}});
  if (auto booked = writer_.book_and_wait(std::move(bookings)); !booked) return booked.error();
  return row;
}

Result<void> HoldQueue::go_on_withdrawing(ErasureRow& row) {
  if (row.target_kind == kLegErasureKind || has_step(row, kWithdrawn)) return {};
  if (auto withdrawn = withdraw_(row, {asker_of(row)}); !withdrawn) return withdrawn;
  ErasureRow noted = row;
  json steps = steps_of(row);
  noted.steps_json = json::array({steps.front()}).dump();
  add_step(noted, clock_().wall, kWithdrawn, "the consents it is about are withdrawn: nobody can use it any more");
  json all = steps_of(noted);
  for (std::size_t i = 1; i < steps.size(); ++i) all.push_back(steps[i]);
  return update(row, all.dump());
}

Result<void> HoldQueue::name_hold(ErasureRow& row, const HoldRow& hold) {
  const auto steps = view_of(row).steps;
  if (!steps.empty() && steps.back().step == kHeld && steps.back().what == hold_text(hold)) return {};
  ErasureRow noted = row;
  set_step(noted, clock_().wall, kHeld, hold_text(hold));
  return update(row, noted.steps_json);
}

Result<void> HoldQueue::update(ErasureRow& row, std::string steps_json) {
  std::vector<Booking> bookings;
  bookings.emplace_back(booking::UpdateErasure{row.id, steps_json, std::nullopt});
  if (auto booked = writer_.book_and_wait(std::move(bookings)); !booked) return booked;
  row.steps_json = std::move(steps_json);
  return {};
}

}  // namespace assent
