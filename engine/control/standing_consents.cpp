#include "engine/control/standing_consents.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/catalog/notices.h"
#include "engine/catalog/person_fields.h"

namespace assent {
namespace {

constexpr std::string_view kDefaultTenantName = "default";

Error nobody() { return error(Errc::not_found, "nobody of this id or reference is on record"); }

std::string_view state_of(const StandingConsentRow& row, WallTime now) {
  if (row.withdrawn) return "withdrawn";
  if (row.until && *row.until <= now) return "over";
  return row.from > now ? "not-begun" : "valid";
}

nlohmann::json time_or_null(const std::optional<WallTime>& time) {
  return time ? nlohmann::json(to_rfc3339(*time)) : nlohmann::json(nullptr);
}

Booking given_entry(const StandingConsentRow& row, const Caller& caller) {
  nlohmann::json body = {{"by", caller.token_id},           {"change", "given"},
                         {"from", to_rfc3339(row.from)},    {"purposes", nlohmann::json::parse(row.purposes_json)},
                         {"standing", to_text(row.id)},     {"subject", to_text(row.subject)},
                         {"until", time_or_null(row.until)}};
  if (!row.notice_json.empty()) body["notice"] = nlohmann::json::parse(row.notice_json);
  return booking::AddLedger{{LedgerKind::standing_consent, row.created, std::nullopt, body.dump()}};
}

Booking withdrawn_entry(const StandingConsentRow& row, WallTime now, const Caller& caller) {
  const nlohmann::json body = {{"by", caller.token_id},
                               {"change", "withdrawn"},
                               {"standing", to_text(row.id)},
                               {"subject", to_text(row.subject)}};
  return booking::AddLedger{{LedgerKind::standing_consent, now, std::nullopt, body.dump()}};
}

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A consent on file that was withdrawn in the moment in which this one was made was replaced by it (withdraw_all): live
// calls may still have something from it. With all that those replaced.
std::vector<StandingId> with_those_it_replaced(const std::vector<StandingConsentRow>& rows,
                                               const StandingConsentRow& last) {
  std::vector<StandingId> ids = {last.id};
  WallTime made = last.created;
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) {  // newest first
    if (row->id == last.id || row->withdrawn != std::optional(made) || row->from != last.from) continue;
    ids.push_back(row->id);
    made = row->created;
  }
  return ids;
}

Result<void> check_times(const StandingSpec& spec, WallTime now) {
  const WallTime from = spec.from.value_or(now);
  if (from > now + limits::kValidityMax || (spec.until && *spec.until > now + limits::kValidityMax)) {
    return error(Errc::invalid, "from and until: at most 36500 days from now");
  }
  if (spec.until && (*spec.until <= from || *spec.until <= now)) {
    return error(Errc::invalid, "until: must come after from, and after now");
  }
  return {};
}

}  // namespace

Result<std::optional<SubjectRow>> StandingConsents::find(const PersonName& person) {
  if (const auto id = parse_id<SubjectId>(person.person)) {
    auto known = parts_.catalog.subject(*id);
    if (!known || *known) return known;
  }
  const auto tenant = people_.tenant(person.tenant ? std::string_view(*person.tenant) : kDefaultTenantName);
  if (!tenant && tenant.error().code == Errc::not_found) return std::optional<SubjectRow>();
  if (!tenant) return tenant.error();
  return people_.find(*tenant, person.person);
}

Result<StandingView> StandingConsents::view_of(const StandingConsentRow& row, const SubjectRow& subject) {
  StandingView view{row, {}, std::nullopt, state_of(row, parts_.clock().wall)};
  for (const auto& purpose : nlohmann::json::parse(row.purposes_json, nullptr, false)) {
    if (purpose.is_string()) view.purposes.push_back(purpose.get<std::string>());
  }
  if (row.sealed_evidence.empty()) return view;
  const auto key = parts_.keys.open(subject.key);
  if (!key && key.error().code == Errc::not_found) return view;
  if (!key) return key.error();
  auto evidence = open_evidence(*key->key, row);
  if (!evidence) return evidence.error();
  view.evidence = *std::move(evidence);
  return view;
}

Result<StandingConsentRow> StandingConsents::book(const std::string& person, const StandingSpec& spec,
                                                  const Caller& caller) {
  const WallTime now = parts_.clock().wall;
  if (auto checked = check_times(spec, now); !checked) return checked.error();
  const auto purposes = parts_.purposes.set_of(spec.purposes);
  if (!purposes) return purposes.error();
  if (purposes->empty()) return error(Errc::invalid, "purposes: at least one is needed");

  StandingConsentRow row{new_id<StandingId>(now), {}, {}, spec.from.value_or(now), spec.until, {}, {}, {}, now, {}};
  row.purposes_json = nlohmann::json(parts_.purposes.ids_of(*purposes)).dump();
  row.origin = "token:" + caller.token_id;
  if (spec.notice) {
    const Notice& named = *spec.notice;
    const auto notice = find_notice(parts_.catalog, {named.id, named.version, named.language, named.hash});
    if (!notice) return notice.error();
    row.notice_json = notice_json_of(*notice);
  }
  std::vector<Booking> bookings;
  auto known = find({person, spec.tenant});
  if (!known) return known.error();
  std::optional<OpenKey> key;
  if (*known) {
    auto opened = people_.subject((*known)->id);
    if (!opened) return opened.error();
    row.subject = (*known)->id;
    key = opened->key;
  } else {
    const auto tenant = people_.tenant_or_new(spec.tenant.value_or(std::string(kDefaultTenantName)), now, bookings);
    if (!tenant) return tenant.error();
    const auto made = people_.subject_or_new(*tenant, person, now, bookings);
    if (!made) return made.error();
    row.subject = made->id;
    key = made->key;
  }
  if (spec.evidence) row.sealed_evidence = seal_evidence(*key->key, row.id, *spec.evidence);
  bookings.emplace_back(booking::AddStandingConsent{row, key->id});
  bookings.push_back(given_entry(row, caller));
  if (auto booked = parts_.writer.book_and_wait(std::move(bookings)); !booked) return booked.error();
  return row;
}

