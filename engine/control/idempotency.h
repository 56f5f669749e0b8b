// IdempotencyStore: makes a repeated request have one effect. The first request with a key runs; a repetition of the
// same request gets the same reply, without running; another request under that key is refused. A repetition that
// arrives while the first still runs waits for its reply.
//
// It owns the replies, in memory: at most `entries`, each for `age`; the one used longest ago goes first, never one
// that is running. Replies of 500 and above are not kept, so that the request can be tried again. Any thread; `work`
// runs on the caller's, outside the lock.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/limits.h"
#include "base/time.h"
#include "crypto/sha256.h"
#include "engine/control/http_message.h"

namespace assent {

struct IdempotencyKey {
  std::string token_id;  // keys of different tokens never meet
  std::string key;

  auto operator<=>(const IdempotencyKey&) const = default;
};

class IdempotencyStore {
 public:
  explicit IdempotencyStore(std::size_t entries = limits::kIdempotencyEntries,
                            nanoseconds age = limits::kIdempotencyAge)
      : most_entries_(entries), age_(age) {}

  // The reply to this request, or nothing when the key belongs to another one. `request` identifies what was asked.
  // `work` returns a reply without a stream.
  std::optional<HttpResponse> once(const IdempotencyKey& key, const Sha256Digest& request, MonoTime now,
                                   const std::function<HttpResponse()>& work);

  std::size_t size() const;

 private:
  struct Entry {
    IdempotencyKey key;
    Sha256Digest request{};
    MonoTime since;
    std::optional<HttpResponse> response;  // none while it runs
  };
  using Entries = std::list<Entry>;  // the one used last is in front

  std::optional<HttpResponse> run(Entries::iterator entry, const std::function<HttpResponse()>& work);
  void remove(Entries::iterator entry);
  void make_room(MonoTime now);

  const std::size_t most_entries_;
  const nanoseconds age_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable finished_;
  Entries entries_;
  std::map<IdempotencyKey, Entries::iterator> by_key_;
};

}  // namespace assent
