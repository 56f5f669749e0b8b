#include "pipelines/datagram_sources.h"

#include <utility>

#include "engine/ingest/steered_source.h"
#include "engine/ingest/udp_source.h"
#include "pipelines/quantity.h"

namespace assent {

Result<DatagramSources> DatagramSources::create(const PipelineSettings& settings, std::size_t shards) {
  DatagramSources sources(settings.listen.rtp_address);
  if (settings.media.sockets == pipeline::Sockets::per_leg) {
    sources.report_.emplace_back("RTP: one socket a port, as media.sockets says");
    return sources;
  }
  const std::size_t legs = settings.capacity.calls * settings.capacity.legs_per_call;
  const std::size_t wanted_bytes = limits::steered_buffer_bytes((legs + shards - 1) / shards);
  auto steering = PortSteering::create({settings.listen.rtp_address, shards, wanted_bytes});
  if (!steering) {
    if (settings.media.sockets == pipeline::Sockets::steered) {
      return error(steering.error().code, "media.sockets is \"steered\", but " + steering.error().what);
    }
    sources.report_.push_back("RTP: one socket a port, because " + steering.error().what);
    return sources;
  }
  sources.steering_ = std::move(*steering);
  sources.report_.emplace_back("RTP: all ports steered to one socket a shard");
  if (const std::size_t granted = sources.steering_->buffer_bytes(); granted < wanted_bytes) {
    sources.report_.push_back("the buffer of an RTP socket is " + size_text(granted) + " instead of " +
                              size_text(wanted_bytes) + ": raise net.core.rmem_max, or a short stall loses packets");
  }
  return sources;
}

Result<std::unique_ptr<DatagramSource>> DatagramSources::source(std::size_t shard, PortRange ports,
                                                                BlockPool& pool) const {
  if (steering_) {
    const SteeredShard steered(static_cast<std::uint8_t>(shard));
    return std::unique_ptr<DatagramSource>(
        std::make_unique<SteeredSource>(*steering_, steered, std::move(ports), pool));
  }
  auto bound = UdpSource::create(address_, std::move(ports), pool);
  if (!bound) return bound.error();
  return std::unique_ptr<DatagramSource>(std::move(*bound));
}

std::string why_not_steered() {
  const auto steering = PortSteering::create({*parse_address("127.0.0.1", 0), 1, limits::kSteeredBufferMinBytes});
  return steering ? std::string() : steering.error().what;
}

}  // namespace assent
