// DtlsDesk: where the handshakes of DTLS-SRTP legs are made, on a thread of their own: one takes far longer than a
// packet, so no shard waits for any.
//
//      shard --datagram--> [ waits here ] --> DtlsEndpoint of its leg --keys and replies--> the leg's shard
//
// It owns an endpoint for each leg that is to be met so, whatever its shard, and the datagrams that wait, at most
// limits::kDtlsWaiting of all legs: more are dropped, as a network drops them, and come again. It has no socket: what
// is to be sent back leaves by the leg's own port, and only once the keys that it tells of are in use there, so that
// nothing is lost of what is said at once.
//
// `take`: a shard's thread; it never waits. `open`, `close`, `counts`: any thread. `step`: one thread, whose `wake` it
// brings; what it hands to `deliver_to` is called there, and may block.
#pragma once

#include <atomic>
#include <boost/lockfree/queue.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/step_thread.h"
#include "crypto/dtls_endpoint.h"
#include "engine/journal/journal_format.h"
#include "engine/shard/shard.h"

namespace assent {

// A leg whose packets come under the keys of a handshake.
struct DtlsLeg {
  ShardId shard;
  CallId call;
  LegId id;
  LegIndex index;
};

struct DtlsAnswer {
  DtlsLeg leg;
  HandshakeAnswer answer;
};

struct DtlsDeskCounts {
  DtlsCounts handshakes;
  std::uint64_t turned_away = 0;  // datagrams for which there was no room
};

class DtlsDesk {
 public:
  // All of a step, of one shard.
  using Deliver = std::function<void(ShardId, std::vector<DtlsAnswer>)>;

  explicit DtlsDesk(std::unique_ptr<DtlsIdentity> identity) : identity_(std::move(identity)) {}
  ~DtlsDesk();
  DtlsDesk(const DtlsDesk&) = delete;
  DtlsDesk& operator=(const DtlsDesk&) = delete;

  // What the other end is to be told of our certificate.
  const DtlsFingerprint& fingerprint() const { return identity_->fingerprint(); }

  // Whoever has this certificate is let in from now on, and nobody else. Again for the same one: nothing changes.
  void open(const DtlsLeg& leg, const DtlsFingerprint& peer);
  // What has begun counts no more.
  void close(LegId leg);

  void take(LegId leg, DtlsLook look, ByteView datagram, const Endpoint& from);

  void deliver_to(Deliver deliver) { deliver_ = std::move(deliver); }  // before the first step
  WakeSignal& wake() { return wake_; }
  // Answers what waits, at most limits::kDtlsTaken datagrams in limits::kDtlsPace, and sends again what is due. When it
  // wants to be stepped again.
  MonoTime step(MonoTime now);

  DtlsDeskCounts counts() const;

 private:
  struct Waiting {
    LegId leg;
    Endpoint from;
    Bytes datagram;
  };
  // A leg, and what is under way for it. The endpoint is the stepping thread's.
  struct Seat {
    Seat(const DtlsLeg& of, const DtlsIdentity& identity, const DtlsFingerprint& expected)
        : leg(of), peer(expected), endpoint(identity, expected) {}

    const DtlsLeg leg;
    const DtlsFingerprint peer;
    DtlsEndpoint endpoint;
  };
  using SeatPtr = std::shared_ptr<Seat>;
  using Batch = std::map<ShardId, std::vector<DtlsAnswer>>;

  std::unique_ptr<Waiting> take_waiting();
  SeatPtr seat_of(LegId leg) const;
  std::size_t answer_waiting(MonoTime now, Batch& batch);
  bool is_one_too_many(ByteView datagram) const;
  void send_again(MonoTime now, Batch& batch);
  void look_after(const SeatPtr& seat, MonoTime now);
  // What it has counted.
  DtlsCounts work(const SeatPtr& seat, const std::function<DtlsEndpoint::Outcome(DtlsEndpoint&)>& what, MonoTime now,
                  Batch& batch);

  const std::unique_ptr<DtlsIdentity> identity_;
  Deliver deliver_;
  WakeSignal wake_;
  boost::lockfree::queue<Waiting*> queue_{limits::kDtlsWaiting};
  std::atomic<std::size_t> waiting_{0};
  std::atomic<std::uint64_t> turned_away_{0};

  std::uint64_t unfinished_ = 0;           // handshakes that are under way; the stepping thread's, and so are ...
  std::set<SeatPtr> under_way_;            // ... the seats that have some, ...
  MonoTime next_due_ = MonoTime::max();    // ... when the first of them wants to be looked at again, ...
  MonoTime not_before_ = MonoTime::min();  // ... and when more of what waits may be taken

  mutable std::mutex mutex_;  // guards the two below
  std::unordered_map<LegId, SeatPtr> seats_;
  DtlsCounts counts_;
};

}  // namespace assent
