// Keys in the catalog: made, guarded, given successors, wrapped anew, destroyed.
#include <algorithm>

#include "catalog_rows.h"

using namespace assent;
using namespace assent::test;

namespace {

struct Keys {
  TempFolder folder;
  std::unique_ptr<SqliteCatalog> catalog = open_catalog(folder);
  CallRows rows;

  Keys() { rows.book_all(*catalog); }

  Errc refusal(std::vector<Booking> bookings) {
    const auto booked = catalog->book(bookings);
    REQUIRE_FALSE(booked);
    return booked.error().code;
  }
  void book(std::vector<Booking> bookings) { REQUIRE_OK(catalog->book(bookings)); }
  WrappedKey row(KeyId id) {
    const auto found = catalog->key(id);
    REQUIRE_OK(found);
    REQUIRE(*found);
    return **found;
  }
  bool has(KeyId id) { return catalog->key(id)->has_value(); }

  // The first person's key replaced, as a rotation would.
  WrappedKey replace_subject(std::size_t who = 0) {
    WrappedKey fresh = random_key(KeyKind::subject, rows.tenant_key.id);
    book({booking::ReplaceSubjectKey{
        rows.subjects[who].id, rows.subject_keys[who].id, fresh, random_body(32), random_body(50), {}}});
    return fresh;
  }
};

}  // namespace

TEST_CASE("a key's guards come back in their order, with the key and with what is under them") {
  Keys keys;
  WrappedKey leg = random_key(KeyKind::leg, keys.rows.subject_keys[0].id);
  leg.guards = {keys.rows.subject_keys[1].id, keys.rows.tenant_key.id};
  keys.book({booking::AddKey{leg}});
  CHECK(keys.row(leg.id).guards == leg.guards);
  const auto guarded = keys.catalog->keys_under(keys.rows.subject_keys[1].id, {});
  REQUIRE_OK(guarded);
  REQUIRE(guarded->size() == 2);  // the second person's own leg, and this one
  CHECK(std::any_of(guarded->begin(), guarded->end(),
                    [&](const WrappedKey& row) { return row.id == leg.id && row.guards == leg.guards; }));
  keys.book({booking::DestroyKey{leg.id}});
  CHECK(keys.catalog->keys_under(keys.rows.subject_keys[1].id, {})->size() == 1);
}

TEST_CASE("nothing is made under a key that has been destroyed or has a successor, nor with such a guard") {
  Keys keys;
  const WrappedKey fresh = keys.replace_subject();
  const KeyId old = keys.rows.subject_keys[0].id;
  WrappedKey guarded = random_key(KeyKind::leg, keys.rows.subject_keys[1].id);
  guarded.guards = {old};
  CHECK(keys.refusal({booking::AddKey{random_key(KeyKind::leg, old)}}) == Errc::conflict);
  CHECK(keys.refusal({booking::AddKey{guarded}}) == Errc::conflict);
  keys.book({booking::AddKey{random_key(KeyKind::leg, fresh.id)}});
  keys.book({booking::RetireKey{old}});
  CHECK(keys.refusal({booking::AddKey{random_key(KeyKind::leg, old)}}) == Errc::conflict);
}

TEST_CASE("a person's key is replaced with all that hangs on it, or not at all") {
  Keys keys;
  const SubjectRow& subject = keys.rows.subjects[0];
  const StandingConsentRow consent{new_id<StandingId>(at_ms(5)),
                                   subject.id,
                                   R"(["quality"])",
                                   at_ms(5),
                                   {},
                                   "",
                                   random_body(40),
                                   "token:operator",
                                   at_ms(5),
                                   {}};
  keys.book({booking::AddStandingConsent{consent, subject.key}});

  WrappedKey fresh = random_key(KeyKind::subject, keys.rows.tenant_key.id);
  booking::ReplaceSubjectKey replace{subject.id, subject.key, fresh, random_body(32), random_body(50), {}};
  CHECK(keys.refusal({replace}) == Errc::conflict);  // it leaves out what is on file
  CHECK_FALSE(keys.has(fresh.id));
  replace.sealed_evidence = {{consent.id, random_body(41)}};
  keys.book({replace});
  CHECK(keys.refusal({replace}) == Errc::conflict);  // it has been

  const auto now = keys.catalog->subject(subject.id);
  CHECK((*now)->key == fresh.id);
  CHECK((*now)->sealed_ref == replace.sealed_ref);
  CHECK((*now)->blind_index == replace.blind_index);
  CHECK(keys.catalog->standing_consents(subject.id)->front().sealed_evidence == replace.sealed_evidence[0].second);
  CHECK(*keys.catalog->successor(subject.key) == fresh.id);
  CHECK(*keys.catalog->predecessor(fresh.id) == subject.key);
  CHECK((*keys.catalog->subject_of_key(fresh.id))->id == subject.id);
  CHECK_FALSE(*keys.catalog->subject_of_key(subject.key));

  StandingConsentRow late = consent;
  late.id = new_id<StandingId>(at_ms(6));
  CHECK(keys.refusal({booking::AddStandingConsent{late, subject.key}}) == Errc::conflict);
  keys.book({booking::AddStandingConsent{late, fresh.id}});
}

