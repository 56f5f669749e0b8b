#include "pipelines/webhook_config.h"

#include <algorithm>

#include "engine/control/tokens.h"

namespace assent {
namespace {

constexpr std::string_view kPlaces = "secret_file = \"ivr.secret\" or secret_env = \"ASSENT_IVR_SECRET\"";

std::optional<pipeline::Webhook> read_webhook(SectionReader&& section) {
  pipeline::Webhook webhook;
  section.require("name", "a name such as \"ivr\", which stands in its path and on record");
  webhook.name = section.take_text("name", limits::kNameBytes).value_or("");
  webhook.tenant = section.take_text("tenant", limits::kRefBytes);
  section.take("window", webhook.window, {limits::kWebhookWindowMin, limits::kWebhookWindowMax});
  const auto secret = take_secret_place(section, "secret_file", "secret_env");
  webhook.previous = take_secret_place(section, "previous_secret_file", "previous_secret_env");
  section.finish();
  if (!section.has("secret_file") && !section.has("secret_env")) {
    section.refuse(section.place_of("secret_file"), "secret_file", "is missing", std::string(kPlaces));
  }
  if (!webhook.name.empty() && !is_token_id(webhook.name)) {
    section.refuse(section.place_of("name"), "name", in_quotes(webhook.name) + " is not a webhook's name",
                   "1 to 64 of a-z, 0-9, '.', '_' and '-'");
    return std::nullopt;
  }
  if (webhook.name.empty() || !secret) return std::nullopt;
  webhook.secret = *secret;
  return webhook;
}

}  // namespace

std::optional<pipeline::SecretPlace> take_secret_place(SectionReader& section, std::string_view file_key,
                                                       std::string_view env_key) {
  using Kind = pipeline::SecretPlace::Kind;
  const auto file = section.take_text(file_key, limits::kRefBytes);
  const auto variable = section.take_text(env_key, limits::kRefBytes);
  if (section.has(file_key) && section.has(env_key)) {
    section.refuse(section.place_of(env_key), env_key, "cannot stand beside " + std::string(file_key),
                   "one of the two");
    return std::nullopt;
  }
  if (file) return pipeline::SecretPlace{Kind::file, *file};
  if (variable) return pipeline::SecretPlace{Kind::environment, *variable};
  return std::nullopt;
}

std::vector<pipeline::Webhook> read_webhooks(SectionReader& document, ConfigErrors& errors) {
  std::vector<pipeline::Webhook> webhooks;
  for (const TomlValue* table : document.take_tables("webhooks")) {
    auto webhook = read_webhook(SectionReader(*table, "webhooks", errors));
    if (!webhook) continue;
    const bool twice = std::any_of(webhooks.begin(), webhooks.end(),
                                   [&](const pipeline::Webhook& other) { return other.name == webhook->name; });
    if (twice) {
      errors.push_back({table->place, "webhooks.name: " + in_quotes(webhook->name) + " stands there twice",
                        "each name once; a second secret is previous_secret_file"});
    } else if (webhooks.size() == limits::kWebhooks) {
      errors.push_back(
          {table->place, "webhooks: this is one too many", "at most " + std::to_string(limits::kWebhooks)});
    } else {
      webhooks.push_back(std::move(*webhook));
    }
  }
  return webhooks;
}

}  // namespace assent
