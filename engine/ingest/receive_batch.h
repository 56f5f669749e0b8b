// ReceiveBatch: one recvmmsg's worth of datagrams, received straight into blocks of the arena.
//
// Owns up to limits::kReceiveBatch blocks; they stay between receptions, and a place whose block was taken gets
// another. Without blocks datagrams are discarded, and all of them but the first byte inside the kernel: audio is never
// copied to memory that is not the arena's, and the first byte of RTP is its version. Knows nothing of legs. The thread
// of its source alone uses it.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/endpoint.h"
#include "base/limits.h"
#include "engine/block_pool.h"

namespace assent {

class ReceiveBatch {
 public:
  enum class Destinations : std::uint8_t { unasked, told };  // told: the socket's `tell_destinations` was called
  explicit ReceiveBatch(Destinations destinations);
  ReceiveBatch(const ReceiveBatch&) = delete;
  ReceiveBatch& operator=(const ReceiveBatch&) = delete;

  // Readies places with a block each, from the first on; how many, fewer than all when the pool has no more.
  std::size_t prepare(BlockPool& pool);
  // Readies every place to discard what is received there; how many.
  std::size_t prepare_to_discard();

  // Takes what has come, into the first `places` places, without waiting. How many came; nothing when the socket
  // failed, which is over with the call.
  std::optional<std::size_t> receive(int fd, std::size_t places);

  // Of what came, by place. A block not taken is received into again.
  std::size_t bytes(std::size_t place) const { return heads_[place].msg_len; }
  bool truncated(std::size_t place) const { return (heads_[place].msg_hdr.msg_flags & MSG_TRUNC) != 0; }
  const std::optional<Endpoint>& source(std::size_t place) const { return sources_[place]; }
  std::uint16_t destination_port(std::size_t place) const { return destination_ports_[place]; }  // 0: it was not told
  BlockRef take(std::size_t place) { return std::move(blocks_[place]); }

 private:
  // The largest destination told: one control message with an IPv6 socket address.
  static constexpr std::size_t kControlBytes = CMSG_SPACE(sizeof(sockaddr_in6));
  struct alignas(cmsghdr) Control {
    std::array<std::uint8_t, kControlBytes> bytes;
  };

  void ready(std::size_t place);
  std::uint16_t told_port(std::size_t place) const;

  Destinations destinations_;
  std::array<mmsghdr, limits::kReceiveBatch> heads_{};
  std::array<iovec, limits::kReceiveBatch> memory_{};
  std::array<sockaddr_in6, limits::kReceiveBatch> from_{};  // large enough for both families
  std::array<Control, limits::kReceiveBatch> control_{};
  std::array<BlockRef, limits::kReceiveBatch> blocks_;
  // Read as soon as all have come, not when each has its turn: by then a core still waits for the memory that the
  // datagram before wrote to, and these would wait with it.
  std::array<std::optional<Endpoint>, limits::kReceiveBatch> sources_;
  std::array<std::uint16_t, limits::kReceiveBatch> destination_ports_{};
  // What all discard into: a socket that is in a sockmap takes nothing from its queue for a reader without a byte.
  std::uint8_t nowhere_ = 0;
  std::size_t stale_ = limits::kReceiveBatch;  // places from the first on that the last use left unready
};

}  // namespace assent
