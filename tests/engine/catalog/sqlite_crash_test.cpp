#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <random>

#include "sealed_catalog.h"

using namespace assent;
using namespace assent::test;

namespace {

// CRASHES is how many, SEED which.
unsigned from_environment(const char* name, unsigned otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}

// Books without end from segment `number` on, and writes each number to `acks` once it is durable. Now and then a key
// is made and destroyed, and the log emptied, so that the kill falls into these, too. Never returns.
[[noreturn]] void book_until_killed(const TempFolder& folder, const CallRows& rows, std::uint32_t number, int acks) {
  SealedCatalog sealed(folder, 10);
  SqliteCatalog* catalog = sealed.catalog.get();
  for (;; ++number) {
    const WrappedKey key = random_key(KeyKind::leg, rows.subject_keys[0].id);
    std::vector<Booking> span{booking::AddSegment{rows.segment(0, number)},
                              booking::AddConsent{rows.consent(number % 2, "granted")}, booking::AddKey{key}};
    if (number % 3 == 0) span.emplace_back(booking::DestroyKey{key.id});
    if (!catalog->book(span)) ::_exit(2);
    if (::write(acks, &number, sizeof number) != static_cast<ssize_t>(sizeof number)) ::_exit(3);
    if (number % 7 == 0 && !catalog->forget_deleted()) ::_exit(4);
  }
}

struct Child {
  pid_t pid;
  int acks;
};

Child start_child(const TempFolder& folder, const CallRows& rows, std::uint32_t number) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    ::close(ends[0]);
    book_until_killed(folder, rows, number, ends[1]);
  }
  ::close(ends[1]);
  return {pid, ends[0]};
}

// Reads acknowledgements until `enough` have come, kills the child, reads the rest; the highest number acknowledged.
std::uint32_t kill_after(const Child& child, int enough, std::uint32_t highest) {
  std::uint32_t number = 0;
  for (int count = 0;; ++count) {
    if (count == enough) ::kill(child.pid, SIGKILL);
    if (::read(child.acks, &number, sizeof number) != static_cast<ssize_t>(sizeof number)) break;
    highest = number;
  }
  ::close(child.acks);
  int status = 0;
  REQUIRE(::waitpid(child.pid, &status, 0) == child.pid);
  REQUIRE(WIFSIGNALED(status));
  return highest;
}

}  // namespace

TEST_CASE("a booker killed at any moment loses nothing it acknowledged and leaves a whole catalog") {
  const TempFolder folder;
  const CallRows rows;
  {
    const SealedCatalog sealed(folder);
    rows.book_all(*sealed.catalog);
  }
  const unsigned seed = from_environment("SEED", std::random_device{}());
  CAPTURE(seed);
  std::mt19937 random(seed);
  std::uint32_t acknowledged = 0;
  const unsigned crashes = from_environment("CRASHES", 30);
  for (unsigned crash = 0; crash < crashes; ++crash) {
    const int enough = std::uniform_int_distribution<int>(0, 15)(random);
    CAPTURE(crash, enough);
    const Child child = start_child(folder, rows, acknowledged + 1);
    acknowledged = kill_after(child, enough, acknowledged);

    SealedCatalog sealed(folder, 10);
    SqliteCatalog* catalog = sealed.catalog.get();
    REQUIRE_OK(catalog->check_integrity());
    const auto segments = *catalog->segments(rows.recording.id);
    // The kill may fall between the commit and the acknowledgement: then one more is there.
    REQUIRE(segments.size() >= acknowledged);
    REQUIRE(segments.size() <= acknowledged + 1);
    for (std::size_t i = 0; i < segments.size(); ++i) REQUIRE(segments[i].number == i + 1);
    const auto records = catalog->verify_ledger();
    REQUIRE_OK(records);
    // Beside the consents: the key, and every tenth a checkpoint.
    REQUIRE(records->head.seq == 1 + segments.size() + records->checkpoints);
    REQUIRE(catalog->consents(rows.call.id)->size() == segments.size());
    acknowledged = static_cast<std::uint32_t>(segments.size());
  }
  CHECK(acknowledged > 0);
}
