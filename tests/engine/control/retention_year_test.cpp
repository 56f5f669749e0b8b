// A year of calls in virtual time: tenants, people, purposes in two versions, times that tenants have of their own and
// that change on the way, withdrawals, and holds of every kind, all drawn from a seed. Each recording must be erased at
// the second that an oracle says, which shares no code with the engine and knows no database: not one look sooner, none
// later, and never while it is held.
//
// CALLS is how many, SEED which: each is a scenario of its own.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "catch.h"
#include "crypto/random.h"
#include "engine/catalog/catalog_writer.h"
#include "engine/catalog/sqlite_catalog.h"
#include "engine/control/retention.h"
#include "must.h"
#include "state_folder.h"

namespace assent {
namespace {

constexpr WallTime kStart{1700000000s};
constexpr std::int64_t kYear = 365 * 24 * 3600;  // seconds since kStart, as all times here
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kHour = 3600;

WallTime at(std::int64_t second) { return kStart + seconds(second); }

std::size_t from_environment(const char* name, std::size_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : static_cast<std::size_t>(std::strtoull(text, nullptr, 10));
}

struct Agreed {
  std::size_t person = 0;  // of two: 0 or 1
  std::string purpose;
  std::int64_t granted = 0;
  std::int64_t withdrawn = kNever;
};

struct PlainCall {
  std::size_t tenant = 0;
  std::size_t people[2] = {0, 0};
  std::int64_t ended = 0;
  std::vector<Agreed> agreed;
  // What the engine calls them.
  CallId call;
  RecordingId recording;
  ParticipantId participants[2];
  std::int64_t erased = kNever;  // as it happened
};

struct PlainHold {
  HoldTarget on = HoldTarget::call;
  std::size_t target = 0;  // a tenant, a person, or a call
  std::int64_t from = 0;
  std::int64_t until = kNever;     // said when it was placed
  std::int64_t released = kNever;  // by somebody
  HoldId id;
  std::int64_t end() const { return std::min(until, released); }
};

struct PlainRules {  // of one tenant, from some second on
  std::int64_t from = 0;
  std::map<std::string, std::int64_t> own;  // seconds; kNever keeps
};

struct PlainWorld {
  std::vector<PlainCall> calls;
  std::vector<PlainHold> holds;
  std::vector<std::vector<PlainRules>> rules;                                       // by tenant
  std::map<std::string, std::vector<std::pair<std::int64_t, std::int64_t>>> hours;  // by purpose: since when, how many
};

// ---- the oracle -----------------------------------------------------------------------------------------------------

std::int64_t time_of(const PlainWorld& world, const PlainCall& call, const Agreed& agreed, std::int64_t now) {
  const PlainRules* rules = nullptr;
  for (const PlainRules& one : world.rules[call.tenant]) {
    if (one.from <= now) rules = &one;
  }
  if (rules != nullptr && rules->own.contains(agreed.purpose)) return rules->own.at(agreed.purpose);
  std::int64_t time = kNever;
  for (const auto& [since, hours] : world.hours.at(agreed.purpose)) {
    if (since <= agreed.granted) time = hours == kNever ? kNever : hours * kHour;
  }
  return time;
}

std::int64_t end_of(const PlainWorld& world, const PlainCall& call, std::int64_t now) {
  std::int64_t longest = -1;
  std::int64_t shortest = kNever;
  for (const Agreed& agreed : call.agreed) {
    const std::int64_t time = time_of(world, call, agreed, now);
    shortest = std::min(shortest, time);
    if (agreed.withdrawn > now) longest = std::max(longest, time);
  }
  const std::int64_t time = longest < 0 ? shortest : longest;
  return time == kNever ? kNever : call.ended + time;
}

bool is_held(const PlainWorld& world, std::size_t index, std::int64_t now) {
  const PlainCall& call = world.calls[index];
  return std::any_of(world.holds.begin(), world.holds.end(), [&](const PlainHold& hold) {
    if (hold.from > now || hold.end() <= now) return false;
    if (hold.on == HoldTarget::tenant) return hold.target == call.tenant;
    if (hold.on == HoldTarget::subject) return hold.target == call.people[0] || hold.target == call.people[1];
    return hold.target == index;
  });
}

// Between two moments at which something changes, nothing does: so it is asked at each of them.
std::int64_t expected_end(const PlainWorld& world, std::size_t index, const std::vector<std::int64_t>& changes) {
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const std::int64_t from = changes[i];
    const std::int64_t to = i + 1 < changes.size() ? changes[i + 1] : kNever;
    if (is_held(world, index, from)) continue;
    const std::int64_t end = std::max(end_of(world, world.calls[index], from), from);
    if (end < to) return end;
  }
  return kNever;
}

// ---- the world ------------------------------------------------------------------------------------------------------

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : source_(seed) {}
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(source_() % static_cast<std::uint64_t>(bound));
  }
  std::size_t index(std::size_t bound) { return static_cast<std::size_t>(below(static_cast<std::int64_t>(bound))); }
  bool once_in(std::int64_t n) { return below(n) == 0; }

 private:
  std::mt19937_64 source_;
};

