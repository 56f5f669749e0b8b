#include "engine/catalog/catalog_writer.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "catalog_rows.h"
#include "scripted_catalog.h"

using namespace assent;
using namespace assent::test;

namespace {

using Spans = ScriptedCatalog::Spans;

std::vector<Booking> entries(std::size_t count, const std::string& body = "{}") {
  return std::vector<Booking>(count, booking::AddLedger{{LedgerKind::note, at_ms(1), {}, body}});
}

// Holds the writer inside its first transaction until the test has posted what shall wait.
struct HeldWriter {
  ScriptedCatalog catalog;
  Latch inside, leave;
  std::optional<CatalogWriter> writer;

  explicit HeldWriter(std::size_t capacity = limits::kCatalogQueue) {
    auto then = catalog.on_book;
    catalog.on_book = [this, first = true](std::span<const Booking> span) mutable {
      if (std::exchange(first, false)) {
        inside.open();
        leave.wait();
        return Result<void>();
      }
      return after_first(span);
    };
    writer.emplace(catalog, capacity);
    REQUIRE_OK(writer->post(entries(1), [](const Result<void>&) {}));
    inside.wait();
  }
  std::function<Result<void>(std::span<const Booking>)> after_first = [](auto) { return Result<void>(); };
};

bool holds_bad_one(std::span<const Booking> span) {
  return std::any_of(span.begin(), span.end(), [](const Booking& one) {
    const auto* add = std::get_if<booking::AddLedger>(&one);
    return add != nullptr && add->entry.body_json == "bad";
  });
}

}  // namespace

TEST_CASE("what waits while the disk is busy goes into one transaction, completed in order") {
  HeldWriter held;
  std::vector<int> completed;  // on the writer's thread only
  for (int i = 0; i < 5; ++i) {
    REQUIRE_OK(held.writer->post(entries(2), [&completed, i](const Result<void>& outcome) {
      if (outcome) completed.push_back(i);
    }));
  }
  CHECK(held.writer->counts().waiting == 10);
  held.leave.open();
  held.writer->stop();
  CHECK(held.catalog.asked() == Spans{1, 10});
  CHECK(completed == std::vector<int>{0, 1, 2, 3, 4});
  const auto counts = held.writer->counts();
  CHECK(counts.submissions == 6);
  CHECK(counts.bookings == 11);
  CHECK(counts.transactions == 2);
  CHECK(counts.largest_group == 5);
  CHECK(counts.waiting == 0);
}

TEST_CASE("the delay is that of the oldest booking that is not durable, whether it waits or is being booked") {
  HeldWriter held;
  const MonoTime later = read_mono() + 100s;
  const nanoseconds first = held.writer->delay(later);
  CHECK(first >= 100s);
  CHECK(first < 160s);
  REQUIRE_OK(held.writer->post(entries(1), [](const Result<void>&) {}));
  CHECK(held.writer->delay(later) == first);
  held.leave.open();
  while (held.writer->counts().bookings < 2) std::this_thread::yield();
  while (held.writer->delay(later) != 0s) std::this_thread::yield();
}

TEST_CASE("a bad submission fails alone, and the others of its group are booked") {
  HeldWriter held;
  held.after_first = [](std::span<const Booking> span) -> Result<void> {
    if (holds_bad_one(span)) return error(Errc::conflict, "bad");
    return {};
  };
  std::vector<std::string> outcomes;
  for (const char* body : {"{}", "bad", "{}"}) {
    REQUIRE_OK(held.writer->post(entries(3, body), [&outcomes](const Result<void>& outcome) {
      outcomes.push_back(outcome ? "booked" : outcome.error().what);
    }));
  }
  held.leave.open();
  held.writer->stop();
  CHECK(outcomes == std::vector<std::string>{"booked", "bad", "booked"});
  CHECK(held.catalog.asked() == Spans{1, 9, 3, 3, 3});
  const auto counts = held.writer->counts();
  CHECK(counts.refused == 1);
  CHECK(counts.parted_groups == 1);
  CHECK(counts.bookings == 7);
  CHECK_FALSE(held.writer->trouble());
}

TEST_CASE("when the disk fails the whole group fails, once, and the writer says what is wrong") {
  for (const Errc code : {Errc::io, Errc::corrupt, Errc::unavailable}) {
    HeldWriter held;
    held.after_first = [code](auto) -> Result<void> { return error(code, "the disk is gone"); };
    int failed = 0;
    for (int i = 0; i < 3; ++i) {
      REQUIRE_OK(held.writer->post(entries(1), [&](const Result<void>& outcome) { failed += !outcome; }));
    }
    held.leave.open();
    held.writer->stop();
    CHECK(failed == 3);
    CHECK(held.catalog.asked() == Spans{1, 3});
    REQUIRE(held.writer->trouble());
    CHECK(held.writer->trouble()->what == "the disk is gone");
    CHECK(held.writer->counts().failed == 3);
  }
}

