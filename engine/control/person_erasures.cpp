#include "engine/control/person_erasures.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/limits.h"
#include "engine/catalog/destroyed.h"
#include "engine/catalog/erasure_record.h"
#include "engine/catalog/forget_patiently.h"
#include "engine/catalog/leg_erasure.h"
#include "engine/catalog/people.h"
#include "engine/control/call_contents.h"
#include "engine/control/leg_erasure_plan.h"

namespace assent {
namespace {

using nlohmann::json;

LedgerEntry ledger_entry(WallTime at, const std::optional<CallId>& call, const ErasureRow& row,
                         const Destroyed& destroyed, json body) {
  body["destroyed"] = destroyed.to_json();
  body["erasure"] = to_text(row.id);
  body[row.target_kind] = row.target_id;
  return {LedgerKind::erasure_step, at, call, body.dump()};
}

Result<ErasureView> taken(Result<std::optional<ErasureView>> held) {
  if (!held) return held.error();
  return **std::move(held);
}

}  // namespace

PersonErasures::PersonErasures(Parts parts) : parts_(std::move(parts)), thread_([this] { run(); }) {}

PersonErasures::~PersonErasures() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

// ---- from outside ---------------------------------------------------------------------------------------------------

Result<ErasureView> PersonErasures::erase_subject(const PersonName& person, const Caller& caller) {
  const auto subject = parts_.standing.find(person);
  if (!subject) return subject.error();
  if (!*subject) return error(Errc::not_found, "nobody of this id or reference is on record");
  const SubjectRow& row = **subject;
  if (row.erased) return under_way(kSubjectKind, to_text(row.id));
  if (auto checked = check_not_live(parts_.catalog.live_call_of(row.id)); !checked) return checked.error();
  if (auto held = if_held(HoldTarget::subject, row.id.bytes, caller); !held || *held) return taken(std::move(held));
  // First, so that no call that comes now begins with one.
  if (auto withdrawn = parts_.standing.withdraw_all(row.id, {}, caller); !withdrawn) return withdrawn.error();
  return begin_subject(new_erasure(kSubjectKind, to_text(row.id)), row, caller);
}

Result<ErasureView> PersonErasures::erase_tenant(const std::string& tenant, const Caller& caller) {
  const auto row = tenant_named(parts_.catalog, tenant);
  if (!row) return row.error();
  if (row->erased) return under_way(kTenantKind, to_text(row->id));
  if (auto checked = check_not_live(parts_.catalog.live_call_of(row->id)); !checked) return checked.error();
  if (auto held = if_held(HoldTarget::tenant, row->id.bytes, caller); !held || *held) return taken(std::move(held));
  return begin_tenant(new_erasure(kTenantKind, to_text(row->id)), *row, caller);
}

ErasureRow PersonErasures::new_erasure(std::string_view kind, const std::string& target) {
  const WallTime now = parts_.clock().wall;
  return {new_id<ErasureId>(now), std::string(kind), target, now, std::nullopt, "[]"};
}

Result<ErasureView> PersonErasures::begin_subject(ErasureRow erasure, const SubjectRow& row, const Caller& caller) {
  std::vector<Booking> bookings;
  bookings.emplace_back(booking::RequireNoHold{HoldTarget::subject, row.id.bytes});
  bookings.emplace_back(booking::EraseSubject{row.id, parts_.clock().wall});
  Destroyed destroyed;
  destroyed.add(row.id);
  return begin(std::move(erasure), std::move(bookings), row.key, std::move(destroyed), caller);
}

Result<ErasureView> PersonErasures::begin_tenant(ErasureRow erasure, const TenantRow& row, const Caller& caller) {
  std::vector<Booking> bookings;
  bookings.emplace_back(booking::RequireNoHold{HoldTarget::tenant, row.id.bytes});
  bookings.emplace_back(booking::EraseTenant{row.id, parts_.clock().wall});
  return begin(std::move(erasure), std::move(bookings), row.key, {}, caller);
}

// ---- what waits for a hold ------------------------------------------------------------------------------------------

// None: no hold forbids it.
Result<std::optional<ErasureView>> PersonErasures::if_held(HoldTarget target, const std::array<std::uint8_t, 16>& id,
                                                           const Caller& caller) {
  const auto row = parts_.held.queue_if_held(target, id, caller);
  if (!row) return row.error();
  return *row ? std::optional(view_of(**row)) : std::optional<ErasureView>();
}

Result<ErasureView> PersonErasures::begin_held(ErasureRow row) {
  const auto target = load_target(parts_.catalog, row);
  if (!target) return target.error();
  const Caller caller{asker_of(row)};
  if (target->subject) {
    const SubjectRow& person = target->people.front();
    if (auto checked = check_not_live(parts_.catalog.live_call_of(person.id)); !checked) return checked.error();
    return begin_subject(std::move(row), person, caller);
  }
  const auto id = parse_id<TenantId>(row.target_id);
  const auto tenant = id ? parts_.catalog.tenant(*id) : std::optional<TenantRow>();
  if (!tenant) return tenant.error();
  if (!*tenant) return error(Errc::not_found, "there is no such tenant");
  if (auto checked = check_not_live(parts_.catalog.live_call_of(*id)); !checked) return checked.error();
  return begin_tenant(std::move(row), **tenant, caller);
}

Result<ErasureView> PersonErasures::under_way(std::string_view kind, const std::string& id) {
  const auto rows = parts_.catalog.unfinished_erasures();
  if (!rows) return rows.error();
  for (const ErasureRow& row : *rows) {
    if (row.target_kind == kind && row.target_id == id) return view_of(row);
  }
  const auto waiting = waiting_for_processors(parts_.catalog, kind, id);
  if (!waiting) return waiting.error();
  if (*waiting) return view_of(**waiting);
  return error(Errc::not_found, "this " + std::string(kind) + " has been erased already");
}

Result<void> PersonErasures::check_not_live(const Result<std::optional<CallId>>& live) {
  if (!live) return live.error();
  if (!*live) return {};
  return error(Errc::conflict, "the call " + to_text(**live) + " is in progress: end it first; nothing was changed");
}

Result<ErasureView> PersonErasures::begin(ErasureRow row, std::vector<Booking> bookings, KeyId key, Destroyed destroyed,
                                          const Caller& caller) {
  const bool waited = std::exchange(row.held, false);
  const WallTime now = waited ? parts_.clock().wall : row.requested;
  add_step(row, now, "key-destroyed", "nothing of it can be read any more");
  if (!waited) {
    if (auto noted = note_ledger_place(parts_.catalog, row); !noted) return noted.error();
  }
  destroyed.add(key);
  bookings.emplace_back(booking::DestroyKey{key});
  bookings.push_back(begun_booking(row, waited));
  bookings.emplace_back(booking::AddLedger{
      ledger_entry(now, std::nullopt, row, destroyed, {{"by", caller.token_id}, {"step", "key-destroyed"}})});
  if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked.error();
  parts_.keys.evict(key);
  parts_.review_streams();
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(row);
  }
  changed_.notify_all();
  return view_of(row);
}

