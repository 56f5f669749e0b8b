// DatagramSources: how this process hears its RTP ports, and the source of datagrams of each shard.
//
// Decides, by media.sockets and by what the machine permits, between one steered socket a shard (steered_source.h) and
// one socket a port (udp_source.h). To be made first of all: steering needs capabilities that are given up before there
// are threads. It must outlive its sources. One thread, but each source is its shard's.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "engine/block_pool.h"
#include "engine/ingest/datagram_source.h"
#include "engine/ingest/port_range.h"
#include "engine/ingest/port_steering.h"
#include "pipelines/pipeline_config.h"

namespace assent {

class DatagramSources {
 public:
  // An error only when steering was asked for and is not possible.
  static Result<DatagramSources> create(const PipelineSettings& settings, std::size_t shards);

  bool steered() const { return steering_ != nullptr; }
  const std::vector<std::string>& report() const { return report_; }  // for the start report

  // Of one shard, counted from 0, once for each; no two have a port in common.
  Result<std::unique_ptr<DatagramSource>> source(std::size_t shard, PortRange ports, BlockPool& pool) const;

 private:
  explicit DatagramSources(const Endpoint& address) : address_(address) {}

  Endpoint address_;
  std::unique_ptr<PortSteering> steering_;
  std::vector<std::string> report_;
};

// Why ports cannot be steered here, found out by trying on the loopback address; nothing when they can.
std::string why_not_steered();

}  // namespace assent