constexpr std::size_t kTenants = 4;
constexpr std::size_t kPeople = 80;  // a fourth of them in each tenant

PlainWorld draw_world(std::uint64_t seed, std::size_t calls) {
  Draw draw(seed);
  PlainWorld world;
  world.hours = {{"quality", {{-1, 30 * 24}, {kYear / 2, 20 * 24}}},
                 {"training", {{-1, 120 * 24}}},
                 {"claims", {{-1, 200 * 24}, {kYear / 3, 260 * 24}}},
                 {"proof", {{-1, kNever}}}};
  world.rules = {{},
                 {{-1, {{"quality", 7 * 24 * kHour + 13}}}},
                 {{-1, {{"training", kNever}}}, {kYear / 2 + 11, {{"training", 30 * 24 * kHour + 1}}}},
                 {{kYear / 4 + 7, {{"claims", 50 * 24 * kHour}, {"proof", 90 * 24 * kHour + 59}}}}};
  for (std::size_t i = 0; i < calls; ++i) {
    PlainCall call;
    call.tenant = draw.index(kTenants);
    for (std::size_t& person : call.people)
      person = call.tenant * (kPeople / kTenants) + draw.index(kPeople / kTenants);
    if (call.people[0] == call.people[1]) {
      call.people[1] = call.tenant * (kPeople / kTenants) + (call.people[1] + 1) % (kPeople / kTenants);
    }
    call.ended = 600 + draw.below(kYear - 600);
    for (std::size_t person = 0; person < 2; ++person) {
      for (const char* purpose : {"quality", "training", "claims", "proof"}) {
        const bool agrees = std::string(purpose) == "quality" ? !draw.once_in(5) : draw.once_in(5);
        if (!agrees) continue;
        Agreed agreed{person, purpose, call.ended - 1 - draw.below(500), kNever};
        if (draw.once_in(6)) agreed.withdrawn = call.ended + 1 + draw.below(kYear / 4);
        call.agreed.push_back(agreed);
      }
    }
    if (call.agreed.empty()) call.agreed.push_back({0, "quality", call.ended - 60, kNever});
    world.calls.push_back(call);
  }
  for (std::size_t i = 0; i < calls / 20; ++i) {
    PlainHold hold;
    hold.from = draw.below(kYear);
    switch (draw.below(12)) {
      case 0:
        hold.on = HoldTarget::tenant;
        hold.target = draw.index(kTenants);
        break;
      case 1:
      case 2:
      case 3:
        hold.on = HoldTarget::subject;
        hold.target = draw.index(kPeople);
        break;
      default: hold.on = draw.once_in(2) ? HoldTarget::call : HoldTarget::recording; hold.target = draw.index(calls);
    }
    const std::int64_t longest = hold.on == HoldTarget::tenant ? kYear / 60 : kYear / 3;
    if (draw.once_in(2)) hold.until = hold.from + 1 + draw.below(longest);
    // One on a tenant always ends, or it would keep a fourth of everything.
    if (hold.on == HoldTarget::tenant || !draw.once_in(3)) hold.released = hold.from + 1 + draw.below(longest);
    world.holds.push_back(hold);
  }
  return world;
}

// ---- the same in the catalog ----------------------------------------------------------------------------------------

struct Engine {
  PlainWorld& world;
  StateFolder folder;
  std::unique_ptr<SqliteCatalog> catalog = must(SqliteCatalog::open(folder.path));
  std::unique_ptr<CatalogWriter> writer = std::make_unique<CatalogWriter>(*catalog);
  std::int64_t now = 0;
  std::map<RecordingId, std::size_t> places;
  std::vector<TenantId> tenants;
  std::vector<KeyId> tenant_keys;
  std::vector<SubjectId> people;
  std::size_t erased = 0;
  Retention retention{{*catalog, *writer, [this](RecordingId id) { return erase(id); },
                       []() -> Result<bool> { return false; }, [](const std::string& what) { FAIL(what); }}};

  explicit Engine(PlainWorld& plain) : world(plain) {
    use_rules();
    book_people();
    for (std::size_t i = 0; i < world.calls.size(); i += 200) book_calls(i, std::min(i + 200, world.calls.size()));
  }