Result<void> PersonErasures::resume() {
  auto rows = parts_.catalog.unfinished_erasures();
  if (!rows) return rows.error();
  {
    const std::lock_guard lock(mutex_);
    for (ErasureRow& row : *rows) {
      if (row.target_kind == kSubjectKind || row.target_kind == kTenantKind) waiting_.push_back(std::move(row));
    }
  }
  changed_.notify_all();
  return {};
}

void PersonErasures::wait_until_idle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.empty() && !busy_; });
}

// ---- the thread -----------------------------------------------------------------------------------------------------

void PersonErasures::run() {
  std::unique_lock lock(mutex_);
  const auto has_work = [this] { return stopping_ || !waiting_.empty(); };
  for (;;) {
    if (failed_.empty()) {
      changed_.wait(lock, has_work);
    } else if (!changed_.wait_for(lock, parts_.retry, has_work)) {
      for (ErasureRow& row : failed_) waiting_.push_back(std::move(row));
      failed_.clear();
    }
    if (stopping_) return;
    if (waiting_.empty()) continue;
    const ErasureRow row = std::move(waiting_.front());
    waiting_.pop_front();
    busy_ = true;
    lock.unlock();
    const auto done = carry_out(row);
    if (!done && !stops()) {
      parts_.report("the erasure " + to_text(row.id) + " is not done, and is tried again: " + done.error().what);
    }
    lock.lock();
    busy_ = false;
    if (!done) failed_.push_back(row);
    changed_.notify_all();
  }
}

bool PersonErasures::stops() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

Result<void> PersonErasures::carry_out(ErasureRow row) {
  auto target = load_target(parts_.catalog, row);
  if (!target) return target.error();
  parts_.keys.evict(target->key);
  if (auto done = forget_calls(*target, row); !done) return done;
  if (auto done = await_calls(*target, row); !done) return done;
  if (auto done = forget_people(*target, row); !done) return done;
  if (auto done = forget_exports(*target, row); !done) return done;
  if (auto done = forget_keys(*target, row); !done) return done;
  return close(*target, row);
}

// ---- the calls ------------------------------------------------------------------------------------------------------