TEST_CASE("a commit that succeeds ends the trouble") {
  ScriptedCatalog catalog;
  std::atomic<bool> full{true};
  catalog.on_book = [&](auto) -> Result<void> {
    if (full) return error(Errc::unavailable, "the disk is full");
    return {};
  };
  CatalogWriter writer(catalog);
  CHECK(writer.book_and_wait(entries(1)).error().code == Errc::unavailable);
  CHECK(writer.trouble());
  full = false;
  REQUIRE_OK(writer.book_and_wait(entries(1)));
  CHECK_FALSE(writer.trouble());
}

TEST_CASE("a full queue turns a post away at once and takes later ones when there is room again") {
  HeldWriter held(4);
  Latch both;
  std::atomic<int> completed{0};
  const auto count = [&](const Result<void>&) {
    if (++completed == 2) both.open();
  };
  REQUIRE_OK(held.writer->post(entries(3), count));
  CHECK(held.writer->post(entries(2), count).error().code == Errc::exhausted);
  REQUIRE_OK(held.writer->post(entries(1), count));
  CHECK(held.writer->post({}, count).error().code == Errc::exhausted);
  held.leave.open();
  both.wait();
  REQUIRE_OK(held.writer->book_and_wait(entries(4)));
  CHECK(completed == 2);
  CHECK(held.writer->counts().turned_away == 2);
}

TEST_CASE("stopping books and completes what waits and refuses what comes after") {
  HeldWriter held;
  std::atomic<int> completed{0};
  for (int i = 0; i < 3; ++i) {
    REQUIRE_OK(held.writer->post(entries(1), [&](const Result<void>& outcome) { completed += outcome.has_value(); }));
  }
  held.leave.open();
  held.writer->stop();
  CHECK(completed == 3);
  const auto late = held.writer->post(entries(1), [&](const Result<void>&) { ++completed; });
  CHECK(late.error().code == Errc::unavailable);
  CHECK(held.writer->book_and_wait(entries(1)).error().code == Errc::unavailable);
  CHECK(completed == 3);
}

TEST_CASE("forgetting comes after everything posted before it, once for all who ask") {
  HeldWriter held;
  std::vector<std::string> order;
  held.after_first = [&](std::span<const Booking> span) {
    order.push_back("book " + std::to_string(span.size()));
    return Result<void>();
  };
  held.catalog.on_forget = [&] {
    order.push_back("forget");
    return Result<void>();
  };
  int told = 0;
  REQUIRE_OK(held.writer->post(entries(1), [](const Result<void>&) {}));
  REQUIRE_OK(held.writer->post_forget([&](const Result<void>& outcome) { told += outcome.has_value(); }));
  REQUIRE_OK(held.writer->post(entries(2), [](const Result<void>&) {}));
  REQUIRE_OK(held.writer->post_forget([&](const Result<void>& outcome) { told += outcome.has_value(); }));
  held.leave.open();
  held.writer->stop();
  CHECK(order == std::vector<std::string>{"book 3", "forget"});
  CHECK(told == 2);
}

TEST_CASE("a forgetting that a reader delays is the asker's news; one that fails is trouble") {
  ScriptedCatalog catalog;
  Errc code = Errc::unavailable;
  catalog.on_forget = [&]() -> Result<void> { return error(code, "not now"); };
  CatalogWriter writer(catalog);
  CHECK(writer.forget_and_wait().error().code == Errc::unavailable);
  CHECK_FALSE(writer.trouble());
  code = Errc::io;
  CHECK(writer.forget_and_wait().error().code == Errc::io);
  CHECK(writer.trouble());
}

TEST_CASE("a completion may post") {
  ScriptedCatalog catalog;
  CatalogWriter writer(catalog);
  Latch second;
  Result<void> posted = error(Errc::unavailable, "not yet");
  REQUIRE_OK(writer.post(entries(1), [&](const Result<void>&) {
    posted = writer.post(entries(1), [&](const Result<void>&) { second.open(); });
    if (!posted) second.open();
  }));
  second.wait();
  writer.stop();
  CHECK(posted);
  CHECK(catalog.asked() == Spans{1, 1});
}

TEST_CASE("many threads post to a small queue and each learns what became of its own") {
  const TempFolder folder;
  const auto catalog = open_catalog(folder);
  const CallRows rows;
  rows.book_all(*catalog);
  std::atomic<std::uint32_t> booked{0}, refused{0};
  std::atomic<bool> wrong{false};
  {
    CatalogWriter writer(*catalog, 8);
    std::vector<std::thread> producers;
    for (std::uint32_t producer = 0; producer < 4; ++producer) {
      producers.emplace_back([&, producer] {
        for (std::uint32_t i = 0; i < 25;) {
          const bool bad = i % 5 == 4;
          std::vector<Booking> bookings{booking::AddSegment{rows.segment(producer % 2, producer * 100 + i)}};
          if (bad) bookings.emplace_back(booking::AddTenant{rows.tenant});
          const auto outcome = writer.book_and_wait(std::move(bookings));
          if (!outcome && outcome.error().code == Errc::exhausted) continue;
          if (outcome.has_value() == bad) wrong = true;
          ++(outcome ? booked : refused);
          ++i;
        }
      });
    }
    for (auto& producer : producers) producer.join();
  }
  CHECK_FALSE(wrong);
  CHECK(booked == 80);
  CHECK(refused == 20);
  CHECK(catalog->segments(rows.recording.id)->size() == 80);
}

