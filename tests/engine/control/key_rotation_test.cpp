// The keys replaced while everything goes on: what is kept opens as before, what was erased opens with no copy.
#include "engine/control/key_rotation.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "control_rig.h"
#include "engine/catalog/person_fields.h"
#include "engine/control/key_mover.h"

namespace assent {
namespace {

using nlohmann::json;

const Caller kCaller{"tester"};
const PersonName kCustomer{"customer-1", std::nullopt};

unsigned heard(ControlRig& rig, const RecordedCall& call) {
  return rig.ask("GET", "/v1/recordings/" + to_text(call.recording) + "/audio?format=wav&purpose=quality").status;
}

RecordSpec of_others(const std::string& policy = "all-party") {
  RecordSpec spec;
  spec.policy = policy;
  spec.subjects = {"customer-2", "agent-1"};
  return spec;
}

// Of every leg, as bytes, by a ring that knows nothing yet.
std::map<KeyId, std::optional<SecretKey>> leg_keys(Catalog& catalog, const RootKeyProvider& root,
                                                   const std::vector<const RecordedCall*>& calls) {
  KeyRing ring(catalog, root);
  std::map<KeyId, std::optional<SecretKey>> keys;
  for (const RecordedCall* call : calls) {
    for (const LegRow& leg : call->legs) {
      auto key = ring.open_copy(leg.key);
      keys.emplace(leg.key, key ? std::optional(*std::move(key)) : std::nullopt);
    }
  }
  return keys;
}

std::vector<WrappedKey> all_rows(Catalog& catalog) {
  std::vector<WrappedKey> rows;
  for (int kind = static_cast<int>(KeyKind::epoch); kind <= static_cast<int>(kLastKeyKind); ++kind) {
    for (WrappedKey& row : must(catalog.keys_of_kind(static_cast<KeyKind>(kind)))) rows.push_back(std::move(row));
  }
  return rows;
}

// The catalog as a backup has it.
std::unique_ptr<SqliteCatalog> copy_of(ControlRig& rig, const std::filesystem::path& folder) {
  must(rig.writer->forget_and_wait());
  std::filesystem::create_directory(folder);
  std::filesystem::copy_file(rig.folder.path / "catalog.db", folder / "catalog.db");
  return must(SqliteCatalog::open_read_only(folder));
}

// A rotation that has begun, for the test to carry out.
void begin_by_hand(ControlRig& rig) {
  rig.key_rotation.reset();
  must(rig.root.add_root());
  std::vector<Booking> begun;
  must(rig.keys.next_epoch(begun));
  must(rig.writer->book_and_wait(std::move(begun)));
  rig.keys.set_replacing(true);
}

void rotate(ControlRig& rig) {
  must(rig.key_rotation->rotate(kCaller));
  rig.key_rotation->wait_until_idle();
}

}  // namespace

TEST_CASE("after the keys are replaced all is as it was, and none of the old ones is left") {
  ControlRig rig;
  const auto first = rig.record_agreed();
  const auto second = rig.record_agreed(of_others("per-party"));
  RecordSpec elsewhere;
  elsewhere.tenant = "acme";
  const auto third = rig.record_agreed(elsewhere);
  StandingSpec on_file{std::nullopt, {"quality"}, std::nullopt, std::nullopt, std::nullopt, "drawer 7"};
  must(rig.standing.add("agent-1", on_file, kCaller));
  const auto before = all_rows(*rig.catalog);
  const auto keys_before = leg_keys(*rig.catalog, rig.root, {&first, &second, &third});
  const KeyId root_before = rig.root.root_id();

  const auto response = rig.ask("POST", "/v1/keys/rotate");
  REQUIRE(response.status == 202);
  rig.key_rotation->wait_until_idle();
  const json done =
      json::parse(rig.ask("GET", "/v1/erasures/" + json::parse(response.body)["id"].get<std::string>()).body);
  CHECK(done["state"] == "done");

  CHECK(rig.root.root_id() != root_before);
  const auto after = all_rows(*rig.catalog);
  CHECK(after.size() == before.size());
  for (const WrappedKey& row : after) {
    const auto same = std::find_if(before.begin(), before.end(), [&](const auto& one) { return one.id == row.id; });
    const bool is_leaf = row.kind == KeyKind::leg || row.kind == KeyKind::call || row.kind == KeyKind::participant ||
                         row.kind == KeyKind::disclosure;
    CHECK((same != before.end()) == is_leaf);
    if (same == before.end()) continue;
    CHECK(same->wrapped != row.wrapped);
    CHECK(same->parent != row.parent);
    CHECK(same->guards.size() == row.guards.size());
  }
  CHECK(leg_keys(*rig.catalog, rig.root, {&first, &second, &third}) == keys_before);
  for (const RecordedCall* call : {&first, &second, &third}) {
    CHECK(heard(rig, *call) == 200);
    const json shown = json::parse(rig.ask("GET", "/v1/recordings/" + to_text(call->recording)).body);
    CHECK(shown["ref"] == "the-ref");
    CHECK(shown["participants"][1]["name"] == "Name of agent");
    CHECK(shown["participants"][1]["subject"] == "agent-1");
  }
  const auto views = must(rig.standing.list({"agent-1", std::nullopt}));
  REQUIRE(views.size() == 1);
  CHECK(views[0].evidence == "drawer 7");
  CHECK(must(rig.catalog->verify_ledger()).head.seq == rig.ledger().size());
  const auto kinds = rig.ledger_kinds();
  // Begun and done, and the old keys of the people, the tenants and the epoch.
  CHECK(std::count(kinds.begin(), kinds.end(), "rotation") == 2 + 3);
}

TEST_CASE("whoever opened the tenant before its keys were replaced finds its people all the same") {
  ControlRig rig;
  const auto call = rig.record_agreed();
  People people(*rig.catalog, rig.keys);
  const Tenant before = must(people.tenant("default"));
  REQUIRE(rig.ask("POST", "/v1/keys/rotate").status == 202);
  rig.key_rotation->wait_until_idle();
  const auto found = must(people.find(before, "customer-1"));
  REQUIRE(found);
  CHECK(found->id == call.subjects[0]);
  CHECK_FALSE(must(people.find(before, "nobody")));
  std::vector<Booking> bookings;
  CHECK(must(people.subject_or_new(before, "customer-1", rig.wall, bookings)).id == call.subjects[0]);
  CHECK(bookings.empty());
}

TEST_CASE("no copy from before opens what was erased, with all the keys of today; what was kept opens in it") {
  ControlRig rig;
  const auto erased = rig.record_agreed();
  const auto kept = rig.record_agreed(of_others());
  const auto copy = copy_of(rig, rig.folder.path / "copy");
  const auto original = leg_keys(*copy, rig.root, {&erased, &kept});
  for (const auto& [id, key] : original) REQUIRE(key);
  must(rig.person_erasures->erase_subject(kCustomer, kCaller));
  rig.person_erasures->wait_until_idle();
  rotate(rig);

  // The copy by itself: no root opens it any more.
  for (const auto& [id, key] : leg_keys(*copy, rig.root, {&erased, &kept})) CHECK_FALSE(key);
  // The keys of today: those of what was kept, as they were.
  const auto today = leg_keys(*rig.catalog, rig.root, {&erased, &kept});
  for (const LegRow& leg : erased.legs) CHECK_FALSE(today.at(leg.key));
  for (const LegRow& leg : kept.legs) CHECK(today.at(leg.key) == original.at(leg.key));
  // Every row of the copy with every key that opens today.
  KeyRing ring(*rig.catalog, rig.root);
  std::vector<OpenKey> open;
  for (const WrappedKey& row : all_rows(*rig.catalog)) open.push_back(must(ring.open(row.id)));
  std::size_t tried = 0;
  for (const WrappedKey& row : all_rows(*copy)) {
    for (const OpenKey& key : open) {
      CHECK_FALSE(unwrap_key(*key.key, row));
      for (const OpenKey& guard : open) CHECK_FALSE(unwrap_key(combine(*key.key, *guard.key), row));
      ++tried;
    }
  }
  CHECK(tried >= 100);
}

TEST_CASE("stopped before any batch, a rotation goes on from there, and what is kept opens all the while") {
  for (int stop = 0;; ++stop) {
    ControlRig rig;
    const auto first = rig.record_agreed();
    const auto second = rig.record_agreed(of_others("per-party"));
    const auto original = leg_keys(*rig.catalog, rig.root, {&first, &second});
    const KeyId old = must(rig.catalog->keys_of_kind(KeyKind::epoch)).back().id;
    begin_by_hand(rig);
    int batches = 0;
    KeyMover mover({*rig.catalog, *rig.writer, rig.keys, [&](std::uint64_t, std::vector<Booking>&) -> Result<void> {
                      if (batches++ == stop) return error(Errc::unavailable, "killed");
                      return {};
                    }});
    const auto stopped = mover.move_all();
    CHECK(leg_keys(*rig.catalog, rig.root, {&first, &second}) == original);
    CHECK(must(rig.standing.find(kCustomer))->id == first.subjects[0]);
    if (stopped) {
      CHECK(stop >= 4);
      CHECK_FALSE(must(rig.catalog->key(old)));
      break;
    }

    // A call that comes now has the people there are, and opens before and after.
    const auto third = rig.record_agreed();
    CHECK(third.subjects == first.subjects);
    CHECK(heard(rig, third) == 200);
    const auto with_third = leg_keys(*rig.catalog, rig.root, {&first, &second, &third});
    KeyMover again(
        {*rig.catalog, *rig.writer, rig.keys, [](std::uint64_t, std::vector<Booking>&) { return Result<void>(); }});
    must(again.move_all());
    CHECK(leg_keys(*rig.catalog, rig.root, {&first, &second, &third}) == with_third);
    CHECK_FALSE(must(rig.catalog->key(old)));
    for (const RecordedCall* call : {&first, &second, &third}) CHECK(heard(rig, *call) == 200);
  }
}

TEST_CASE("somebody erased before any batch of a rotation is gone after it, and nobody else") {
  for (int moment = 0;; ++moment) {
    ControlRig rig;
    const auto erased = rig.record_agreed();
    const auto kept = rig.record_agreed(of_others());
    const auto original = leg_keys(*rig.catalog, rig.root, {&kept});
    const KeyId old = must(rig.catalog->keys_of_kind(KeyKind::epoch)).back().id;
    begin_by_hand(rig);
    int batches = 0;
    KeyMover mover({*rig.catalog, *rig.writer, rig.keys, [&](std::uint64_t, std::vector<Booking>&) -> Result<void> {
                      if (batches++ == moment) must(rig.person_erasures->erase_subject(kCustomer, kCaller));
                      return {};
                    }});
    must(mover.move_all());
    if (batches <= moment) {
      CHECK(moment >= 4);
      break;
    }
    rig.person_erasures->wait_until_idle();
    for (const auto& [id, key] : leg_keys(*rig.catalog, rig.root, {&erased})) CHECK_FALSE(key);
    CHECK(leg_keys(*rig.catalog, rig.root, {&kept}) == original);
    CHECK_FALSE(must(rig.catalog->key(old)));
    CHECK(must(rig.catalog->unfinished_erasures()).empty());
    CHECK(heard(rig, erased) == 404);
    CHECK(heard(rig, kept) == 200);
    // What is on record of keys is what hangs on somebody who is still there.
    for (const WrappedKey& row : all_rows(*rig.catalog)) CHECK(KeyRing(*rig.catalog, rig.root).open(row.id));
  }
}

TEST_CASE("a tenant erased before any batch of a rotation is gone after it") {
  for (int moment = 0; moment < 6; ++moment) {
    ControlRig rig;
    const auto erased = rig.record_agreed();
    RecordSpec elsewhere;
    elsewhere.tenant = "acme";
    const auto kept = rig.record_agreed(elsewhere);
    begin_by_hand(rig);
    int batches = 0;
    KeyMover mover({*rig.catalog, *rig.writer, rig.keys, [&](std::uint64_t, std::vector<Booking>&) -> Result<void> {
                      if (batches++ == moment) must(rig.person_erasures->erase_tenant("default", kCaller));
                      return {};
                    }});
    must(mover.move_all());
    rig.person_erasures->wait_until_idle();
    if (batches <= moment) continue;
    for (const auto& [id, key] : leg_keys(*rig.catalog, rig.root, {&erased})) CHECK_FALSE(key);
    CHECK(heard(rig, kept) == 200);
    for (const WrappedKey& row : all_rows(*rig.catalog)) CHECK(KeyRing(*rig.catalog, rig.root).open(row.id));
  }
}

TEST_CASE("what an older call says of people, sealed under their own keys, reads the same after a rotation") {
  ControlRig rig;
  const auto call = rig.record_call();
  const ParticipantRow row = must(rig.catalog->participants(call.call))[0];
  const KeyId subject_key = must(rig.catalog->subject(row.subject))->key;
  const auto id = new_id<ParticipantId>(ControlRig::kStart);
  must(rig.writer->book_and_wait({booking::AddParticipant{
      {id, call.call, row.subject, "guest",
       must(seal_participant(*must(rig.keys.open(subject_key)).key, id, {"guest", "Name of guest", std::nullopt})),
       subject_key}}}));
  rotate(rig);
  const ParticipantRow now = must(rig.catalog->participants(call.call)).back();
  CHECK(now.key != subject_key);
  CHECK(must(open_participant(*must(rig.keys.open(now.key)).key, now)).name == "Name of guest");
}

TEST_CASE("whoever asks for a rotation that is under way gets that one, and only an admin may") {
  ControlRig rig;
  CHECK(rig.ask("POST", "/v1/keys/rotate").status == 409);  // there is nothing yet
  rig.record_agreed();
  for (const Role role : {Role::supervisor, Role::agent, Role::ingest}) {
    CHECK(rig.ask("POST", "/v1/keys/rotate", "", role).status == 403);
    CHECK(rig.ask("GET", "/v1/keys", "", role).status == 403);
  }
  json status = json::parse(rig.ask("GET", "/v1/keys").body);
  CHECK(status["epochs"].size() == 1);
  CHECK(status["oldest_epoch_since"] == status["epochs"][0]["since"]);
  CHECK(status["rotation"].is_null());
  CHECK(status["root"]["id"] == to_text(rig.root.root_id()));

  rig.key_rotation.reset();
  std::vector<Booking> begun;
  const KeyId old = must(rig.catalog->keys_of_kind(KeyKind::epoch)).back().id;
  must(rig.root.add_root());
  must(rig.keys.next_epoch(begun));
  const ErasureRow row{new_id<ErasureId>(ControlRig::kStart), "epoch", to_text(old), ControlRig::kStart, {}, "[]"};
  begun.emplace_back(booking::StartErasure{row});
  must(rig.writer->book_and_wait(std::move(begun)));
  rig.start_key_rotation();
  status = json::parse(rig.ask("GET", "/v1/keys").body);
  CHECK(status["epochs"].size() == 2);
  CHECK(status["rotation"]["id"] == to_text(row.id));
  CHECK(json::parse(rig.ask("POST", "/v1/keys/rotate").body)["id"] == to_text(row.id));
  must(rig.key_rotation->resume());
  rig.key_rotation->wait_until_idle();
  status = json::parse(rig.ask("GET", "/v1/keys").body);
  CHECK(status["epochs"].size() == 1);
  CHECK(status["rotation"].is_null());
}

TEST_CASE("keys that are as old as the file lets them be are replaced by themselves") {
  std::atomic<std::int64_t> age_h{0};
  KeyId old;
  ControlRig rig;
  rig.record_agreed();
  old = must(rig.catalog->keys_of_kind(KeyKind::epoch)).back().id;
  rig.start_key_rotation(24h, [&] { return Now{read_mono(), made_at(old) + std::chrono::hours(age_h.load())}; });
  std::this_thread::sleep_for(100ms);
  CHECK(must(rig.catalog->keys_of_kind(KeyKind::epoch)).back().id == old);
  age_h = 24;
  for (int i = 0; i < 500 && must(rig.catalog->key(old)); ++i) std::this_thread::sleep_for(10ms);
  CHECK_FALSE(must(rig.catalog->key(old)));
}

}  // namespace assent
