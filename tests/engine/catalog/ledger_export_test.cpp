// What is exported is judged by others: tests/ledger/check_export.py, which shares no code with us.
#include "engine/catalog/ledger_export.h"

#include <sys/wait.h>

#include <cstdlib>

#include "engine/catalog/ledger.h"
#include "sealed_catalog.h"

using namespace assent;
using namespace assent::test;

namespace {

constexpr int kNoCryptography = 77;

std::vector<std::string> exported(SealedCatalog& sealed) {
  std::vector<std::string> lines;
  const auto head =
      export_ledger(*sealed.catalog, sealed.seal.get(), at_ms(9), [&](const std::string& line) -> Result<void> {
        lines.push_back(line);
        return {};
      });
  REQUIRE_OK(head);
  CHECK(head->seq + 2 == lines.size());
  return lines;
}

// The status of the independent check, or nothing where it cannot run.
std::optional<int> checked(const TempFolder& folder, const std::vector<std::string>& lines,
                           const std::string& more = "") {
  const auto file = folder.path() / "ledger.jsonl";
  std::ofstream out(file, std::ios::binary);
  for (const std::string& line : lines) out << line;
  out.close();
  const std::string command =
      "python3 " ASSENT_SOURCE_DIR "/tests/ledger/check_export.py " + file.string() + more + " > /dev/null";
  const int status = std::system(command.c_str());
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNoCryptography) return std::nullopt;
  return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("an exported ledger verifies without us, and a damaged one does not") {
  const TempFolder folder;
  SealedCatalog sealed(folder, 4);
  const CallRows rows;
  rows.book_all(*sealed.catalog);
  const std::string odd =
      R"({"text":"\u00e4 \ud83d\ude00 \"\\\u0000\n\u001f","n":-9223372036854775808,"list":[1,{},[]]})";
  sealed.book({booking::AddConsent{rows.consent(0, "granted")},
               booking::AddLedger{{LedgerKind::note, at_ms(1), {}, odd}},
               booking::AddConsent{rows.consent(1, "denied")}});
  const std::string first_key = to_hex(sealed.seal->public_key());
  sealed.rotate();
  sealed.book({booking::AddConsent{rows.consent(1, "granted")}, booking::AddCheckpoint{at_ms(2)}});
  const LedgerHead head = sealed.catalog->verify_ledger()->head;
  const auto lines = exported(sealed);

  const auto whole = checked(folder, lines, " --public-key " + first_key + " --expect-head " + to_text(head));
  if (!whole) {
    WARN("SKIPPED: python3-cryptography is not installed");
    return;
  }
  CHECK(whole == 0);
  CHECK(checked(folder, lines, " --public-key " + to_hex(sealed.seal->public_key())) == 0);
  CHECK(checked(folder, lines, " --public-key " + std::string(64, '0')) == 1);
  CHECK(checked(folder, lines, " --expect-head " + to_text(LedgerHead{head.seq + 1, head.hash})) == 1);

  for (std::size_t i = 0; i < lines.size(); ++i) {
    CAPTURE(i);
    auto without = lines;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK(checked(folder, without) == 1);
    auto changed = lines;
    const auto digit = changed[i].find_last_of("0123456789abcdef");
    changed[i][digit] = changed[i][digit] == '1' ? '2' : '1';
    CHECK(checked(folder, changed) == 1);
  }
}

TEST_CASE("a broken ledger is not exported, and a writer that fails ends the export") {
  const TempFolder folder;
  SealedCatalog sealed(folder);
  const auto full = [](const std::string&) -> Result<void> { return error(Errc::unavailable, "the disk is full"); };
  CHECK(export_ledger(*sealed.catalog, sealed.seal.get(), at_ms(1), full).error().code == Errc::unavailable);
  sealed.close();
  auto database = SqliteDatabase::open((folder.path() / "catalog.db").string(), SqliteDatabase::Access::write);
  REQUIRE_OK(database);
  REQUIRE_OK((*database)->script("DELETE FROM ledger_head"));
  database->reset();
  sealed.reopen();
  std::size_t written = 0;
  const auto refused =
      export_ledger(*sealed.catalog, sealed.seal.get(), at_ms(1), [&](const std::string&) -> Result<void> {
        ++written;
        return {};
      });
  CHECK(refused.error().code == Errc::corrupt);
  CHECK(written == 0);
}
