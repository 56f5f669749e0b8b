// WebhookSources: who may say a decision without a token, by signing it: an IVR, a dialler, a form. It decides whether
// a request comes from a source (webhook_signature.h), is fresh, and has not been here before (replay_memory.h).
//
// Each source has a secret, or two while it changes from one to the other; both are tried. The comparison takes the
// same time wherever tags differ; an unknown source is answered like a wrong signature, after as much work, so that the
// replies do not tell which sources there are. Only whoever could sign learns that the time was wrong.
//
// Any thread. `now` is wall time, because the sender's clock is another machine's.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "crypto/hmac_key.h"
#include "engine/control/http_message.h"
#include "engine/control/problem.h"
#include "engine/control/replay_memory.h"

namespace assent {

// What became of a request to a source, for the metrics.
enum class SignalFate : std::uint8_t {
  accepted,       // its decision is on record
  repeated,       // it was accepted before: the same reply, and nothing done
  refused,        // rightly signed, and what it asks cannot be done
  bad_signature,  // none, malformed, or by another secret
  stale,          // signed too long ago or too far ahead
  reused_id,      // its id came with another decision before
};
inline constexpr std::array<std::string_view, 6> kSignalFates = {"accepted",      "repeated", "refused",
                                                                 "bad_signature", "stale",    "reused_id"};

struct WebhookSource {
  std::string name;
  std::optional<std::string> tenant;                            // whose calls alone it may decide about; none: anyone's
  std::chrono::seconds window = limits::kWebhookWindowDefault;  // how far its clock may be from ours, either way
  std::vector<HmacKey> secrets;                                 // 1 or 2
};

struct WebhookCounts {
  std::string source;
  std::array<std::uint64_t, kSignalFates.size()> fates{};
};
struct WebhookCounters {
  std::vector<WebhookCounts> sources;
  std::uint64_t unknown_source = 0;
};

// A source's memory and counts outlive a change of its secrets.
struct WebhookRecord {
  explicit WebhookRecord(std::int64_t oldest_s) : replays(oldest_s) {}
  void count(SignalFate fate) { fates.at(static_cast<std::size_t>(fate)).fetch_add(1, std::memory_order_relaxed); }

  ReplayMemory replays;
  std::array<std::atomic<std::uint64_t>, kSignalFates.size()> fates{};
};

// A request that comes from a source and is fresh.
struct VerifiedSignal {
  std::string source;
  std::optional<std::string> tenant;
  std::int64_t signed_at_s = 0;
  std::int64_t expired_s = 0;  // what was signed before this would not be
  std::shared_ptr<WebhookRecord> record;
};

class WebhookSources {
 public:
  // What was signed before `started` is refused: whatever it asked, it asked of the process before.
  explicit WebhookSources(std::vector<WebhookSource> sources = {}, WallTime started = {});

  // From now on these. A name that stays keeps its memory and its counts.
  void replace(std::vector<WebhookSource> sources);

  // The header of what we send to this one, signed with each of its secrets; nothing: there is no such source.
  std::optional<std::string> sign(std::string_view source, std::string_view body, WallTime now) const;

  Result<VerifiedSignal, Problem> verify(std::string_view source, const HttpRequest& request, WallTime now);

  WebhookCounters counters() const;

 private:
  struct Known {
    WebhookSource source;
    std::shared_ptr<WebhookRecord> record;
  };
  using KnownSource = std::shared_ptr<const Known>;

  KnownSource find(std::string_view name) const;

  const std::int64_t started_s_;
  const HmacKey nobodys_;  // so that a request to nobody takes as long
  std::atomic<std::uint64_t> unknown_source_{0};
  mutable std::mutex mutex_;  // guards sources_
  std::vector<KnownSource> sources_;
};

}  // namespace assent
