#include "engine/catalog/ledger_check.h"

#include <cstdlib>
#include <random>

#include "sealed_ledger.h"

using namespace assent;
using namespace assent::test;

namespace {

constexpr std::size_t kRecords = 10000;

const SealedLedger& long_ledger() {
  static const SealedLedger ledger(kRecords, 1000);
  return ledger;
}

// What is said when the records from `index` on are those given, then the rest of the ledger. The walk up to there is
// done once and copied: `at_index` has it.
std::string fault_when(const SealedLedger& ledger, const LedgerCheck& at_index, const std::vector<LedgerRow>& instead,
                       std::size_t then) {
  LedgerCheck check = at_index;
  for (const LedgerRow& row : instead) {
    if (auto next = check.next(row); !next) return next.error().what;
  }
  for (; then < ledger.rows.size(); ++then) {
    if (auto next = check.next(ledger.rows[then]); !next) return next.error().what;
  }
  return fault_of(check.finish(ledger.kept, &ledger.seal));
}

std::string breaks_at(std::uint64_t seq) { return "the ledger breaks at record " + std::to_string(seq) + ": "; }

// Calls `look(index, check)` before each record, with the walk up to it.
template <typename Look>
void at_every_record(const SealedLedger& ledger, Look look) {
  LedgerCheck check;
  for (std::size_t i = 0; i < ledger.rows.size(); ++i) {
    look(i, check);
    REQUIRE_OK(check.next(ledger.rows[i]));
  }
}

std::mt19937 seeded() {
  const char* seed = std::getenv("SEED");
  return std::mt19937(seed == nullptr ? 1 : static_cast<unsigned>(std::strtoul(seed, nullptr, 10)));
}

// A change of one byte, `n` counting through what a record has on disk: body, kind, hash, call, at, seq.
std::size_t bytes_of_row(const LedgerRow& row) {
  return row.body_json.size() + row.kind.size() + row.hash.size() + (row.call ? 16 : 0) + 16;
}
LedgerRow with_byte_changed(LedgerRow row, std::size_t n, std::uint8_t by) {
  const auto change = [by](auto& byte) {
    byte = static_cast<std::decay_t<decltype(byte)>>(static_cast<std::uint8_t>(byte) ^ by);
  };
  if (n < row.body_json.size()) return change(row.body_json[n]), row;
  n -= row.body_json.size();
  if (n < row.kind.size()) return change(row.kind[n]), row;
  n -= row.kind.size();
  if (n < row.hash.size()) return change(row.hash[n]), row;
  n -= row.hash.size();
  if (row.call) {
    if (n < 16) return change(row.call->bytes[n]), row;
    n -= 16;
  }
  if (n < 8) {
    row.at = WallTime(
        nanoseconds(row.at.time_since_epoch().count() ^ static_cast<std::int64_t>(std::uint64_t{by} << (8 * n))));
  } else {
    row.seq ^= std::uint64_t{by} << (8 * (n - 8));
  }
  return row;
}

// A changed number is missing at its place or out of order where it claims to be.
void check_byte(const LedgerCheck& before, const LedgerRow& row, std::size_t byte, std::uint8_t by) {
  const LedgerRow changed = with_byte_changed(row, byte, by);
  LedgerCheck check = before;
  const auto next = check.next(changed);
  CAPTURE(row.seq, byte, by);
  REQUIRE_FALSE(next);
  REQUIRE_THAT(next.error().what, Catch::StartsWith(breaks_at(std::min(row.seq, changed.seq))));
}

}  // namespace

TEST_CASE("a sealed ledger as it was written is whole, and its end is proven") {
  const auto report = long_ledger().check();
  REQUIRE_OK(report);
  CHECK(report->head == head_of(long_ledger().rows.back()));
  CHECK(report->checkpoints == 10);
  CHECK(report->last_checkpoint == kRecords);
  CHECK(report->last_checkpoint_at == long_ledger().rows.back().at);
  CHECK(report->public_key == long_ledger().seal.public_key());
  CHECK(report->end == LedgerReport::End::proven);
  const auto without_key = long_ledger().check_with(nullptr, long_ledger().kept);
  REQUIRE_OK(without_key);
  CHECK(without_key->end == LedgerReport::End::unproven);
}