  // As an erasure does it: not while it is held.
  Result<void> erase(RecordingId id) {
    PlainCall& call = world.calls[places.at(id)];
    CHECK(call.erased == kNever);
    const std::vector<Booking> bookings{booking::RequireNoHold{HoldTarget::recording, id.bytes},
                                        booking::EraseRecording{id, at(now)}};
    if (auto booked = catalog_book(bookings); !booked) return booked;
    call.erased = now;
    ++erased;
    return {};
  }
  Result<void> catalog_book(std::vector<Booking> bookings) { return writer->book_and_wait(std::move(bookings)); }

  void use_rules() {
    RetentionRules rules;
    for (std::size_t tenant = 0; tenant < kTenants; ++tenant) {
      for (const PlainRules& one : world.rules[tenant]) {
        if (one.from > now) continue;
        OwnRetention own;
        for (const auto& [purpose, time] : one.own) {
          own[purpose] = time == kNever ? std::nullopt : std::optional<milliseconds>(seconds(time));
        }
        rules.tenants["tenant-" + std::to_string(tenant)] = own;
      }
    }
    catalog->keep_recordings(std::make_shared<RetentionRules>(rules));
    retention.look_again();
  }

  WrappedKey key(KeyKind kind, KeyId parent, std::vector<Booking>& bookings) {
    WrappedKey fresh{new_id<KeyId>(kStart), kind, parent, Bytes(60, 1)};
    bookings.emplace_back(booking::AddKey{fresh});
    return fresh;
  }

  void book_people() {
    std::vector<Booking> bookings;
    const WrappedKey epoch = key(KeyKind::epoch, {}, bookings);
    for (std::size_t i = 0; i < kTenants; ++i) {
      tenants.push_back(new_id<TenantId>(kStart));
      const WrappedKey own = key(KeyKind::tenant, epoch.id, bookings);
      tenant_keys.push_back(own.id);
      bookings.emplace_back(booking::AddTenant{{tenants.back(), "tenant-" + std::to_string(i), own.id}});
    }
    for (std::size_t i = 0; i < kPeople; ++i) {
      people.push_back(new_id<SubjectId>(kStart));
      Bytes index(32);
      random_bytes(index);
      const WrappedKey own = key(KeyKind::subject, epoch.id, bookings);
      bookings.emplace_back(
          booking::AddSubject{{people.back(), tenants[i / (kPeople / kTenants)], index, Bytes(10, 1), own.id}});
    }
    for (const auto& [purpose, versions] : world.hours) {
      int version = 0;
      for (const auto& [since, hours] : versions) {
        PurposeRow row{purpose, std::to_string(++version), "D", "consent", hours, "[]", "file", at(since)};
        if (hours == kNever) row.retention_hours.reset();
        bookings.emplace_back(booking::AddPurpose{row});
      }
    }
    must(catalog_book(std::move(bookings)));
  }

  // All of them, with the ends that they will have: nothing is due before its time.
  void book_calls(std::size_t from, std::size_t to) {
    std::vector<Booking> bookings;
    for (std::size_t i = from; i < to; ++i) {
      PlainCall& plain = world.calls[i];
      const WallTime ended = at(plain.ended);
      plain.call = new_id<CallId>(ended - 600s);
      plain.recording = new_id<RecordingId>(ended - 600s);
      places[plain.recording] = i;
      const WrappedKey own = key(KeyKind::call, tenant_keys[plain.tenant], bookings);
      CallRow row;
      row.id = plain.call;
      row.tenant = tenants[plain.tenant];
      row.key = own.id;
      row.policy = "per-party";
      row.notice_json = "{}";
      row.created = ended - 600s;
      bookings.emplace_back(booking::AddCall{row});
      for (std::size_t who = 0; who < 2; ++who) {
        plain.participants[who] = new_id<ParticipantId>(ended - 600s);
        bookings.emplace_back(booking::AddParticipant{
            {plain.participants[who], plain.call, people[plain.people[who]], "r", Bytes(10, 1), own.id}});
      }
      bookings.emplace_back(booking::OpenRecording{
          {plain.recording, plain.call, tenants[plain.tenant], RecordingState::open, ended - 600s, std::nullopt, ""}});
      for (const Agreed& agreed : plain.agreed) {
        bookings.emplace_back(booking::AddConsent{consent(plain, agreed, "granted", agreed.granted)});
      }
      bookings.emplace_back(booking::EndCall{plain.call, ended, CallState::ended});
      bookings.emplace_back(booking::CloseRecording{plain.recording, ended, RecordingState::complete, ""});
    }
    must(catalog_book(std::move(bookings)));
  }
  static ConsentRow consent(const PlainCall& call, const Agreed& agreed, const std::string& decision,
                            std::int64_t when) {
    ConsentRow row;
    row.id = new_id<ConsentId>(at(when));
    row.call = call.call;
    row.participant = call.participants[agreed.person];
    row.purpose = agreed.purpose;
    row.decision = decision;
    row.signal_type = "api";
    row.notice_json = "{}";
    row.origin = "token:t";
    row.at = at(when);
    return row;
  }

