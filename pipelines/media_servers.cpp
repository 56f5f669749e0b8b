#include "pipelines/media_servers.h"

#include <utility>

namespace assent {

MediaServers::MediaServers(CallService& calls, std::function<void(const std::string&)> tell)
    : subscribed_(calls, ng_, std::move(tell)) {
  subscribed_.take_up();
  thread_.emplace("media servers", subscribed_.wake_signal(), [this](MonoTime now) { return subscribed_.step(now); });
}

}  // namespace assent