TEST_CASE("a changed byte is found at its record: a random one of each, every one of some") {
  auto random = seeded();
  std::size_t changes = 0;
  at_every_record(long_ledger(), [&](std::size_t i, const LedgerCheck& before) {
    const LedgerRow& row = long_ledger().rows[i];
    const auto by = static_cast<std::uint8_t>(1 + random() % 255);
    check_byte(before, row, random() % bytes_of_row(row), by);
    ++changes;
    if (i % 199 != 0 && row.kind != "checkpoint") return;
    for (std::size_t byte = 0; byte < bytes_of_row(row); ++byte) {
      check_byte(before, row, byte, static_cast<std::uint8_t>(1 + random() % 255));
      ++changes;
    }
  });
  CHECK(changes > kRecords + 60 * 100);
}

TEST_CASE("a byte more or less in a text or hash is found at its record") {
  auto random = seeded();
  at_every_record(long_ledger(), [&](std::size_t i, const LedgerCheck& before) {
    const auto is_found = [&](const LedgerRow& changed) {
      LedgerCheck check = before;
      const auto next = check.next(changed);
      REQUIRE_FALSE(next);
      REQUIRE_THAT(next.error().what, Catch::StartsWith(breaks_at(i + 1)));
    };
    const LedgerRow& row = long_ledger().rows[i];
    for (int field = 0; field < 3; ++field) {
      LedgerRow shorter = row;
      LedgerRow longer = row;
      if (field == 2) {
        shorter.hash.erase(shorter.hash.begin() + static_cast<std::ptrdiff_t>(random() % row.hash.size()));
        longer.hash.insert(longer.hash.begin() + static_cast<std::ptrdiff_t>(random() % row.hash.size()), 'x');
      } else {
        std::string& less = field == 0 ? shorter.body_json : shorter.kind;
        std::string& more = field == 0 ? longer.body_json : longer.kind;
        less.erase(random() % less.size(), 1);
        more.insert(random() % more.size(), 1, static_cast<char>('a' + random() % 26));
      }
      is_found(shorter);
      is_found(longer);
    }
    LedgerRow other_call = row;
    row.call ? other_call.call.reset() : void(other_call.call.emplace());
    is_found(other_call);
  });
}

TEST_CASE("a deleted record is found at its place, each of them, renumbered or not") {
  const SealedLedger& ledger = long_ledger();
  at_every_record(ledger, [&](std::size_t i, const LedgerCheck& before) {
    CAPTURE(i);
    REQUIRE_THAT(fault_when(ledger, before, {}, i + 1), Catch::StartsWith(breaks_at(i + 1)));
    if (i + 1 == ledger.rows.size()) return;
    LedgerRow moved_up = ledger.rows[i + 1];
    moved_up.seq = i + 1;
    REQUIRE_THAT(fault_when(ledger, before, {moved_up}, i + 2), Catch::StartsWith(breaks_at(i + 1)));
  });
}

