#include "engine/control/withdrawals.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "engine/catalog/leg_erasure.h"
#include "engine/catalog/notices.h"
#include "engine/catalog/person_fields.h"
#include "engine/catalog/said.h"
#include "engine/catalog/unless_gone.h"
#include "engine/consent/consent_state.h"
#include "engine/control/consent_record_view.h"
#include "engine/control/leg_erasure_plan.h"

namespace assent {
namespace {

constexpr auto kSettlePoll = 20ms;

Error no_such_call() { return error(Errc::not_found, "there is no such call"); }

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Whose last record for a purpose is a grant, the ones asked about.
template <typename IsAsked>
std::vector<ConsentRow> standing_grants(const std::vector<ConsentRow>& consents, IsAsked is_asked) {
  std::map<std::pair<ParticipantId, std::string>, const ConsentRow*> last;
  for (const ConsentRow& row : consents) {
    if (is_asked(row)) last[{row.participant, row.purpose}] = &row;
  }
  std::vector<ConsentRow> granted;
  for (const ConsentRow& row : consents) {  // oldest first
    if (is_asked(row) && last[{row.participant, row.purpose}] == &row && row.decision == to_text(Decision::granted)) {
      granted.push_back(row);
    }
  }
  return granted;
}

// Erased, or damaged: the id names them as well.
std::string ref_under(const OpenKey& key, const ParticipantRow& row) {
  const auto fields = open_participant(*key.key, row);
  return fields ? fields->ref : to_text(row.id);
}

struct WithdrawingParticipant {
  std::string ref;
  std::shared_ptr<const SecretKey> key;  // none: what the call says of them has been erased
};

Error left_over(std::size_t done, const Error& why) {
  return {why.code, "withdrawn in " + std::to_string(done) +
                        " calls so far, which stays so; ask again for the rest: " + why.what};
}

}  // namespace

struct Withdrawals::Statement {
  WithdrawalSpec spec;
  Caller caller;
  std::string notice_json;  // empty: each call's own

