#include "engine/calls/dtls_desk.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace assent {
namespace {

SharedSrtpTerms terms_of(DtlsSrtpKeys&& keys, const DtlsFingerprint& peer) {
  auto terms = std::make_shared<SrtpTerms>();
  terms->suite = keys.suite;
  terms->keys.push_back(std::move(keys.theirs));
  terms->by_dtls = peer;
  return terms;
}

std::uint64_t unfinished_of(const DtlsCounts& counts) {
  return counts.begun - counts.done - counts.failed - counts.given_up;
}

}  // namespace

DtlsDesk::~DtlsDesk() {
  while (take_waiting() != nullptr) {
  }
}

// ---- whom it meets --------------------------------------------------------------------------------------------------

void DtlsDesk::open(const DtlsLeg& leg, const DtlsFingerprint& peer) {
  const std::lock_guard lock(mutex_);
  SeatPtr& seat = seats_[leg.id];
  if (seat == nullptr || seat->peer != peer) seat = std::make_shared<Seat>(leg, *identity_, peer);
}

void DtlsDesk::close(LegId leg) {
  const std::lock_guard lock(mutex_);
  seats_.erase(leg);
}

DtlsDesk::SeatPtr DtlsDesk::seat_of(LegId leg) const {
  const std::lock_guard lock(mutex_);
  const auto found = seats_.find(leg);
  return found == seats_.end() ? nullptr : found->second;
}

// ---- what comes -----------------------------------------------------------------------------------------------------

void DtlsDesk::take(LegId leg, DtlsLook look, ByteView datagram, const Endpoint& from) {
  const std::size_t room = look == DtlsLook::hello ? limits::kDtlsHellosWaiting : limits::kDtlsWaiting;
  if (waiting_.load(std::memory_order_relaxed) >= room) {
    turned_away_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  auto boxed = std::make_unique<Waiting>(Waiting{leg, from, Bytes(datagram.begin(), datagram.end())});
  waiting_.fetch_add(1, std::memory_order_relaxed);
  if (!queue_.push(boxed.get())) {
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  (void)boxed.release();  // the queue owns it now
  wake_.notify();
}

std::unique_ptr<DtlsDesk::Waiting> DtlsDesk::take_waiting() {
  Waiting* waiting = nullptr;
  if (!queue_.pop(waiting)) return nullptr;
  waiting_.fetch_sub(1, std::memory_order_relaxed);
  return std::unique_ptr<Waiting>(waiting);
}

// ---- what is done about it ------------------------------------------------------------------------------------------

MonoTime DtlsDesk::step(MonoTime now) {
  if (now < not_before_) return not_before_;
  Batch batch;
  const std::size_t taken = answer_waiting(now, batch);
  if (now >= next_due_) send_again(now, batch);
  if (taken != 0) not_before_ = now + limits::kDtlsPace;
  for (auto& [shard, answers] : batch) deliver_(shard, std::move(answers));
  return taken != 0 ? not_before_ : next_due_;
}

std::size_t DtlsDesk::answer_waiting(MonoTime now, Batch& batch) {
  std::size_t taken = 0;
  std::uint64_t begun = 0;
  for (; taken < limits::kDtlsTaken && begun < limits::kDtlsBegun; ++taken) {
    const auto waiting = take_waiting();
    if (waiting == nullptr) break;
    if (is_one_too_many(waiting->datagram)) {
      turned_away_.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    // Of a leg that has gone, or is not known yet: the other end asks again.
    const SeatPtr seat = seat_of(waiting->leg);
    if (seat == nullptr) continue;
    const auto receive = [&](DtlsEndpoint& endpoint) {
      return endpoint.receive(waiting->datagram, waiting->from, now);
    };
    begun += work(seat, receive, now, batch).begun;
  }
  return taken;
}

// A hello that would begin a handshake, while as many are under way as there may be.
bool DtlsDesk::is_one_too_many(ByteView datagram) const {
  if (unfinished_ < limits::kDtlsUnderWay) return false;
  const auto hello = parse_client_hello(datagram);
  return hello && !hello->cookie.empty();
}

void DtlsDesk::send_again(MonoTime now, Batch& batch) {
  next_due_ = MonoTime::max();
  unfinished_ = 0;  // of legs that are gone there are none
  for (const SeatPtr& seat : std::exchange(under_way_, {})) {
    const auto due = seat->endpoint.due(now);
    if (!due || seat_of(seat->leg.id) != seat) continue;
    unfinished_ += unfinished_of(seat->endpoint.counts());
    if (*due <= now) {
      (void)work(
          seat, [&](DtlsEndpoint& endpoint) { return endpoint.tick(now); }, now, batch);
    } else {
      look_after(seat, now);
    }
  }
  next_due_ = std::max(next_due_, now + limits::kDtlsLook);
}

void DtlsDesk::look_after(const SeatPtr& seat, MonoTime now) {
  const auto due = seat->endpoint.due(now);
  if (!due) return;
  under_way_.insert(seat);
  next_due_ = std::min(next_due_, *due);
}

DtlsCounts DtlsDesk::work(const SeatPtr& seat, const std::function<DtlsEndpoint::Outcome(DtlsEndpoint&)>& what,
                          MonoTime now, Batch& batch) {
  const DtlsCounts before = seat->endpoint.counts();
  DtlsEndpoint::Outcome outcome = what(seat->endpoint);
  const DtlsCounts since = seat->endpoint.counts() - before;
  unfinished_ += unfinished_of(since);  // modulo 2^64
  {
    const std::lock_guard lock(mutex_);
    counts_ += since;
  }
  look_after(seat, now);
  if (!outcome.agreed && outcome.replies.empty()) return since;
  HandshakeAnswer answer{seat->leg.call, seat->leg.index, nullptr, {}, std::move(outcome.replies)};
  if (outcome.agreed) {
    answer.agreed = terms_of(std::move(outcome.agreed->keys), seat->peer);
    answer.with = outcome.agreed->with;
  }
  batch[seat->leg.shard].push_back({seat->leg, std::move(answer)});
  return since;
}

DtlsDeskCounts DtlsDesk::counts() const {
  const std::lock_guard lock(mutex_);
  return {counts_, turned_away_.load(std::memory_order_relaxed)};
}

}  // namespace assent
