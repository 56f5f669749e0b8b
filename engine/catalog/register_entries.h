// What the registers of notices and purposes put on the ledger: what was added, under which hash, by whom. Pure; any
// thread.
#pragma once

#include "engine/catalog/catalog.h"

namespace assent {

LedgerEntry ledger_entry_of(const NoticeRow& row);
LedgerEntry ledger_entry_of(const PurposeRow& row);

}  // namespace assent
