#include "pipelines/webhook_secrets.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <new>

#include "base/small_file.h"
#include "crypto/wipe.h"

namespace assent {
namespace {

Error refuse(Errc code, const std::string& owner, const std::string& why) {
  return error(code, "the secret of " + owner + ": " + why);
}

// Without the line's end that an editor leaves behind the secret.
Result<HmacKey> key_of(const std::string& owner, const std::string& place, std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.size() < limits::kWebhookSecretBytesMin || text.size() > limits::kWebhookSecretBytesMax) {
    return refuse(Errc::invalid, owner,
                  place + " must hold " + std::to_string(limits::kWebhookSecretBytesMin) + " to " +
                      std::to_string(limits::kWebhookSecretBytesMax) + " bytes, such as `openssl rand -hex 32` makes");
  }
  return HmacKey(bytes_of(text));
}

Result<HmacKey> read_file(const std::string& owner, const std::filesystem::path& path) {
  const OpenFile file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (file.fd < 0 && errno == ENOENT) return refuse(Errc::not_found, owner, "there is no file " + path.string());
  if (file.fd < 0) return os_error("open the secret of " + owner + ", " + path.string(), errno);
  struct stat about {};
  if (::fstat(file.fd, &about) != 0) return os_error("look at " + path.string(), errno);
  if (!S_ISREG(about.st_mode) || (about.st_mode & 077) != 0) {
    return refuse(Errc::denied, owner,
                  path.string() + " must be a file that only its owner may read: chmod 600 " + path.string());
  }
  std::array<char, limits::kWebhookSecretBytesMax + 3> text;  // with a line's end, and one byte too many
  const auto size = read_whole(file, text, "read " + path.string());
  if (!size) return size.error();
  auto key = key_of(owner, path.string(), {text.data(), *size});
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), *size});
  return key;
}

Result<HmacKey> read_secret(const std::string& owner, const pipeline::SecretPlace& place, const StateFolder& state) {
  if (place.kind == pipeline::SecretPlace::Kind::file) return read_file(owner, state.webhook_secret(place.where));
  const char* value = std::getenv(place.where.c_str());
  if (value == nullptr) return refuse(Errc::not_found, owner, "the variable " + place.where + " is not set");
  return key_of(owner, "the variable " + place.where, value);
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
