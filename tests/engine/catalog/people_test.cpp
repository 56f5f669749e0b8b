#include "engine/catalog/people.h"

#include "catalog_rows.h"
#include "crypto/file_root_key.h"
#include "engine/catalog/person_fields.h"

using namespace assent;
using namespace assent::test;

namespace {

struct Office {
  TempFolder folder;
  FileRootKey root;
  std::unique_ptr<SqliteCatalog> catalog;
  KeyRing keys;
  People people;

  Office()
      : root(*FileRootKey::create(folder.path() / "root.key")),
        catalog(open_catalog(folder)),
        keys(*catalog, root),
        people(*catalog, keys) {}

  Tenant tenant() {
    std::vector<Booking> bookings;
    auto tenant = people.tenant_or_new("default", at_ms(0), bookings);
    REQUIRE_OK(tenant);
    REQUIRE_OK(catalog->book(bookings));
    return *tenant;
  }
};

}  // namespace

TEST_CASE("the first start makes epoch, tenant and their keys in one span; the next finds them") {
  Office office;
  const Tenant made = office.tenant();
  CHECK(office.catalog->keys_of_kind(KeyKind::epoch)->size() == 1);
  std::vector<Booking> bookings;
  const auto found = office.people.tenant_or_new("default", at_ms(1), bookings);
  REQUIRE_OK(found);
  CHECK(bookings.empty());
  CHECK(found->id == made.id);
  CHECK(office.people.tenant("other").error().code == Errc::not_found);
  REQUIRE_OK(office.people.tenant_or_new("other", at_ms(1), bookings));
  CHECK(bookings.size() == 2);  // the epoch is there already
}

TEST_CASE("a person is found by reference after a restart, and the reference is nowhere in clear") {
  Office office;
  const Tenant tenant = office.tenant();
  std::vector<Booking> bookings;
  const auto made = office.people.subject_or_new(tenant, "crm-4711-erika", at_ms(1), bookings);
  REQUIRE_OK(made);
  REQUIRE_OK(office.catalog->book(bookings));

  KeyRing keys(*office.catalog, office.root);
  People people(*office.catalog, keys);
  const auto found = people.subject(*people.tenant("default"), "crm-4711-erika");
  REQUIRE_OK(found);
  CHECK(found->id == made->id);
  CHECK(*found->key.key == *made->key.key);
  CHECK(*open_subject_ref(*found->key.key, **office.catalog->subject(made->id)) == "crm-4711-erika");
  CHECK(people.subject(tenant, "crm-4712").error().code == Errc::not_found);
  for (const auto& entry : std::filesystem::directory_iterator(office.folder.path())) {
    CHECK(read_whole(entry.path()).find("crm-4711") == std::string::npos);
  }
}

TEST_CASE("two who make the same person at once: one is refused, and then finds the other's") {
  Office office;
  const Tenant tenant = office.tenant();
  std::vector<Booking> first, second;
  const auto a = office.people.subject_or_new(tenant, "crm-1", at_ms(1), first);
  REQUIRE_OK(office.people.subject_or_new(tenant, "crm-1", at_ms(1), second));
  REQUIRE_OK(office.catalog->book(first));
  CHECK(office.catalog->book(second).error().code == Errc::conflict);
  std::vector<Booking> again;
  CHECK(office.people.subject_or_new(tenant, "crm-1", at_ms(2), again)->id == a->id);
  CHECK(again.empty());
}

TEST_CASE("people without a reference are each a new one") {
  Office office;
  const Tenant tenant = office.tenant();
  std::vector<Booking> bookings;
  const auto a = office.people.subject_or_new(tenant, std::nullopt, at_ms(1), bookings);
  const auto b = office.people.subject_or_new(tenant, std::nullopt, at_ms(1), bookings);
  REQUIRE_OK(a);
  REQUIRE_OK(b);
  CHECK(a->id != b->id);
  REQUIRE_OK(office.catalog->book(bookings));
}

TEST_CASE("a person whose key has been destroyed is not found") {
  Office office;
  const Tenant tenant = office.tenant();
  std::vector<Booking> bookings;
  const auto made = office.people.subject_or_new(tenant, "crm-1", at_ms(1), bookings);
  REQUIRE_OK(made);
  bookings.emplace_back(booking::DestroyKey{made->key.id});
  REQUIRE_OK(office.catalog->book(bookings));
  office.keys.evict(made->key.id);
  CHECK(office.people.subject(tenant, "crm-1").error().code == Errc::not_found);
}

TEST_CASE("a person named twice before anything is booked is one person") {
  Office office;
  const Tenant tenant = office.tenant();
  std::vector<Booking> bookings;
  const auto first = office.people.subject_or_new(tenant, "crm-4711", at_ms(1), bookings);
  const auto again = office.people.subject_or_new(tenant, "crm-4711", at_ms(2), bookings);
  REQUIRE_OK(first);
  REQUIRE_OK(again);
  CHECK(again->id == first->id);
  CHECK(bookings.size() == 2);  // the key and the person, once
  REQUIRE_OK(office.catalog->book(bookings));
}

TEST_CASE("a tenant is found by its id, too") {
  Office office;
  const Tenant made = office.tenant();
  const auto found = office.people.tenant(made.id);
  REQUIRE_OK(found);
  CHECK(found->id == made.id);
  CHECK(office.people.tenant(TenantId{}).error().code == Errc::not_found);
}
