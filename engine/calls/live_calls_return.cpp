// How LiveCalls takes up, after a restart, the calls that were in progress.
#include <algorithm>
#include <new>
#include <nlohmann/json.hpp>

#include "engine/calls/live_calls.h"
#include "engine/catalog/lost_audio.h"

namespace assent {
namespace {

constexpr std::size_t kBookedTogether = 256;  // bookings, some four a call, in a transaction

}  // namespace

Result<Return> LiveCalls::come_back() {
  const auto rows = parts_.catalog.calls_in_state(CallState::live);
  if (!rows) return rows.error();
  const WallTime now = read_clocks().wall;
  Return told;
  std::vector<Booking> bookings;
  for (const CallRow& row : *rows) {
    if (const auto back = come_back(row, now, bookings)) {
      ++told.calls;
    } else {
      told.troubles.push_back("the call " + to_text(row.id) + " does not go on: " + back.error().what);
      bookings.push_back(booking::EndCall{row.id, now, CallState::interrupted});
    }
    if (bookings.size() < kBookedTogether && &row != &rows->back()) continue;
    auto booked = parts_.writer.book_and_wait(std::exchange(bookings, {}));
    if (!booked) return booked.error();
  }
  return told;
}

Result<void> LiveCalls::come_back(const CallRow& row, WallTime now, std::vector<Booking>& bookings) {
  auto call = recall(row, now);
  if (!call) return call.error();
  const auto shard = shard_of(call->ports());
  if (!shard) return shard.error();

  auto entry = std::make_shared<Known>();
  entry->shard = *shard;
  entry->ref = call->ref;
  entry->tenant_name = call->tenant_name;
  entry->tenant = row.tenant;
  entry->call_key = call->call_key;
  entry->defaults = std::make_shared<const PipelineDefaults>(
      PipelineDefaults{call->terms.consent, call->terms.default_purposes, {call->terms.rules, {}}, call->terms.notice});
  entry->created = row.created;
  entry->participants = call->participants;
  entry->legs = call->legs;
  entry->ended = call->ended;
  entry->replaced = call->replaced;
  entry->left = call->left;
  entry->signalled = call->signalled;
  // A quota that has become smaller ends no call.
  if (auto place = parts_.quota.take(call->tenant_name)) entry->place = *std::move(place);
  if (call->recording) {
    entry->lost_before =
        with_interruption(call->recording->lost_json, call->recording->ended.value_or(row.created), now);
  }
  const bool asks_file = std::any_of(call->call.participants.begin(), call->call.participants.end(),
                                     [](const CallParticipant& one) { return !one.standing.empty(); });
  // A leg that came just before the crash may have been told to nobody; it has ports only now.
  const bool has_new_ports = call->ports().size() + call->replaced.size() != call->legs.size();
  const auto opened = open(*shard, std::move(call->call));
  if (!opened) return opened.error();
  if (has_new_ports) {
    const auto key = parts_.keys.open(entry->call_key);
    if (!key) {
      abort(*shard, row.id);
      return key.error();
    }
    note_ports(*entry, *opened, *key->key, bookings);
  }
  nlohmann::json body{{"came_back", true}};
  if (call->recording) {
    body["recording"] = to_text(call->recording->id);
    bookings.push_back(booking::ReopenRecording{call->recording->id, entry->lost_before});
  }
  bookings.push_back(booking::AddLedger{{LedgerKind::recovery, now, row.id, body.dump()}});
  {
    const std::lock_guard lock(mutex_);
    spread_.add(*shard);
    known_[row.id] = std::move(entry);
  }
  expect_handshakes(row.id);
  if (asks_file) grant_standing(*shard, row.id);
  for (const StandingId standing : call->taken_back) {
    if (auto withdrawn = withdraw_standing(standing, Caller{"engine"}); !withdrawn) return withdrawn;
  }
  return {};
}

Result<ReturningCall> LiveCalls::recall(const CallRow& row, WallTime now) {
  try {
    return CallReturn(parts_.catalog, parts_.keys, parts_.purposes, admission_).recall(row, now);
  } catch (const std::bad_alloc&) {
    return error(Errc::exhausted, "no locked memory is left for its keys: capacity.calls is less than it was");
  }
}

// Ports are given to shards by the range of each, which the settings may have changed since.
Result<ShardId> LiveCalls::shard_of(const std::vector<LegPorts>& ports) const {
  if (ports.empty()) return ShardId(0);
  for (std::size_t i = 0; i < parts_.shards.size(); ++i) {
    const PortSpan& span = parts_.shards[i].rtp_ports;
    const bool has_all = std::all_of(ports.begin(), ports.end(), [&](const LegPorts& leg) {
      return leg.rtp >= span.first && leg.rtcp <= span.last;
    });
    if (has_all) return ShardId(static_cast<std::uint32_t>(i));
  }
  return error(Errc::conflict,
               "no shard has its ports, since listen.rtp_ports, capacity.calls or threads.shards "
               "has changed");
}

}  // namespace assent