Result<StandingView> StandingConsents::add(const std::string& person, const StandingSpec& spec, const Caller& caller) {
  auto row = book(person, spec, caller);
  // Two that make the same person at once race for the row: the one that lost finds the winner's next time. So does one
  // whose key was being replaced.
  for (int time = 1; time < limits::kBookingTries && !row && row.error().code == Errc::conflict; ++time) {
    row = book(person, spec, caller);
  }
  if (!row) return row.error();
  const auto subject = parts_.catalog.subject(row->subject);
  if (!subject) return subject.error();
  if (!*subject) return nobody();
  return view_of(*row, **subject);
}

Result<std::vector<StandingView>> StandingConsents::list(const PersonName& person) {
  const auto subject = find(person);
  if (!subject) return subject.error();
  if (!*subject) return nobody();
  const auto rows = parts_.catalog.standing_consents((*subject)->id);
  if (!rows) return rows.error();
  std::vector<StandingView> views;
  for (const StandingConsentRow& row : *rows) {
    auto view = view_of(row, **subject);
    if (!view) return view.error();
    views.push_back(*std::move(view));
  }
  return views;
}

Result<StandingView> StandingConsents::withdraw(const PersonName& person, StandingId id, const Caller& caller) {
  const auto subject = find(person);
  if (!subject) return subject.error();
  if (!*subject) return nobody();
  auto rows = parts_.catalog.standing_consents((*subject)->id);
  if (!rows) return rows.error();
  const auto found =
      std::find_if(rows->begin(), rows->end(), [&](const StandingConsentRow& row) { return row.id == id; });
  if (found == rows->end()) return error(Errc::not_found, "this person has no such consent on file");
  if (!found->withdrawn) {
    const WallTime now = parts_.clock().wall;
    auto booked =
        parts_.writer.book_and_wait({booking::WithdrawStandingConsent{id, now}, withdrawn_entry(*found, now, caller)});
    // Somebody else has just done it: it is withdrawn all the same.
    if (!booked && booked.error().code != Errc::conflict) return booked.error();
    found->withdrawn = now;
  }
  // From here on no new call can use it (booking::AddConsent); those that have stop now.
  for (const StandingId used : with_those_it_replaced(*rows, *found)) {
    if (auto stopped = parts_.calls.withdraw_standing(used, caller); !stopped) return stopped.error();
  }
  return view_of(*found, **subject);
}

Result<StandingConsentRow> StandingConsents::rest_of(const StandingView& given, const SubjectRow& subject,
                                                     const std::vector<std::string>& withdrawn, WallTime now) {
  StandingConsentRow rest = given.row;
  rest.id = new_id<StandingId>(now);
  rest.created = now;
  nlohmann::json purposes = nlohmann::json::array();
  for (const std::string& purpose : given.purposes) {
    if (!holds(withdrawn, purpose)) purposes.push_back(purpose);
  }
  rest.purposes_json = purposes.dump();
  rest.sealed_evidence.clear();
  if (!given.evidence) return rest;
  const auto key = parts_.keys.open(subject.key);
  if (!key) return key.error();
  rest.sealed_evidence = seal_evidence(*key->key, rest.id, *given.evidence);
  return rest;
}

Result<std::vector<StandingId>> StandingConsents::withdraw_all(SubjectId subject,
                                                               const std::vector<std::string>& purposes,
                                                               const Caller& caller) {
  std::vector<StandingId> withdrawn;
  for (int time = 1;; ++time) {
    const auto done = withdraw_what_stands(subject, purposes, caller, withdrawn);
    if (done) return withdrawn;
    if (done.error().code != Errc::conflict || time == limits::kBookingTries) return done.error();
  }
}

// Errc::conflict: somebody else has just withdrawn one, or the person's key was being replaced.
Result<void> StandingConsents::withdraw_what_stands(SubjectId id, const std::vector<std::string>& purposes,
                                                    const Caller& caller, std::vector<StandingId>& withdrawn) {
  const auto person = parts_.catalog.subject(id);
  if (!person) return person.error();
  if (!*person) return nobody();
  const SubjectRow& subject = **person;
  const auto rows = parts_.catalog.standing_consents(id);
  if (!rows) return rows.error();
  for (const StandingConsentRow& row : *rows) {
    if (row.withdrawn) continue;
    const auto given = view_of(row, subject);
    if (!given) return given.error();
    const auto concerned = std::count_if(given->purposes.begin(), given->purposes.end(), [&](const auto& purpose) {
      return purposes.empty() || holds(purposes, purpose);
    });
    if (concerned == 0) continue;
    const WallTime now = parts_.clock().wall;
    std::vector<Booking> bookings = {booking::WithdrawStandingConsent{row.id, now}, withdrawn_entry(row, now, caller)};
    if (static_cast<std::size_t>(concerned) < given->purposes.size()) {
      const auto rest = rest_of(*given, subject, purposes, now);
      if (!rest) return rest.error();
      bookings.emplace_back(booking::AddStandingConsent{*rest, subject.key});
      bookings.push_back(given_entry(*rest, caller));
    }
    auto booked = parts_.writer.book_and_wait(std::move(bookings));
    if (!booked) return booked.error();
    withdrawn.push_back(row.id);
  }
  return {};
}

}  // namespace assent
