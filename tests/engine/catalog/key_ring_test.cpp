#include "engine/catalog/key_ring.h"

#include <atomic>
#include <thread>

#include "catalog_rows.h"
#include "scripted_catalog.h"

using namespace assent;
using namespace assent::test;

namespace {

// Roots in memory.
class TestRoot final : public RootKeyProvider {
 public:
  std::string describe() const override { return "test"; }
  KeyId root_id() const override { return roots_.back().id; }
  Result<WrappedKey> wrap_epoch(KeyId epoch_id, const SecretKey& epoch_key) const override {
    return wrap_key(*roots_.back().key, root_id(), KeyKind::epoch, epoch_id, epoch_key);
  }
  Result<SecretKey> unwrap_epoch(const WrappedKey& wrapped) const override {
    for (const OpenKey& root : roots_) {
      if (root.id == wrapped.parent) return unwrap_key(*root.key, wrapped);
    }
    return error(Errc::corrupt, "no such root");
  }
  Result<void> add_root() override {
    if (roots_.size() == 1) roots_.push_back(draw());
    return {};
  }
  Result<void> drop_old_roots() override {
    roots_.erase(roots_.begin(), roots_.end() - 1);
    return {};
  }

 private:
  static OpenKey draw() { return {new_id<KeyId>(at_ms(0)), std::make_shared<const SecretKey>(SecretKey::random())}; }
  std::vector<OpenKey> roots_{draw()};
};

struct VirtualClock {
  std::atomic<std::int64_t> ms{0};
  std::function<Now()> read() {
    return [this] { return Now{MonoTime(std::chrono::milliseconds(ms.load())), at_ms(ms.load())}; };
  }
};

// epoch -> tenant -> two subjects -> a leg each; all booked.
struct Tree {
  ScriptedCatalog catalog;
  TestRoot root;
  VirtualClock clock;
  KeyRing ring;
  OpenKey epoch, tenant, subject[2], leg[2];

  explicit Tree(KeyRingLimits key_limits = {}) : ring(catalog, root, key_limits, clock.read()) {
    std::vector<Booking> bookings;
    epoch = must(ring.epoch(bookings));
    tenant = must(ring.make(KeyKind::tenant, epoch, bookings));
    for (int i = 0; i < 2; ++i) {
      subject[i] = must(ring.make(KeyKind::subject, tenant, bookings));
      leg[i] = must(ring.make(KeyKind::leg, subject[i], bookings));
    }
    CHECK(bookings.size() == 6);
    REQUIRE_OK(catalog.book(bookings));
  }
  static OpenKey must(const Result<OpenKey>& key) {
    REQUIRE_OK(key);
    return *key;
  }
  void destroy(const OpenKey& key) {
    const Booking gone = booking::DestroyKey{key.id};
    REQUIRE_OK(catalog.book({&gone, 1}));
  }
  KeyRing fresh() { return {catalog, root, {}, clock.read()}; }
};

}  // namespace

TEST_CASE("a key opens to the same bytes after a restart") {
  Tree tree;
  KeyRing ring(tree.catalog, tree.root);
  const auto leg = ring.open(tree.leg[0].id);
  REQUIRE_OK(leg);
  CHECK(*leg->key == *tree.leg[0].key);
  CHECK_FALSE(*leg->key == *tree.leg[1].key);
  CHECK(ring.kept() == 4);  // the leg and the three above it
}

TEST_CASE("a made key is at hand before it is booked, and only one epoch is ever made") {
  Tree tree;
  CHECK(tree.catalog.keys_read() == 0);
  CHECK(*tree.ring.open(tree.leg[0].id)->key == *tree.leg[0].key);
  CHECK(tree.catalog.keys_read() == 0);
  std::vector<Booking> bookings;
  CHECK(tree.ring.epoch(bookings)->id == tree.epoch.id);
  CHECK(bookings.empty());
}

TEST_CASE("a destroyed key does not open, nor does anything below it") {
  Tree tree;
  tree.destroy(tree.subject[0]);
  tree.ring.evict(tree.subject[0].id);
  CHECK(tree.ring.open(tree.subject[0].id).error().code == Errc::not_found);
  CHECK(tree.ring.open(tree.leg[0].id).error().code == Errc::not_found);
  CHECK(*tree.ring.open(tree.leg[1].id)->key == *tree.leg[1].key);
}

