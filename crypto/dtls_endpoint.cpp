#include "crypto/dtls_endpoint.h"

#include <algorithm>

#include "base/address_range.h"
#include "base/limits.h"

namespace assent {
namespace {

constexpr std::uint64_t DtlsCounts::*kCounts[] = {&DtlsCounts::hellos, &DtlsCounts::begun,   &DtlsCounts::done,
                                                  &DtlsCounts::failed, &DtlsCounts::dropped, &DtlsCounts::given_up};

bool are_neighbours(const Endpoint& one, const Endpoint& other) {
  return one.is_v4() == other.is_v4() && network_of(one) == network_of(other);
}

}  // namespace

DtlsCounts& DtlsCounts::operator+=(const DtlsCounts& more) {
  for (const auto count : kCounts) this->*count += more.*count;
  return *this;
}

DtlsCounts DtlsCounts::operator-(const DtlsCounts& before) const {
  DtlsCounts since = *this;
  for (const auto count : kCounts) since.*count -= before.*count;
  return since;
}

DtlsEndpoint::Outcome DtlsEndpoint::receive(ByteView datagram, const Endpoint& from, MonoTime now) {
  Outcome outcome;
  const auto hello = parse_client_hello(datagram);
  if (hello && !is_under_way(*hello, from)) {
    take_hello(*hello, from, now, outcome);
  } else {
    pass_on(admissible_records(datagram), from, outcome);
  }
  remove_failed();
  return outcome;
}

// It did not hear the answer.
bool DtlsEndpoint::is_under_way(const DtlsClientHello& hello, const Endpoint& from) const {
  return std::ranges::any_of(sources_, [&](const Source& source) {
    return source.from == from && std::ranges::equal(source.random, hello.random);
  });
}

void DtlsEndpoint::take_hello(const DtlsClientHello& hello, const Endpoint& from, MonoTime now, Outcome& outcome) {
  if (!identity_.is_good(hello.cookie, from, now)) {
    // The answer has the hello's number, and would make all that follows old to whom it reaches.
    if (hello.number > limits::kDtlsHelloNumber) {
      ++counts_.dropped;
      return;
    }
    ++counts_.hellos;
    outcome.replies.push_back({from, hello_verify_request(hello, identity_.cookie_for(from, now))});
    return;
  }
  make_room_for(from);
  auto begun = DtlsHandshake::begin(identity_, peer_, hello);
  if (!begun) return;
  ++counts_.begun;
  sources_.push_back({from, Bytes(hello.random.begin(), hello.random.end()), now, *std::move(begun)});
  collect(sources_.back(), outcome);
}

// What is not of a handshake, it leaves alone.
void DtlsEndpoint::pass_on(const std::vector<ByteView>& records, const Endpoint& from, Outcome& outcome) {
  bool is_known = false;
  for (Source& source : sources_) {
    if (records.empty() || source.from != from) continue;
    is_known = true;
    for (const ByteView record : records) source.handshake->receive(record);
    collect(source, outcome);
  }
  if (!is_known) ++counts_.dropped;
}

// The oldest of the same host (network_of) goes before any other's.
void DtlsEndpoint::make_room_for(const Endpoint& from) {
  const auto is_neighbour = [&](const Source& source) { return are_neighbours(source.from, from); };
  const bool too_many_here = std::count_if(sources_.begin(), sources_.end(), is_neighbour) >=
                             static_cast<std::ptrdiff_t>(limits::kDtlsSourcesOfAddress);
  if (!too_many_here && sources_.size() < limits::kDtlsSources) return;
  const auto oldest = too_many_here ? std::find_if(sources_.begin(), sources_.end(), is_neighbour) : sources_.begin();
  if (!oldest->is_told) ++counts_.given_up;
  sources_.erase(oldest);
}

// Who gets no keys is not told that there are some.
void DtlsEndpoint::collect(Source& source, Outcome& outcome) {
  std::vector<Bytes> output = source.handshake->take_output();
  if (source.handshake->state() == DtlsHandshake::State::done && !source.is_told) {
    source.is_told = true;
    auto keys = source.handshake->keys();
    if (!keys) {  // they have no use for SRTP, or there is no memory
      ++counts_.failed;
      return;
    }
    ++counts_.done;
    outcome.agreed.emplace(Agreed{source.from, *std::move(keys)});
  }
  for (Bytes& datagram : output) outcome.replies.push_back({source.from, std::move(datagram)});
}

void DtlsEndpoint::remove_failed() {
  counts_.failed += std::erase_if(
      sources_, [](const Source& source) { return source.handshake->state() == DtlsHandshake::State::failed; });
}

DtlsEndpoint::Outcome DtlsEndpoint::tick(MonoTime now) {
  Outcome outcome;
  for (Source& source : sources_) {
    source.handshake->retransmit();
    collect(source, outcome);
  }
  remove_failed();
  std::erase_if(sources_, [&](const Source& source) {
    const bool is_over = now - source.begun >= limits::kDtlsHandshakeTime;
    if (is_over && !source.is_told) ++counts_.given_up;
    return is_over;
  });
  return outcome;
}

std::optional<MonoTime> DtlsEndpoint::due(MonoTime now) const {
  std::optional<MonoTime> due;
  for (const Source& source : sources_) {
    MonoTime wanted = source.begun + limits::kDtlsHandshakeTime;
    if (const auto wait = source.handshake->wait()) wanted = std::min(wanted, now + *wait);
    due = due ? std::min(*due, wanted) : wanted;
  }
  return due;
}

}  // namespace assent