TEST_CASE("an inserted record is found at its place, wherever it is") {
  const SealedLedger& ledger = long_ledger();
  at_every_record(ledger, [&](std::size_t i, const LedgerCheck& before) {
    CAPTURE(i);
    // One that follows well, and the rest as it was: the next number is there twice.
    auto added = next_ledger_row(before.head(), {LedgerKind::note, at_ms(1), {}, R"({"a":1})"});
    REQUIRE_OK(added);
    REQUIRE_THAT(fault_when(ledger, before, {*added}, i), Catch::StartsWith(breaks_at(i + 1)));
    LedgerRow renumbered = ledger.rows[i];
    renumbered.seq = i + 2;
    REQUIRE_THAT(fault_when(ledger, before, {*added, renumbered}, i + 1), Catch::StartsWith(breaks_at(i + 2)));
  });
  // After the last one nothing follows that it could contradict.
  SealedLedger longer = ledger;
  LedgerHead head = head_of(longer.rows.back());
  longer.append({LedgerKind::note, at_ms(1), {}, "{}"}, head);
  CHECK_THAT(fault_of(longer.check()),
             Catch::StartsWith(breaks_at(kRecords + 1) + "nobody with the ledger's key wrote it"));
}

TEST_CASE("two records that changed places are found at the first, neighbours and any other two, renumbered or not") {
  const SealedLedger& ledger = long_ledger();
  auto random = seeded();
  at_every_record(ledger, [&](std::size_t i, const LedgerCheck& before) {
    if (i + 1 == ledger.rows.size()) return;
    CAPTURE(i);
    const std::size_t other = i + 1 + random() % (ledger.rows.size() - i - 1);
    for (const std::size_t with : {i + 1, other}) {
      LedgerRow taken = ledger.rows[with];
      REQUIRE_THAT(fault_when(ledger, before, {taken}, i + 1), Catch::StartsWith(breaks_at(i + 1)));
      taken.seq = i + 1;
      REQUIRE_THAT(fault_when(ledger, before, {taken}, i + 1), Catch::StartsWith(breaks_at(i + 1)));
    }
  });
}

TEST_CASE("a cut is found at the first record that is missing, wherever it is") {
  const SealedLedger& ledger = long_ledger();
  at_every_record(ledger, [&](std::size_t i, const LedgerCheck& before) {
    CAPTURE(i);
    REQUIRE_THAT(fault_of(before.finish(ledger.kept, &ledger.seal)),
                 Catch::StartsWith(breaks_at(i + 1) + "it is missing, and so is all up to record 10000"));
    REQUIRE_FALSE(before.finish(std::nullopt, &ledger.seal));  // and the kept head cannot be left out
  });
}

TEST_CASE("a cut is found without the key, too, by a head that was noted") {
  const SealedLedger& ledger = long_ledger();
  const LedgerHead noted = head_of(ledger.rows[4999]);
  LedgerCheck check(noted);
  for (std::size_t i = 0; i < 3000; ++i) REQUIRE_OK(check.next(ledger.rows[i]));
  CHECK_THAT(fault_of(check.finish(std::nullopt, nullptr)), Catch::StartsWith(breaks_at(3000)));

  SealedLedger restored(0);  // the whole file as it was earlier, kept head included
  restored.rows.assign(ledger.rows.begin(), ledger.rows.begin() + 3000);
  const KeptHead earlier = ledger.seal.keep(head_of(restored.rows.back()), 3000);
  REQUIRE_OK(restored.check_with(&ledger.seal, earlier));  // by itself it is whole
  CHECK_THAT(fault_of(restored.check_with(&ledger.seal, earlier, noted)),
             Catch::StartsWith(breaks_at(3001) + "it is missing, and so is all up to record 5000, which was noted"));
}

TEST_CASE("a part that was rewritten and chained anew is found at the checkpoint that follows it") {
  SealedLedger ledger(350, 100);
  ledger.rows[149].body_json = "{}";
  ledger.rechain(149);
  const std::string fault = fault_of(ledger.check());
  CHECK_THAT(fault, Catch::StartsWith(breaks_at(200)));
  CHECK_THAT(fault, Catch::Contains("something after record 100 was rewritten"));
}

TEST_CASE("a part after the last checkpoint that was rewritten is found by the kept head") {
  SealedLedger ledger(350, 100);
  ledger.rows[320].body_json = "{}";
  ledger.rechain(320);
  CHECK_THAT(fault_of(ledger.check()), Catch::Contains("or one after record 300, was rewritten"));
}

