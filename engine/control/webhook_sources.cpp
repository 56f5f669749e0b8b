#include "engine/control/webhook_sources.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "crypto/constant_time.h"
#include "crypto/random.h"
#include "engine/control/webhook_signature.h"

namespace assent {
namespace {

std::int64_t seconds_of(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

bool is_signed_by(const HmacKey& secret, const WebhookSignature& signature, std::string_view body) {
  const HmacSha256 right = secret.sign({bytes_of(signature.time_text), bytes_of("."), bytes_of(body)});
  bool found = false;
  for (const HmacSha256& tag : signature.tags) found = equal_constant_time(right, tag) || found;
  return found;
}

Problem unsigned_problem() {
  return {ProblemType::bad_signature,
          "no source signed this: send Assent-Signature: t=SECONDS,v1=HEX, the HMAC-SHA256 of SECONDS.BODY with the "
          "source's secret",
          {}};
}

}  // namespace

WebhookSources::WebhookSources(std::vector<WebhookSource> sources, WallTime started)
    : started_s_(seconds_of(started)), nobodys_(random_32()) {
  replace(std::move(sources));
}

void WebhookSources::replace(std::vector<WebhookSource> sources) {
  std::vector<KnownSource> next;
  for (WebhookSource& source : sources) {
    const KnownSource before = find(source.name);
    auto record = before ? before->record : std::make_shared<WebhookRecord>(started_s_);
    next.push_back(std::make_shared<const Known>(Known{std::move(source), std::move(record)}));
  }
  const std::lock_guard lock(mutex_);
  sources_ = std::move(next);
}

WebhookSources::KnownSource WebhookSources::find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(sources_.begin(), sources_.end(),
                                  [name](const KnownSource& known) { return known->source.name == name; });
  return found == sources_.end() ? nullptr : *found;
}

std::optional<std::string> WebhookSources::sign(std::string_view source, std::string_view body, WallTime now) const {
  const KnownSource known = find(source);
  if (known == nullptr) return std::nullopt;
  const std::string time = std::to_string(seconds_of(now));
  std::string header = "t=" + time;
  for (const HmacKey& secret : known->source.secrets) {
    header += ",v1=" + to_hex(secret.sign({bytes_of(time), bytes_of("."), bytes_of(body)}));
  }
  return header;
}

Result<VerifiedSignal, Problem> WebhookSources::verify(std::string_view source, const HttpRequest& request,
                                                       WallTime now) {
  const KnownSource known = find(source);
  const auto header = request.headers.find(std::string(kSignatureHeader));
  const auto signature =
      header == request.headers.end() ? std::nullopt : parse_webhook_signature(std::string_view(header->second));
  bool is_signed = false;
  if (signature && known == nullptr) (void)is_signed_by(nobodys_, *signature, request.body);
  if (signature && known != nullptr) {
    for (const HmacKey& secret : known->source.secrets) {
      is_signed = is_signed_by(secret, *signature, request.body) || is_signed;
    }
  }
  if (known == nullptr) {
    unknown_source_.fetch_add(1, std::memory_order_relaxed);
    return unsigned_problem();
  }
  if (!is_signed) {
    known->record->count(SignalFate::bad_signature);
    return unsigned_problem();
  }
  const std::int64_t now_s = seconds_of(now);
  const std::int64_t window_s = known->source.window.count();
  if (signature->signed_at_s < now_s - window_s || signature->signed_at_s > now_s + window_s) {
    known->record->count(SignalFate::stale);
    return Problem{ProblemType::stale_signature,
                   "it was signed more than " + std::to_string(window_s) +
                       " s before or after now, by this engine's clock: sign it anew, or set the clocks right",
                   {}};
  }
  return VerifiedSignal{known->source.name, known->source.tenant, signature->signed_at_s, now_s - window_s,
                        known->record};
}

WebhookCounters WebhookSources::counters() const {
  WebhookCounters counters;
  counters.unknown_source = unknown_source_.load(std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  for (const KnownSource& known : sources_) {
    WebhookCounts counts{known->source.name, {}};
    for (std::size_t i = 0; i < counts.fates.size(); ++i) {
      counts.fates[i] = known->record->fates[i].load(std::memory_order_relaxed);
    }
    counters.sources.push_back(std::move(counts));
  }
  return counters;
}

}  // namespace assent
