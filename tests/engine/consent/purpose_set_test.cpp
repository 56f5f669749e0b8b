#include "engine/consent/purpose_set.h"

#include "catch.h"

using namespace assent;

TEST_CASE("purposes keep the order in which they are registered") {
  const auto registry = PurposeRegistry::create({"quality", "training", "voice-biometrics"}).value();
  CHECK(registry.size() == 3);
  CHECK(registry.find("training") == Purpose(1));
  CHECK(registry.id_of(Purpose(2)) == "voice-biometrics");
  CHECK(registry.all() == PurposeSet(7));
  CHECK_FALSE(registry.find("marketing"));
}

TEST_CASE("a set of purposes goes to text and back") {
  const auto registry = PurposeRegistry::create({"quality", "training", "voice-biometrics"}).value();
  const auto set = registry.set_of({"voice-biometrics", "quality"});
  REQUIRE(set.has_value());
  CHECK(set->size() == 2);
  CHECK(registry.ids_of(*set) == std::vector<std::string>{"quality", "voice-biometrics"});
  CHECK(registry.set_of({})->empty());
}

TEST_CASE("an unregistered purpose is refused by name") {
  const auto registry = PurposeRegistry::create({"quality"}).value();
  const auto set = registry.set_of({"quality", "marketing"});
  REQUIRE_FALSE(set.has_value());
  CHECK(set.error().code == Errc::invalid);
  CHECK(set.error().what.find("marketing") != std::string::npos);
}

TEST_CASE("a registry refuses ids that are wrong, double, missing or too many") {
  CHECK_FALSE(PurposeRegistry::create({}).has_value());
  CHECK_FALSE(PurposeRegistry::create({""}).has_value());
  CHECK_FALSE(PurposeRegistry::create({"Quality"}).has_value());
  CHECK_FALSE(PurposeRegistry::create({"a b"}).has_value());
  CHECK_FALSE(PurposeRegistry::create({"quality", "quality"}).has_value());
  CHECK_FALSE(PurposeRegistry::create({std::string(limits::kPurposeIdBytes + 1, 'a')}).has_value());
  CHECK(PurposeRegistry::create({std::string(limits::kPurposeIdBytes, 'a')}).has_value());
}

TEST_CASE("a registry holds as many purposes as a set has bits and no more") {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < limits::kPurposes; ++i) ids.push_back("p-" + std::to_string(i));
  const auto full = PurposeRegistry::create(ids);
  REQUIRE(full.has_value());
  CHECK(full->all().size() == limits::kPurposes);
  CHECK(full->ids_of(PurposeSet::of(Purpose(31))) == std::vector<std::string>{"p-31"});
  ids.push_back("one-more");
  CHECK_FALSE(PurposeRegistry::create(ids).has_value());
}

TEST_CASE("sets contain each other as sets do") {
  CHECK(PurposeSet(3).contains(PurposeSet(1)));
  CHECK_FALSE(PurposeSet(1).contains(PurposeSet(3)));
  CHECK(PurposeSet(1).contains(PurposeSet()));
  CHECK((PurposeSet(7) - PurposeSet(2)) == PurposeSet(5));
}
