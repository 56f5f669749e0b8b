// ReplayMemory: sees to it that a signed message has its effect once, however often it arrives. A repetition gets the
// first reply again, without running; one that arrives while the first still runs waits for it. What was refused had no
// effect and is not kept, so that it can be sent again.
//
// It owns the replies, in memory, each for as long as its signature could pass by its time. What it has forgotten, to
// keep its bound or because time passed, it refuses from then on by its time: the bound, a wall clock that is set back
// and a start anew never let a message in twice. Beyond `entries` within the window this makes the window shorter.
//
// Times are those of the messages, in seconds since 1970, by the sender's clock. Any thread; `work` runs on the
// caller's, outside the lock.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/limits.h"
#include "crypto/sha256.h"
#include "engine/control/http_message.h"

namespace assent {

struct SignedMessage {
  std::string key;       // what makes two messages the same one
  Sha256Digest content;  // what two of the same key must have in common
  std::int64_t signed_at_s = 0;
};

class ReplayMemory {
 public:
  // What was signed before `oldest_s` is refused: when this memory begins.
  explicit ReplayMemory(std::int64_t oldest_s, std::size_t entries = limits::kWebhookReplays)
      : oldest_s_(oldest_s), most_entries_(entries) {}

  enum class Fate {
    ran,
    repeated,  // the reply is the first one's
    too_old,   // it may have been here before and be forgotten: not run
    differs,   // the key belongs to another content: not run
  };
  struct Outcome {
    Fate fate = Fate::ran;
    std::optional<HttpResponse> reply;  // when it ran or was repeated
  };
  // `expired_s`: signatures from before that do not pass by their time, so that what it knows of them may go.
  Outcome once(const SignedMessage& message, std::int64_t expired_s, const std::function<HttpResponse()>& work);

  std::size_t size() const;

 private:
  struct Entry {
    Sha256Digest content;
    std::int64_t signed_at_s = 0;
    std::optional<HttpResponse> reply;  // none: it runs
  };
  using ByTime = std::set<std::pair<std::int64_t, std::string>>;

  HttpResponse run(const std::string& key, const std::function<HttpResponse()>& work);
  void forget_expired(std::int64_t expired_s);
  bool make_room(std::int64_t signed_at_s);
  void forget_oldest();
  void touch(const std::string& key, Entry& entry, std::int64_t signed_at_s);

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable finished_;
  std::map<std::string, Entry> entries_;
  ByTime by_time_;  // of those that have a reply
  std::int64_t oldest_s_;
  const std::size_t most_entries_;
};

}  // namespace assent
