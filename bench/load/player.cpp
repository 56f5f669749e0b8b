#include "bench/load/player.h"

#include "bench/load/frame_player.h"
#include "bench/load/socket_player.h"

namespace assent::load {

Result<std::unique_ptr<Player>> Player::create(const PlayerSettings& settings) {
  return settings.via == Via::xdp ? FramePlayer::create(settings) : SocketPlayer::create(settings);
}

}  // namespace assent::load