  bool asks_for(const std::string& purpose) const { return spec.purposes.empty() || holds(spec.purposes, purpose); }
};

struct Withdrawals::PastCall {
  CallWithdrawal view;
  std::vector<Booking> bookings;
  std::vector<KeyId> destroyed;
};

// ---- from outside ---------------------------------------------------------------------------------------------------

Result<SubjectWithdrawal> Withdrawals::of_subject(const std::string& person, const WithdrawalSpec& spec,
                                                  const Caller& caller) {
  const auto subject = parts_.standing.find({person, spec.tenant});
  if (!subject) return subject.error();
  if (!*subject) return error(Errc::not_found, "nobody of this id or reference is on record");
  const auto calls = parts_.catalog.calls_of((*subject)->id);
  if (!calls) return calls.error();
  const auto statement = checked(spec, caller, *calls);
  if (!statement) return statement.error();

  SubjectWithdrawal withdrawal{(*subject)->id, {}, {}};
  // First, so that no call that comes now begins with one.
  auto standing = parts_.standing.withdraw_all((*subject)->id, spec.purposes, caller);
  if (!standing) return standing.error();
  withdrawal.standing = *std::move(standing);

  const Whom whom{(*subject)->id, std::nullopt};
  std::vector<CallRow> over;
  std::vector<CallId> ending;
  std::optional<Error> trouble;  // one call that does not answer keeps nobody from taking back the rest
  for (const CallRow& call : *calls) {
    if (call.state != CallState::live) {
      over.push_back(call);
      continue;
    }
    auto records = from_live(call.id, whom, *statement);
    if (!records) {
      trouble = records.error();
    } else if (!*records) {
      ending.push_back(call.id);
    } else if (!(*records)->empty()) {
      withdrawal.calls.push_back({call.id, CallState::live, **std::move(records), std::nullopt});
    }
  }
  const auto past = from_past(over, whom, *statement, withdrawal.calls);
  if (!past) trouble = past.error();
  for (const CallId id : ending) {
    auto call = wait_until_over(id);
    const auto done = call ? from_past({&*call, 1}, whom, *statement, withdrawal.calls) : Result<void>(call.error());
    if (!done) trouble = done.error();
  }
  if (trouble) return left_over(withdrawal.calls.size(), *trouble);
  if (auto went_on = go_on_erasing(*calls, withdrawal.calls); !went_on) return went_on.error();
  return withdrawal;
}

Result<std::vector<ConsentRecordView>> Withdrawals::of_live_call(CallId id, const WithdrawalSpec& spec,
                                                                 const Caller& caller) {
  const auto statement = checked(spec, caller, {});
  if (!statement) return statement.error();
  auto records = from_live(id, {}, *statement);
  if (!records) return records.error();
  if (!*records) return error(Errc::not_found, "no such call is in progress");
  return **std::move(records);
}

Result<std::vector<ConsentRecordView>> Withdrawals::of_past_call(CallId id,
                                                                 const std::optional<std::string>& participant,
                                                                 const WithdrawalSpec& spec, const Caller& caller) {
  const auto call = wait_until_over(id);
  if (!call) return call.error();
  const auto statement = checked(spec, caller, {&*call, 1});
  if (!statement) return statement.error();
  std::vector<CallWithdrawal> done;
  if (auto past = from_past({&*call, 1}, {std::nullopt, participant}, *statement, done); !past) return past.error();
  if (auto went_on = go_on_erasing({&*call, 1}, done); !went_on) return went_on.error();
  if (auto erased = parts_.await_erasure(id); !erased) return erased.error();
  if (done.empty()) return std::vector<ConsentRecordView>();
  return std::move(done.front().records);
}

void Withdrawals::review_streams(CallId call) {
  const auto recording = parts_.catalog.recording_of(call);
  if (recording && *recording) parts_.recordings.review_streams((*recording)->id);
}

// ---- what is asked --------------------------------------------------------------------------------------------------

// A purpose that nobody knows would withdraw nothing, and the caller think that it did.
Result<bool> Withdrawals::is_known(const std::string& purpose, std::span<const CallRow> calls) {
  if (parts_.purposes.find(purpose)) return true;
  const auto registered = parts_.catalog.purposes();
  if (!registered) return registered.error();
  if (std::any_of(registered->begin(), registered->end(), [&](const auto& row) { return row.id == purpose; })) {
    return true;
  }
  for (const CallRow& call : calls) {  // of a file that named no texts, and is another by now
    const auto consents = parts_.catalog.consents(call.id);
    if (!consents) return consents.error();
    if (std::any_of(consents->begin(), consents->end(), [&](const auto& row) { return row.purpose == purpose; })) {
      return true;
    }
  }
  return false;
}

Result<Withdrawals::Statement> Withdrawals::checked(const WithdrawalSpec& spec, const Caller& caller,
                                                    std::span<const CallRow> calls) {
  for (const std::string& purpose : spec.purposes) {
    const auto known = is_known(purpose, calls);
    if (!known) return known.error();
    if (!*known) return error(Errc::invalid, "purposes: \"" + purpose + "\" is none that anybody was asked for");
  }
  Statement statement{spec, caller, {}};
  if (spec.notice) {
    const auto notice =
        find_notice(parts_.catalog, {spec.notice->id, spec.notice->version, spec.notice->language, spec.notice->hash});
    if (!notice) return notice.error();
    statement.notice_json = notice_json_of(*notice);
  }
  return statement;
}

std::string Withdrawals::ref_of(const ParticipantRow& row) {
  const auto key = parts_.keys.open(row.key);
  return key ? ref_under(*key, row) : to_text(row.id);
}

Result<Withdrawals::People> Withdrawals::people_in(CallId call, const Whom& whom) {
  const auto rows = parts_.catalog.participants(call);
  if (!rows) return rows.error();
  People people;
  for (const ParticipantRow& row : *rows) {
    if (whom.subject && row.subject != *whom.subject) continue;
    if (whom.participant && *whom.participant != to_text(row.id) && *whom.participant != ref_of(row)) continue;
    people.insert(row.id);
  }
  if (whom.participant && people.empty()) {
    return error(Errc::invalid, "participant: the call has no \"" + *whom.participant + "\"");
  }
  return people;
}

// ---- live calls -----------------------------------------------------------------------------------------------------

// None: the call is not in progress, or is just ending.
Result<std::optional<std::vector<ConsentRecordView>>> Withdrawals::from_live(CallId id, const Whom& whom,
                                                                             const Statement& statement) {
  using Records = std::optional<std::vector<ConsentRecordView>>;
  const auto view = parts_.calls.call(id);
  if (!view && view.error().code == Errc::not_found) return Records();
  if (!view) return view.error();
  const auto who = people_in(id, whom);
  if (!who) return who.error();
  std::vector<ConsentRecordView> records;
  for (const ParticipantView& participant : view->participants) {
    if (!who->contains(participant.id)) continue;
    ConsentSpec spec{to_text(participant.id),
                     std::string(to_text(Decision::withdrawn)),
                     {},
                     statement.spec.signal_type,
                     statement.spec.signal_value,
                     statement.spec.notice,
                     std::nullopt};
    for (const PurposeState& consent : participant.consents) {
      const bool counts =
          consent.state == to_text(ConsentState::granted) || consent.state == to_text(ConsentState::pending);
      if (counts && statement.asks_for(consent.purpose)) spec.purposes.push_back(consent.purpose);
    }
    if (spec.purposes.empty()) continue;
    auto decided = parts_.calls.decide(id, spec, statement.caller);
    if (!decided && decided.error().code == Errc::not_found) return Records();
    if (!decided) return decided.error();
    std::move(decided->begin(), decided->end(), std::back_inserter(records));
  }
  review_streams(id);
  return Records(std::move(records));
}

// A call that has just ended may have consents on their way to the record, and audio on its way to the store.
Result<CallRow> Withdrawals::wait_until_over(CallId id) {
  for (milliseconds waited{0};; waited += kSettlePoll) {
    const auto call = parts_.catalog.call(id);
    if (!call) return call.error();
    if (!*call) return no_such_call();
    if ((*call)->state != CallState::live) return **call;
    if (waited >= parts_.settle_patience) {
      return error(Errc::unavailable, "the call " + to_text(id) + " has ended and is still being stored: ask again");
    }
    std::this_thread::sleep_for(kSettlePoll);
  }
}

// ---- calls that are over --------------------------------------------------------------------------------------------

Result<void> Withdrawals::from_past(std::span<const CallRow> calls, const Whom& whom, const Statement& statement,
                                    std::vector<CallWithdrawal>& done) {
  for (std::size_t next = 0; next < calls.size();) {
    const std::lock_guard lock(mutex_);
    std::vector<PastCall> batch;
    for (std::size_t bookings = 0; next < calls.size() && bookings < kWithdrawalBookings; ++next) {
      auto past = prepare(calls[next], whom, statement);
      if (!past) return past.error();
      if (!*past) continue;
      bookings += (*past)->bookings.size();
      batch.push_back(**std::move(past));
    }
    if (auto booked = book(batch, done); !booked) return booked;
  }
  return {};
}

// None: nothing of theirs stands there.
Result<std::optional<Withdrawals::PastCall>> Withdrawals::prepare(const CallRow& call, const Whom& whom,
                                                                  const Statement& statement) {
  const auto who = people_in(call.id, whom);
  if (!who) return who.error();
  const auto consents = parts_.catalog.consents(call.id);
  if (!consents) return consents.error();
  const auto granted = standing_grants(*consents, [&](const ConsentRow& row) {
    return who->contains(row.participant) && statement.asks_for(row.purpose);
  });
  if (granted.empty()) return std::optional<PastCall>();
  const auto participants = parts_.catalog.participants(call.id);
  if (!participants) return participants.error();
  std::map<ParticipantId, WithdrawingParticipant> withdrawing;
  for (const ParticipantRow& row : *participants) {
    if (!who->contains(row.id)) continue;
    auto key = unless_gone(parts_.keys.open(row.key));
    if (!key) return key.error();
    if (*key) {
      withdrawing[row.id] = {ref_under(**key, row), (*key)->key};
    } else {
      withdrawing[row.id] = {to_text(row.id), nullptr};
    }
  }

  PastCall past{{call.id, call.state, {}, std::nullopt}, {}, {}};
  const WallTime now = parts_.clock().wall;
  for (const ConsentRow& grant : granted) {
    ConsentRow row;
    row.id = new_id<ConsentId>(now);
    row.call = call.id;
    row.participant = grant.participant;
    row.purpose = grant.purpose;
    row.decision = to_text(Decision::withdrawn);
    row.signal_type = statement.spec.signal_type;
    // Of whom the call says nothing any more, this is not said either.
    const auto& [ref, key] = withdrawing[row.participant];
    if (key != nullptr) seal_said(*key, statement.spec.signal_value, row);
    row.notice_json = statement.notice_json.empty() ? call.notice_json : statement.notice_json;
    row.origin = "token:" + statement.caller.token_id;
    row.at = now;
    past.view.records.push_back(
        consent_record_view(row, ref, key != nullptr ? std::optional(statement.spec.signal_value) : std::nullopt));
    past.bookings.emplace_back(booking::AddConsent{std::move(row)});
  }
  if (!statement.spec.of_an_erasure && parts_.on_withdraw(call) == OnWithdraw::erase) {
    People withdrew;
    for (const ConsentRow& grant : granted) withdrew.insert(grant.participant);
    if (auto erased = erase(past, call, withdrew, statement); !erased) return erased.error();
  }
  return std::optional(std::move(past));
}

Result<void> Withdrawals::erase(PastCall& past, const CallRow& call, const People& who, const Statement& statement) {
  const bool all_agreed = call.policy == to_text(Policy::all_party);
  auto plan = plan_leg_erasure(parts_.catalog, call, all_agreed ? ErasureScope::call : ErasureScope::leg, who,
                               "token:" + statement.caller.token_id, parts_.clock().wall);
  if (!plan) return plan.error();
  if (!plan->erase) return {};
  past.view.erasure = plan->erase->id;
  past.destroyed = plan->erase->keys;
  past.bookings.emplace_back(*std::move(plan->erase));
  return {};
}

Result<void> Withdrawals::book(std::vector<PastCall>& batch, std::vector<CallWithdrawal>& done) {
  std::vector<Booking> bookings;
  for (PastCall& past : batch) std::move(past.bookings.begin(), past.bookings.end(), std::back_inserter(bookings));
  if (bookings.empty()) return {};
  if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked;
  for (PastCall& past : batch) {
    for (const KeyId key : past.destroyed) parts_.keys.evict(key);
    review_streams(past.view.call);
    if (past.view.erasure) parts_.begin_erasure(*past.view.erasure, past.view.call);
    done.push_back(std::move(past.view));
  }
  return {};
}

// What an earlier withdrawal began and could not end is taken up again.
Result<void> Withdrawals::go_on_erasing(std::span<const CallRow> calls, std::vector<CallWithdrawal>& done) {
  const auto open = parts_.catalog.unfinished_erasures();
  if (!open) return open.error();
  std::map<std::string, const CallRow*> over;
  for (const CallRow& call : calls) {
    if (call.state != CallState::live) over[to_text(call.id)] = &call;  // a live one's erasure knows its segments
  }
  std::set<ErasureId> told;
  std::map<CallId, std::size_t> unerased;  // their places in `done`
  for (std::size_t i = 0; i < done.size(); ++i) {
    if (done[i].erasure) told.insert(*done[i].erasure);
    if (!done[i].erasure) unerased[done[i].call] = i;
  }
  for (const ErasureRow& row : *open) {
    const auto found = over.find(row.target_id);
    if (row.target_kind != kLegErasureKind || found == over.end() || told.contains(row.id)) continue;
    const CallRow& call = *found->second;
    parts_.begin_erasure(row.id, call.id);
    if (const auto place = unerased.find(call.id); place != unerased.end()) {
      done[place->second].erasure = row.id;
    } else {
      done.push_back({call.id, call.state, {}, row.id});
    }
  }
  return {};
}

}  // namespace assent