Result<void> PersonErasures::forget_calls(const ErasureTarget& target, ErasureRow& row) {
  for (std::size_t next = 0; next < target.calls.size();) {
    if (stops()) return error(Errc::unavailable, "the engine stops");
    std::vector<Booking> bookings;
    std::vector<KeyId> destroyed;
    std::vector<std::pair<ErasureId, CallId>> begun;
    for (; next < target.calls.size() && bookings.size() < limits::kErasureBookings; ++next) {
      auto prepared = prepare(target, target.calls[next], row, bookings, destroyed, begun);
      if (!prepared) return prepared;
    }
    set_step(row, parts_.clock().wall, "calls",
             std::to_string(next) + " of " + count_text(target.calls.size(), "call") + " closed for good");
    bookings.emplace_back(booking::UpdateErasure{row.id, row.steps_json, std::nullopt});
    if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked;
    for (const KeyId key : destroyed) parts_.keys.evict(key);
    for (const auto& [erasure, call] : begun) parts_.begin_erasure(erasure, call);
  }
  return {};
}

Result<void> PersonErasures::prepare(const ErasureTarget& target, const CallRow& call, const ErasureRow& row,
                                     std::vector<Booking>& bookings, std::vector<KeyId>& destroyed,
                                     std::vector<std::pair<ErasureId, CallId>>& begun) {
  const auto participants = parts_.catalog.participants(call.id);
  if (!participants) return participants.error();
  People who;
  for (const ParticipantRow& participant : *participants) {
    if (!target.subject || participant.subject == *target.subject) who.insert(participant.id);
  }
  const auto scope = target.subject ? erasure_scope(parts_.catalog, call, *participants, who) : ErasureScope::call;
  if (!scope) return scope.error();
  const bool is_whole = *scope == ErasureScope::call;
  const WallTime now = parts_.clock().wall;
  auto plan = plan_leg_erasure(parts_.catalog, call, *scope, who, "erasure:" + to_text(row.id), now);
  if (!plan) return plan.error();
  Destroyed what = std::move(plan->what);
  if (plan->erase) {
    // Their key is gone since step 1, where no hold forbade it.
    for (Booking& one : leg_erasure_bookings(*plan->erase)) bookings.push_back(std::move(one));
    destroyed.insert(destroyed.end(), plan->erase->keys.begin(), plan->erase->keys.end());
    begun.emplace_back(plan->erase->id, call.id);
  }
  std::vector<ParticipantRow> theirs = *participants;
  std::erase_if(theirs, [&](const ParticipantRow& participant) { return !is_whole && !who.contains(participant.id); });
  for (const ParticipantRow& participant : theirs) destroyed.push_back(participant.key);
  if (auto added = add_participants(parts_.catalog, theirs, what); !added) return added;
  if (is_whole) {
    bookings.emplace_back(booking::DestroyKey{call.key});
    destroyed.push_back(call.key);
    bookings.emplace_back(booking::ForgetCall{call.id});
    if (auto added = add_call(parts_.catalog, call, what); !added) return added;
  } else {
    for (const ParticipantId participant : who) bookings.emplace_back(booking::ForgetParticipant{participant});
  }
  // Of calls of which nothing was kept, and of those erased before: their legs' keys.
  auto legs = parts_.catalog.legs(call.id);
  if (!legs) return legs.error();
  std::erase_if(*legs, [&](const LegRow& leg) { return !is_whole && !who.contains(leg.participant); });
  for (const LegRow& leg : *legs) {
    bookings.emplace_back(booking::DestroyKey{leg.key});
    destroyed.push_back(leg.key);
  }
  if (auto added = add_legs(parts_.catalog, *legs, what); !added) return added;
  if (what.empty()) return {};
  json body{{"step", "call"}};
  if (plan->erase) body["part"] = to_text(plan->erase->id);
  bookings.emplace_back(booking::AddLedger{ledger_entry(now, call.id, row, what, std::move(body))});
  return {};
}

Result<void> PersonErasures::await_calls(const ErasureTarget& target, ErasureRow& row) {
  auto open = open_calls(target);
  if (!open) return open.error();
  // All of them have been begun, here or at start. One that is begun once more while it ends would wait for all others.
  if (auto awaited = await_each(*open, row); !awaited) return awaited;
  open = open_calls(target);
  if (!open) return open.error();
  if (!open->empty()) {  // they failed, now or before this is tried again
    for (const ErasureRow& one : *open) parts_.begin_erasure(one.id, *parse_id<CallId>(one.target_id));
    if (auto awaited = await_each(*open, row); !awaited) return awaited;
    open = open_calls(target);
    if (!open) return open.error();
  }
  if (!open->empty()) {
    return error(Errc::unavailable, "what was stored of the call " + open->front().target_id + " could not be removed");
  }
  return note(row, "objects", "what was stored of " + count_text(target.calls.size(), "call") + " is gone");
}

