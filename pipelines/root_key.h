// Where the root key is, as the [keys] section says it, and the provider that has it.
//
// Any thread. Errors are those of FileRootKey and Pkcs11RootKey.
#pragma once

#include <filesystem>
#include <memory>
#include <variant>

#include "base/result.h"
#include "crypto/key_provider.h"
#include "crypto/pkcs11_root_key.h"
#include "pipelines/pipeline_config.h"
#include "pipelines/state_folder.h"

namespace assent {

using RootKeyPlace = std::variant<std::filesystem::path, Pkcs11Settings>;

// Paths that are relative in the file are in the state folder.
RootKeyPlace root_key_place(const pipeline::Keys& keys, const StateFolder& state);

enum class RootKeyUse { existing, existing_or_new };
Result<std::unique_ptr<RootKeyProvider>> open_root_key(const RootKeyPlace& place, RootKeyUse use);

}  // namespace assent
