#include "base/bytes.h"
#include "engine/catalog/ledger_check.h"

// Whatever a row holds, the check says so and goes no further; nothing in it reaches past that.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = assent::text_of({data, size});
  (void)assent::parse_checkpoint(text);
  (void)assent::parse_key_start(text);
  const assent::LedgerRow row{1, {}, size % 2 == 0 ? "checkpoint" : "ledger_key", {}, text, assent::Bytes(size % 64)};
  return void(assent::LedgerCheck().next(row)), 0;
}
