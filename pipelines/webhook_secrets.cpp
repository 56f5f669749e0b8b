#include "pipelines/webhook_secrets.h"

#include <new>
#include <optional>

#include "pipelines/secret_text.h"

namespace assent {
namespace {

Error refuse(Errc code, const std::string& owner, const std::string& why) {
  return error(code, "the secret of " + owner + ": " + why);
}

Result<HmacKey> read_secret(const std::string& owner, const pipeline::SecretPlace& place, const StateFolder& state) {
  std::optional<HmacKey> key;
  const Bounds<std::size_t> bytes{limits::kWebhookSecretBytesMin, limits::kWebhookSecretBytesMax};
  auto used = use_secret(owner, place, state, bytes, [&](std::string_view text) { key.emplace(bytes_of(text)); });
  if (!used) return used.error();
  return *std::move(key);
}

Result<WebhookSource> open_webhook(const pipeline::Webhook& webhook, const std::string& owner,
                                   const StateFolder& state) {
  WebhookSource source;
  source.name = webhook.name;
  source.tenant = webhook.tenant;
  source.window = std::chrono::ceil<std::chrono::seconds>(webhook.window);
  auto secret = read_secret(owner, webhook.secret, state);
  if (!secret) return secret.error();
  source.secrets.push_back(std::move(*secret));
  if (!webhook.previous) return source;
  auto previous = read_secret(owner, *webhook.previous, state);
  if (!previous) return previous.error();
  source.secrets.push_back(std::move(*previous));
  return source;
}

bool share_a_secret(const WebhookSource& a, const WebhookSource& b) {
  for (const HmacKey& one : a.secrets) {
    for (const HmacKey& other : b.secrets) {
      if (one == other) return true;
    }
  }
  return false;
}

}  // namespace

Result<std::vector<WebhookSource>> open_webhooks(const std::vector<pipeline::Webhook>& webhooks,
                                                 const StateFolder& state, const std::string& kind) {
  std::vector<WebhookSource> sources;
  try {
    for (const pipeline::Webhook& webhook : webhooks) {
      const std::string owner = kind + " " + webhook.name;
      auto source = open_webhook(webhook, owner, state);
      if (!source) return source.error();
      for (const WebhookSource& other : sources) {
        if (share_a_secret(*source, other)) {
          return refuse(Errc::invalid, owner, "is that of " + kind + " " + other.name + ", too; each needs its own");
        }
      }
      sources.push_back(std::move(*source));
    }
  } catch (const std::bad_alloc&) {
    return error(Errc::exhausted, "no locked memory is left for the " + kind + "s' secrets");
  }
  return sources;
}

}  // namespace assent
