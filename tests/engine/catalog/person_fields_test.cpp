#include "engine/catalog/person_fields.h"

#include "catch.h"

using namespace assent;

namespace {

template <typename IdType>
IdType id_no(std::uint8_t n) {
  IdType id;
  id.bytes[15] = n;
  return id;
}

}  // namespace

TEST_CASE("every sealed column opens to what was sealed, and to nothing under another key") {
  const SecretKey key = SecretKey::random(), other = SecretKey::random();
  SubjectRow subject;
  subject.id = id_no<SubjectId>(1);
  subject.sealed_ref = seal_subject_ref(key, subject.id, "crm-4711");
  CHECK(*open_subject_ref(key, subject) == "crm-4711");
  CHECK(open_subject_ref(other, subject).error().code == Errc::corrupt);

  CallRow call;
  call.id = id_no<CallId>(2);
  call.sealed_ref = seal_call_ref(key, call.id, "ticket 9");
  CHECK(*open_call_ref(key, call) == "ticket 9");
  CHECK(open_call_ref(other, call).error().code == Errc::corrupt);

  LegRow leg;
  leg.id = id_no<LegId>(3);
  leg.sealed_label = seal_leg_label(key, leg.id, "Kundin");
  CHECK(*open_leg_label(key, leg) == "Kundin");
  CHECK(open_leg_label(other, leg).error().code == Errc::corrupt);

  NoteRow note;
  note.id = id_no<NoteId>(4);
  note.sealed_text = seal_note(key, note.id, "call back, \xc3\xbc");
  CHECK(*open_note(key, note) == "call back, \xc3\xbc");
  CHECK(open_note(other, note).error().code == Errc::corrupt);
}

TEST_CASE("a participant's fields come back, those that were not given stay absent") {
  const SecretKey key = SecretKey::random();
  ParticipantRow row;
  row.id = id_no<ParticipantId>(1);
  row.sealed = *seal_participant(key, row.id, {"customer", "Erika \"E\" Muster", std::nullopt});
  const auto fields = open_participant(key, row);
  REQUIRE(fields);
  CHECK(fields->ref == "customer");
  CHECK(fields->name == "Erika \"E\" Muster");
  CHECK_FALSE(fields->address);
  CHECK(text_of(row.sealed).find("Erika") == std::string::npos);
}

TEST_CASE("a sealed value copied to another row or column does not open") {
  const SecretKey key = SecretKey::random();
  CallRow call;
  call.id = id_no<CallId>(1);
  call.sealed_ref = seal_call_ref(key, call.id, "ticket 9");
  CallRow elsewhere = call;
  elsewhere.id = id_no<CallId>(2);
  CHECK(open_call_ref(key, elsewhere).error().code == Errc::corrupt);
  SubjectRow subject;
  subject.id = id_no<SubjectId>(1);
  subject.sealed_ref = call.sealed_ref;
  CHECK(open_subject_ref(key, subject).error().code == Errc::corrupt);
}

TEST_CASE("an emptied column says that there is nothing") {
  CHECK(open_call_ref(SecretKey::random(), CallRow()).error().code == Errc::not_found);
  CHECK(open_participant(SecretKey::random(), ParticipantRow()).error().code == Errc::not_found);
}

TEST_CASE("a participant's text that is not UTF-8 is refused") {
  CHECK(seal_participant(SecretKey::random(), id_no<ParticipantId>(1), {"a\xff", {}, {}}).error().code ==
        Errc::invalid);
}

TEST_CASE("a reference has one index within a tenant, another in another tenant, and none is a nameless subject's") {
  const SecretKey tenant = SecretKey::random(), other = SecretKey::random();
  const auto id = id_no<SubjectId>(1);
  CHECK(subject_index(tenant, "crm-1") == subject_index(tenant, "crm-1"));
  CHECK(subject_index(tenant, "crm-1") != subject_index(tenant, "crm-2"));
  CHECK(subject_index(tenant, "crm-1") != subject_index(other, "crm-1"));
  CHECK(subject_index(tenant, id) != subject_index(tenant, to_text(id)));
}