// What was stored of these is not removed yet.
Result<std::vector<ErasureRow>> PersonErasures::open_calls(const ErasureTarget& target) {
  std::set<std::string> ours;
  for (const CallRow& call : target.calls) ours.insert(to_text(call.id));
  auto open = parts_.catalog.unfinished_erasures();
  if (!open) return open.error();
  std::erase_if(*open, [&](const ErasureRow& one) {
    return one.target_kind != kLegErasureKind || !ours.contains(one.target_id);
  });
  return open;
}

Result<void> PersonErasures::await_each(std::span<const ErasureRow> open, ErasureRow& row) {
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (stops()) return error(Errc::unavailable, "the engine stops");
    while (!parts_.await_erasure(*parse_id<CallId>(open[i].target_id))) {
      if (stops()) return error(Errc::unavailable, "the engine stops");
    }
    if ((i + 1) % limits::kErasureProgress != 0) continue;
    auto noted =
        note(row, "objects",
             "what was stored of " + std::to_string(i + 1) + " of " + count_text(open.size(), "call") + " removed");
    if (!noted) return noted;
  }
  return {};
}

// ---- the people -----------------------------------------------------------------------------------------------------

// Of a tenant: of a person all of this is done already. Whoever was erased before has a receipt of their own.
Result<void> PersonErasures::forget_people(const ErasureTarget& target, const ErasureRow& row) {
  for (std::size_t next = 0; next < target.people.size();) {
    if (stops()) return error(Errc::unavailable, "the engine stops");
    const WallTime now = parts_.clock().wall;
    std::vector<Booking> bookings;
    Destroyed what;
    for (; next < target.people.size() && bookings.size() < limits::kErasureBookings; ++next) {
      const SubjectRow& person = target.people[next];
      const auto key = parts_.catalog.key(person.key);
      if (!key) return key.error();
      if (*key) {
        what.add(person.id);
        what.add(person.key);
      }
      bookings.emplace_back(booking::EraseSubject{person.id, now});
      bookings.emplace_back(booking::DestroyKey{person.key});
    }
    if (!what.empty()) {
      bookings.emplace_back(booking::AddLedger{ledger_entry(now, std::nullopt, row, what, {{"step", "people"}})});
    }
    if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked;
  }
  return {};
}

Result<void> PersonErasures::forget_exports(const ErasureTarget& target, ErasureRow& row) {
  if (!parts_.forget_exports) return {};
  const auto gone = parts_.forget_exports(target.people);
  if (!gone) return gone.error();
  return note(row, "exports", count_text(*gone, "export") + " of theirs removed, none is left");
}

Result<void> PersonErasures::forget_keys(const ErasureTarget& target, ErasureRow& row) {
  if (auto forgotten = forget_patiently(parts_.writer); !forgotten) return forgotten;
  std::vector<KeyId> keys{target.key};
  for (const SubjectRow& person : target.people) keys.push_back(person.key);
  for (const KeyId key : keys) {
    const auto left = parts_.catalog.key(key);
    if (!left) return left.error();
    if (*left) return error(Errc::corrupt, "the key " + to_text(key) + " is still in the catalog");
  }
  return note(row, "keys-gone", "the catalog's files hold none of the keys");
}

Result<void> PersonErasures::close(const ErasureTarget& target, ErasureRow& row) {
  const WallTime now = parts_.clock().wall;
  add_step(row, now, "done",
           count_text(target.people.size(), "person") + ", " + count_text(target.calls.size(), "call") +
               ": nothing is left");
  row.done = now;
  const WallTime objects_gone = time_of_step(row, "objects");
  const ErasureClosing closing{
      row,
      std::nullopt,
      {{"catalog", time_of_step(row, "keys-gone")}, {"journal", objects_gone}, {"store", objects_gone}}};
  std::vector<Booking> bookings;
  if (auto ended = close_erasure(parts_.catalog, closing, bookings); !ended) return ended.error();
  return parts_.writer.book_and_wait(std::move(bookings));
}

Result<void> PersonErasures::note(ErasureRow& row, std::string_view step, std::string_view what) {
  set_step(row, parts_.clock().wall, step, what);
  std::vector<Booking> bookings;
  bookings.emplace_back(booking::UpdateErasure{row.id, row.steps_json, std::nullopt});
  return parts_.writer.book_and_wait(std::move(bookings));
}

}  // namespace assent