TEST_CASE("checkpoints that were left out in a rewritten ledger are missed") {
  SealedLedger ledger(350, 100);
  for (LedgerRow& row : ledger.rows) {
    if (row.kind == "checkpoint") row = {row.seq, row.at, "note", {}, "{}", {}};
  }
  ledger.rechain(0);
  CHECK_FALSE(ledger.check());
}

TEST_CASE("a rewritten ledger with a key of its own is not taken for the old one") {
  SealedLedger ledger(120, 100);
  const SealedLedger forged(120, 100);
  CHECK_THAT(fault_of(forged.check_with(&ledger.seal, forged.kept)), Catch::Contains("is not authentic"));
  CHECK_THAT(fault_of(forged.check_with(&ledger.seal, ledger.seal.keep(head_of(forged.rows.back()), 100))),
             Catch::Contains("is not the one that seals it"));
  // Half the old one, then a key that nobody signed.
  LedgerHead head = head_of(ledger.rows[59]);
  ledger.rows.resize(60);
  ledger.append({LedgerKind::ledger_key, at_ms(1), {}, key_start_json(forged.seal.start(forged.seal, head))}, head);
  CHECK_THAT(fault_of(ledger.check_with(&forged.seal, forged.seal.keep(head, 0))),
             Catch::StartsWith(breaks_at(61) + "the key that it begins is not signed by the key before"));
}

TEST_CASE("a key is followed by the one that it signs") {
  SealedLedger ledger(120, 100);
  const LedgerSeal next = new_seal();
  LedgerHead head = head_of(ledger.rows.back());
  ledger.append({LedgerKind::ledger_key, at_ms(1), {}, key_start_json(ledger.seal.start(next, head))}, head);
  ledger.append({LedgerKind::checkpoint, at_ms(2), {}, checkpoint_json(next.sign(head, at_ms(2)))}, head);
  const auto report = ledger.check_with(&next, next.keep(head, 122));
  REQUIRE_OK(report);
  CHECK(report->public_key == next.public_key());
  CHECK(report->last_checkpoint == 122);
  CHECK_FALSE(ledger.check_with(&ledger.seal, ledger.seal.keep(head, 122)));

  // What the old key signs from then on counts for nothing.
  ledger.append({LedgerKind::checkpoint, at_ms(3), {}, checkpoint_json(ledger.seal.sign(head, at_ms(3)))}, head);
  CHECK_THAT(fault_of(ledger.check_with(&next, next.keep(head, 123))), Catch::StartsWith(breaks_at(123)));
}

TEST_CASE("a damaged kept head is told from a damaged chain") {
  const SealedLedger ledger(30, 100);
  auto kept = ledger.kept;
  kept.mac[5] ^= 1;
  CHECK_THAT(fault_of(ledger.check_with(&ledger.seal, kept)), Catch::Contains("is not authentic"));
  CHECK_THAT(fault_of(ledger.check_with(&ledger.seal, std::nullopt)), Catch::Contains("kept of its end is missing"));
  CHECK_THAT(fault_of(ledger.check_with(nullptr, std::nullopt)), Catch::Contains("kept of its end is missing"));
}

TEST_CASE("no other kind and body give the hash of a record") {
  // The hashed text, cut at another place: the kind swallows a part of the body.
  const auto row = next_ledger_row({}, {LedgerKind::note, at_ms(1), {}, R"({"a":1,"call":null,"kind":"x","z":2})"});
  REQUIRE_OK(row);
  LedgerRow other = *row;
  other.body_json = R"({"a":1)";
  other.kind = R"(x","z":2},"call":null,"kind":"note)";
  std::string one;
  std::string two;
  ledger_hash_input({}, *row, one);
  ledger_hash_input({}, other, two);
  CHECK(one != two);  // quotes in a kind are escaped
  CHECK_FALSE(LedgerCheck().next(other));
}