TEST_CASE("a key is wrapped anew only when its row is the one that was read, and never comes back") {
  Keys keys;
  const WrappedKey fresh = keys.replace_subject();
  const WrappedKey before = keys.row(keys.rows.leg_keys[0].id);
  WrappedKey after{before.id, before.kind, fresh.id, random_body(60), {keys.rows.subject_keys[1].id}};
  CHECK(keys.refusal({booking::RewrapKey{after, random_body(60)}}) == Errc::conflict);
  keys.book({booking::RewrapKey{after, before.wrapped}});
  CHECK(keys.row(before.id).parent == fresh.id);
  CHECK(keys.row(before.id).wrapped == after.wrapped);
  CHECK(keys.row(before.id).guards == after.guards);
  CHECK(keys.refusal({booking::RewrapKey{before, after.wrapped}}) == Errc::conflict);  // under the one that goes

  keys.book({booking::DestroyKey{before.id}});
  keys.book({booking::RewrapKey{after, after.wrapped}});
  CHECK_FALSE(keys.has(before.id));
}

TEST_CASE("destroying a key destroys its successor and what it succeeded: whichever of them was read") {
  for (const bool reads_old : {true, false}) {
    Keys keys;
    const WrappedKey fresh = keys.replace_subject();
    const KeyId old = keys.rows.subject_keys[0].id;
    keys.book({booking::DestroyKey{reads_old ? old : fresh.id}});
    CHECK_FALSE(keys.has(old));
    CHECK_FALSE(keys.has(fresh.id));
    CHECK(keys.has(keys.rows.subject_keys[1].id));
  }
}

TEST_CASE("retiring a key leaves its successor, and is refused to one that has none") {
  Keys keys;
  CHECK(keys.refusal({booking::RetireKey{keys.rows.subject_keys[0].id}}) == Errc::invalid);
  const WrappedKey fresh = keys.replace_subject();
  keys.book({booking::RetireKey{keys.rows.subject_keys[0].id}});
  keys.book({booking::RetireKey{keys.rows.subject_keys[0].id}});  // twice is once
  CHECK_FALSE(keys.has(keys.rows.subject_keys[0].id));
  CHECK(keys.has(fresh.id));
}

TEST_CASE("what a call says of somebody gets a key of its own, which goes with it") {
  Keys keys;
  const ParticipantRow before = keys.catalog->participants(keys.rows.call.id)->front();
  REQUIRE(keys.catalog->participants_under(before.subject, before.key)->size() == 1);
  const WrappedKey key = random_key(KeyKind::participant, keys.rows.subject_keys[0].id);
  const booking::ResealParticipant reseal{before.id, key, random_body(90), before.sealed};
  booking::ResealParticipant late = reseal;
  late.was = random_body(90);
  CHECK(keys.refusal({late}) == Errc::conflict);
  keys.book({reseal});
  const ParticipantRow after = keys.catalog->participants(keys.rows.call.id)->front();
  CHECK(after.key == key.id);
  CHECK(after.sealed == reseal.sealed);
  CHECK(keys.catalog->participants_under(before.subject, before.key)->empty());

  keys.book({booking::ForgetParticipant{before.id}});
  CHECK_FALSE(keys.has(key.id));
  CHECK(keys.has(keys.rows.subject_keys[0].id));
}

TEST_CASE("a call that is forgotten takes the keys of what it says of people, and not the people's") {
  Keys keys;
  const ParticipantRow before = keys.catalog->participants(keys.rows.call.id)->front();
  const WrappedKey key = random_key(KeyKind::participant, keys.rows.subject_keys[0].id);
  keys.book({booking::ResealParticipant{before.id, key, random_body(90), before.sealed}});
  keys.book({booking::ForgetCall{keys.rows.call.id}});
  CHECK_FALSE(keys.has(key.id));
  for (const WrappedKey& subject : keys.rows.subject_keys) CHECK(keys.has(subject.id));
}

TEST_CASE("replaced keys are listed until they are retired") {
  Keys keys;
  CHECK(keys.catalog->replaced_keys(KeyKind::subject, {})->empty());
  const WrappedKey fresh = keys.replace_subject();
  const auto listed = keys.catalog->replaced_keys(KeyKind::subject, {});
  REQUIRE(listed->size() == 1);
  CHECK(listed->front().id == keys.rows.subject_keys[0].id);
  CHECK(listed->front().successor == fresh.id);
  CHECK(keys.catalog->replaced_keys(KeyKind::subject, listed->front().id)->empty());
  CHECK(keys.catalog->replaced_keys(KeyKind::tenant, {})->empty());
  keys.book({booking::RetireKey{listed->front().id}});
  CHECK(keys.catalog->replaced_keys(KeyKind::subject, {})->empty());
}
