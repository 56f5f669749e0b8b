// RootKeyFile: how the command line finds the root key of a state folder when no engine runs: "keys.json", what the
// [keys] section of the last run said. It names where the key is and holds none; paths that are relative stay so, and a
// copy of the folder finds its own.
//
//   {"provider": "file", "path": "root.key"}
//   {"provider": "pkcs11", "module": "/usr/lib/softhsm/libsofthsm2.so", "token": "assent", "label": "assent-root",
//    "pin_file": "token.pin"}
//
// One thread. Errors: Errc::not_found (nothing has run here, or an older version), Errc::corrupt, and the disk's own.
#pragma once

#include "base/disk.h"
#include "base/result.h"
#include "pipelines/root_key.h"

namespace assent {

Result<void> write_root_key_file(Disk& disk, const StateFolder& state, const pipeline::Keys& keys);
Result<RootKeyPlace> read_root_key_file(const StateFolder& state);

}  // namespace assent