// ---- the lease ----------------------------------------------------------------------------------------------------

TEST_CASE("a commit that succeeds proves the ledger from when it began, and one that fails or books nothing does not") {
  ScriptedCatalog catalog;
  std::atomic<bool> fails{true};
  catalog.on_book = [&](auto) -> Result<void> {
    if (fails) return error(Errc::unavailable, "the disk is full");
    return {};
  };
  CatalogWriter writer(catalog);
  CHECK_FALSE(writer.book_and_wait(entries(1)));
  REQUIRE_OK(writer.forget_and_wait());
  CHECK(writer.lease().is_over(read_clocks()));
  fails = false;
  REQUIRE_OK(writer.book_and_wait({}));
  CHECK(writer.lease().is_over(read_clocks()));
  const Now before = read_clocks();
  REQUIRE_OK(writer.book_and_wait(entries(1)));
  CHECK_FALSE(writer.lease().is_over(before));
  CHECK(*writer.lease().age(before.mono + 1h) <= 1h);
}

TEST_CASE("a commit that hangs is no proof before it is done, and then only from when it began") {
  HeldWriter held;
  CHECK(held.writer->lease().is_over(read_clocks()));
  const Now hung = read_clocks();
  held.leave.open();
  held.writer->stop();
  CHECK_FALSE(held.writer->lease().is_over(read_clocks()));
  CHECK(*held.writer->lease().age(hung.mono) >= 0s);
}

TEST_CASE("whoever hears of a commit sees the ledger proven by it") {
  ScriptedCatalog catalog;
  CatalogWriter writer(catalog);
  bool proven = false;
  REQUIRE_OK(writer.post(entries(1), [&](const auto&) { proven = !writer.lease().is_over(read_clocks()); }));
  writer.stop();
  CHECK(proven);
}

TEST_CASE("when nothing is booked the writer proves the ledger by itself, once it is asked to, again and again") {
  ScriptedCatalog catalog;
  std::atomic<int> proofs{0};
  Latch third;
  catalog.on_book = [&](std::span<const Booking> span) -> Result<void> {
    CHECK(span.size() == 1);
    CHECK(std::holds_alternative<booking::ProveLedger>(span[0]));
    if (++proofs == 3) third.open();
    return {};
  };
  CatalogWriter writer(catalog);
  writer.keep_lease(10ms);
  third.wait();
  writer.stop();
  CHECK(writer.counts().proofs >= 3);
  CHECK(writer.counts().bookings == 0);
}

TEST_CASE("a proof that fails is told as trouble and tried again, and the next one ends that") {
  ScriptedCatalog catalog;
  std::atomic<int> tried{0};
  Latch twice, allowed, proven;
  catalog.on_book = [&](auto) -> Result<void> {
    const int n = ++tried;
    if (n == 2) {
      twice.open();
      allowed.wait();
    }
    if (n < 3) return error(Errc::unavailable, "the disk is full");
    if (n == 4) proven.open();
    return {};
  };
  CatalogWriter writer(catalog);
  writer.keep_lease(10ms);
  twice.wait();
  REQUIRE(writer.trouble());
  CHECK(writer.trouble()->what == "the disk is full");
  CHECK_FALSE(writer.lease().age(read_mono()));
  allowed.open();
  proven.wait();
  CHECK_FALSE(writer.trouble());
  CHECK(writer.lease().age(read_mono()));
  writer.stop();
}

TEST_CASE("the writer proves the ledger while it is asked for nothing but to forget") {
  ScriptedCatalog catalog;
  Latch proven;
  catalog.on_book = [&](std::span<const Booking> span) -> Result<void> {
    if (std::holds_alternative<booking::ProveLedger>(span[0])) proven.open();
    return {};
  };
  CatalogWriter writer(catalog);
  std::atomic<bool> enough{false};
  std::atomic<bool> refused{false};  // told here, since the assertions are this thread's
  // Forgetting never lets the queue be empty.
  std::function<void(const Result<void>&)> again = [&](const Result<void>&) {
    // It may be stopped between the look and the post, which comes after `enough`.
    if (!enough && !writer.post_forget(again) && !enough) refused = true;
  };
  REQUIRE_OK(writer.post_forget(again));
  writer.keep_lease(10ms);
  proven.wait();
  enough = true;
  writer.stop();
  CHECK_FALSE(refused);
}