TEST_CASE("evicting a key drops everything below it and nothing beside it") {
  Tree tree;
  CHECK(tree.ring.kept() == 6);
  tree.ring.evict(tree.subject[0].id);
  CHECK(tree.ring.kept() == 4);
  tree.ring.evict(tree.epoch.id);
  CHECK(tree.ring.kept() == 0);
}

TEST_CASE("evicting a key drops what hangs below it by a parent that was dropped before") {
  Tree tree({.count = 100, .idle = 10s});
  tree.clock.ms = 9'000;
  REQUIRE_OK(tree.ring.open(tree.leg[0].id));
  tree.clock.ms = 15'000;
  tree.ring.drop_idle();  // all but the leg
  REQUIRE(tree.ring.kept() == 1);
  tree.destroy(tree.tenant);
  tree.ring.evict(tree.tenant.id);
  CHECK(tree.ring.open(tree.leg[0].id).error().code == Errc::not_found);
}

TEST_CASE("a key whose row was read before it was destroyed does not come back") {
  Tree tree;
  KeyRing ring = tree.fresh();
  bool first = true;
  tree.catalog.on_key = [&] {
    if (!std::exchange(first, false)) return;
    tree.destroy(tree.leg[0]);
    ring.evict(tree.leg[0].id);
  };
  CHECK(ring.open(tree.leg[0].id).error().code == Errc::not_found);
  CHECK(ring.open(tree.leg[0].id).error().code == Errc::not_found);
}

TEST_CASE("a handle outlives the eviction of its key") {
  Tree tree;
  const auto leg = tree.ring.open(tree.leg[0].id);
  REQUIRE_OK(leg);
  tree.ring.evict(tree.leg[0].id);
  CHECK(*leg->key == *tree.leg[0].key);
}

TEST_CASE("keys not asked for are dropped when their time is over, those in use stay") {
  Tree tree({.count = 100, .idle = 10s});
  for (std::int64_t second = 1; second <= 30; ++second) {
    tree.clock.ms = second * 1000;
    REQUIRE_OK(tree.ring.open(tree.leg[0].id));
  }
  CHECK(tree.ring.kept() == 1);
  CHECK(tree.catalog.keys_read() == 0);
}

TEST_CASE("at most so many keys are kept: the longest unused goes first") {
  Tree tree({.count = 2, .idle = 10s});
  CHECK(tree.ring.kept() == 2);  // subject 1, leg 1: the last made
  REQUIRE_OK(tree.ring.open(tree.leg[1].id));
  CHECK(tree.catalog.keys_read() == 0);
  const auto leg = tree.ring.open(tree.leg[0].id);
  REQUIRE_OK(leg);
  CHECK(*leg->key == *tree.leg[0].key);
  CHECK(tree.ring.kept() == 2);
}

TEST_CASE("a key that was never booked is not found once it is no longer at hand") {
  Tree tree;
  std::vector<Booking> bookings;
  const auto key = tree.ring.make(KeyKind::call, tree.tenant, bookings);
  REQUIRE_OK(key);
  REQUIRE_OK(tree.ring.open(key->id));
  tree.ring.evict(key->id);
  CHECK(tree.ring.open(key->id).error().code == Errc::not_found);
  REQUIRE_OK(tree.catalog.book(bookings));
  REQUIRE_OK(tree.ring.open(key->id));
}

TEST_CASE("another root, a damaged row and a ring of rows are corrupt") {
  Tree tree;
  const TestRoot other;
  CHECK(KeyRing(tree.catalog, other).open(tree.leg[0].id).error().code == Errc::corrupt);

  WrappedKey damaged = **tree.catalog.key(tree.leg[0].id);
  damaged.wrapped[20] ^= 1;
  const Booking replace = booking::AddKey{damaged};
  REQUIRE_OK(tree.catalog.book({&replace, 1}));
  CHECK(tree.fresh().open(tree.leg[0].id).error().code == Errc::corrupt);

  WrappedKey own_parent = random_key(KeyKind::leg, {});
  own_parent.parent = own_parent.id;
  const Booking loop = booking::AddKey{own_parent};
  REQUIRE_OK(tree.catalog.book({&loop, 1}));
  CHECK(tree.ring.open(own_parent.id).error().code == Errc::corrupt);
}

