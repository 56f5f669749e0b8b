#include "pipelines/media_servers.h"

#include <utility>

namespace assent {

MediaServers::MediaServers(CallService& calls, std::function<void(const std::string&)> tell)
    : subscribed_(calls, ng_, std::move(tell)) {
  subscribed_.take_up();
  thread_.emplace("media servers", subscribed_.wake_signal(), [this](MonoTime now) { return subscribed_.step(now); });
}

Result<void> MediaServers::hear_keys(const Endpoint& local, InbandUse tones) {
  const auto press = [this, tones](const LoggedKey& key, const Endpoint& from) { subscribed_.press(key, from, tones); };
  auto log = KeyLog::listen(local, press);
  if (!log) return log.error();
  key_log_ = *std::move(log);
  return {};
}

}  // namespace assent