  void place(PlainHold& hold) {
    hold.id = new_id<HoldId>(at(now));
    HoldRow row{hold.id, hold.on, {}, "case", "a", at(now), std::nullopt};
    if (hold.until != kNever) row.until = at(hold.until);
    switch (hold.on) {
      case HoldTarget::tenant: row.target_id = tenants[hold.target].bytes; break;
      case HoldTarget::subject: row.target_id = people[hold.target].bytes; break;
      case HoldTarget::call: row.target_id = world.calls[hold.target].call.bytes; break;
      case HoldTarget::recording: row.target_id = world.calls[hold.target].recording.bytes; break;
    }
    must(catalog_book({booking::PlaceHold{row}}));
  }

  // What happens at this second, before it is looked.
  void happen() {
    for (PlainHold& hold : world.holds) {
      if (hold.from == now) place(hold);
      if (hold.released == now && hold.released <= hold.until) {
        must(catalog_book({booking::EndHold{hold.id, at(now), "a", "r"}}));
        retention.look_again();
      }
    }
    std::vector<Booking> bookings;
    for (const PlainCall& call : world.calls) {
      for (const Agreed& agreed : call.agreed) {
        if (agreed.withdrawn == now) {
          bookings.emplace_back(booking::AddConsent{consent(call, agreed, "withdrawn", now)});
        }
      }
    }
    if (!bookings.empty()) must(catalog_book(std::move(bookings)));
    for (const auto& rules : world.rules) {
      if (std::any_of(rules.begin(), rules.end(), [&](const PlainRules& one) { return one.from == now; })) use_rules();
    }
  }

  void look(std::int64_t second) {
    now = second;
    while (retention.look(at(now)) == Retention::Left::more) {
    }
  }
};

// All seconds at which something is done or ends, but for recordings.
std::vector<std::int64_t> changes_of(const PlainWorld& world) {
  std::set<std::int64_t> changes{0};
  for (const PlainHold& hold : world.holds) {
    changes.insert(hold.from);
    if (hold.end() != kNever) changes.insert(hold.end());
  }
  for (const PlainCall& call : world.calls) {
    for (const Agreed& agreed : call.agreed) {
      if (agreed.withdrawn != kNever) changes.insert(agreed.withdrawn);
    }
  }
  for (const auto& rules : world.rules) {
    for (const PlainRules& one : rules) {
      if (one.from > 0) changes.insert(one.from);
    }
  }
  return {changes.begin(), changes.end()};
}

}  // namespace

TEST_CASE("a year of calls: every recording ends at the second it should, and none while it is held") {
  const std::size_t calls = from_environment("CALLS", 1500);
  const std::uint64_t seed = from_environment("SEED", 1);
  INFO("SEED=" << seed << " CALLS=" << calls);
  PlainWorld world = draw_world(seed, calls);
  const std::vector<std::int64_t> changes = changes_of(world);
  std::vector<std::int64_t> expected;
  for (std::size_t i = 0; i < calls; ++i) expected.push_back(expected_end(world, i, changes));

  // It is looked when something changes, when a recording is to end, and a second before: so that nothing can be early
  // or late unseen.
  std::set<std::int64_t> seconds_to_look(changes.begin(), changes.end());
  for (const std::int64_t end : expected) {
    if (end == kNever) continue;
    seconds_to_look.insert(end);
    if (end > 0) seconds_to_look.insert(end - 1);
  }
  const std::set<std::int64_t> changing(changes.begin(), changes.end());
  Engine engine(world);
  for (const std::int64_t second : seconds_to_look) {
    engine.now = second;
    if (changing.contains(second)) engine.happen();
    engine.look(second);
  }
  std::size_t wrong = 0;
  std::size_t kept = 0;
  std::size_t delayed = 0;
  for (std::size_t i = 0; i < calls; ++i) {
    if (expected[i] == kNever) ++kept;
    if (expected[i] != kNever && expected[i] > end_of(world, world.calls[i], expected[i])) ++delayed;
    if (world.calls[i].erased == expected[i]) continue;
    if (++wrong > 10) continue;
    UNSCOPED_INFO("call " << i << " of tenant " << world.calls[i].tenant << " ended at " << world.calls[i].ended
                          << ", was erased at " << world.calls[i].erased << " and should be at " << expected[i]);
  }
  CHECK(wrong == 0);
  CHECK(engine.erased + kept == calls);
  CHECK(kept > 0);
  CHECK(delayed > 0);  // by a hold
  WARN(engine.erased << " of " << calls << " recordings ended at their second, " << delayed
                     << " of them when a hold did; " << kept << " are kept; " << world.holds.size() << " holds, "
                     << seconds_to_look.size() << " looks");
}

}  // namespace assent
