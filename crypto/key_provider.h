// Where the root key lives. Only the root is outside the catalog; it wraps the epoch keys and nothing else, so a
// provider can be a file or a hardware module that never lets its key out.
//
// A root is replaced when the epoch is: whoever has an old copy of the catalog then has epoch keys that no root opens
// any more. While that goes on there are two: the newest wraps, both unwrap.
//
// RootKeyProvider: any thread. Errors: Errc::corrupt when a wrapped epoch key is not this root's or is damaged,
// Errc::unavailable when the provider does not answer. They name the provider and say what to do.
#pragma once

#include <memory>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "crypto/secret.h"
#include "crypto/wrapped_key.h"

namespace assent {

class RootKeyProvider {
 public:
  virtual ~RootKeyProvider() = default;
  virtual std::string describe() const = 0;  // for the start-up line: "file /var/lib/assent/root.key"
  virtual KeyId root_id() const = 0;         // the newest: the parent of every epoch key that is wrapped from now on
  virtual Result<WrappedKey> wrap_epoch(KeyId epoch_id, const SecretKey& epoch_key) const = 0;
  virtual Result<SecretKey> unwrap_epoch(const WrappedKey& wrapped) const = 0;

  // A new root beside the one there is, durable before this returns. No effect while there are two.
  virtual Result<void> add_root() = 0;
  // All but the newest destroyed, durably; what they wrapped never opens again. No effect when there is one.
  virtual Result<void> drop_old_roots() = 0;
};

}  // namespace assent