TEST_CASE("threads open, make and evict the same keys at once") {
  Tree tree({.count = 3, .idle = 10s});
  std::atomic<bool> wrong{false};
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const OpenKey& wanted = tree.leg[(t + i) % 2];
        const auto opened = tree.ring.open(wanted.id);
        if (!opened || !(*opened->key == *wanted.key)) wrong = true;
        std::vector<Booking> bookings;
        if (i % 7 == 0 && !tree.ring.make(KeyKind::call, tree.tenant, bookings)) wrong = true;
        if (i % 5 == 0) tree.ring.evict(tree.subject[t % 2].id);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK_FALSE(wrong);
}

// ---- guards ---------------------------------------------------------------------------------------------------------

TEST_CASE("a guarded key opens with its parent and every guard, and with none of them missing") {
  Tree tree;
  std::vector<Booking> bookings;
  const OpenKey guards[] = {tree.subject[1]};
  const OpenKey leg = Tree::must(tree.ring.make(KeyKind::leg, tree.subject[0], bookings, guards));
  REQUIRE_OK(tree.catalog.book(bookings));
  CHECK(*tree.fresh().open(leg.id)->key == *leg.key);

  // Not by the parent alone, whatever the row says.
  auto row = std::get<booking::AddKey>(bookings.front()).key;
  CHECK(unwrap_key(*tree.subject[0].key, row).error().code == Errc::corrupt);
  CHECK(unwrap_key(*tree.subject[1].key, row).error().code == Errc::corrupt);
  CHECK(unwrap_key(combine(*tree.subject[1].key, *tree.subject[0].key), row).error().code == Errc::corrupt);
  CHECK(unwrap_key(combine(*tree.subject[0].key, *tree.subject[1].key), row));

  tree.destroy(tree.subject[1]);
  CHECK(tree.fresh().open(leg.id).error().code == Errc::not_found);
}

TEST_CASE("evicting a guard drops what it guards, and not what hangs beside it") {
  Tree tree;
  std::vector<Booking> bookings;
  const OpenKey guards[] = {tree.subject[1]};
  const OpenKey leg = Tree::must(tree.ring.make(KeyKind::leg, tree.subject[0], bookings, guards));
  REQUIRE_OK(tree.catalog.book(bookings));
  REQUIRE(tree.ring.kept() == 7);
  tree.destroy(tree.subject[1]);
  tree.ring.evict(tree.subject[1].id);
  CHECK(tree.ring.kept() == 4);  // epoch, tenant, the other person and their own leg
  CHECK(tree.ring.open(leg.id).error().code == Errc::not_found);
  CHECK(tree.ring.open(tree.leg[0].id));
}

TEST_CASE("a key that is wrapped anew between the reading of its row and of its parent's opens all the same") {
  Tree tree;
  KeyRing ring = tree.fresh();
  std::vector<Booking> bookings;
  const OpenKey next = Tree::must(tree.ring.make(KeyKind::subject, tree.tenant, bookings));
  bookings.emplace_back(booking::DestroyKey{tree.subject[0].id});
  bookings.emplace_back(booking::AddKey{wrap_under(next, {}, KeyKind::leg, tree.leg[0])});
  bool first = true;
  tree.catalog.on_key = [&] {
    if (!std::exchange(first, false)) return;
    REQUIRE_OK(tree.catalog.book(bookings));
    ring.drop(tree.subject[0].id);
  };
  const auto opened = ring.open(tree.leg[0].id);
  REQUIRE_OK(opened);
  CHECK(*opened->key == *tree.leg[0].key);
}

TEST_CASE("a key that is about to be booked is to be made again once an eviction has dropped it") {
  Tree tree;
  std::vector<Booking> bookings;
  const OpenKey made = Tree::must(tree.ring.make(KeyKind::subject, tree.tenant, bookings));
  CHECK(Tree::must(tree.ring.open_unbooked(made.id)).key == made.key);
  tree.ring.set_replacing(true);
  tree.ring.evict(tree.leg[0].id);
  CHECK(tree.ring.open_unbooked(made.id).error().code == Errc::conflict);
}

TEST_CASE("while keys are replaced, an eviction leaves nothing at hand") {
  Tree tree;
  tree.ring.set_replacing(true);
  tree.ring.evict(tree.leg[0].id);
  CHECK(tree.ring.kept() == 0);
  REQUIRE_OK(tree.ring.open(tree.leg[1].id));
  tree.ring.set_replacing(false);
  tree.ring.evict(tree.leg[0].id);
  CHECK(tree.ring.kept() == 4);
}
