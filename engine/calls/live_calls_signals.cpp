// What LiveCalls makes of what a call's signalling says of its people: keys, and what they would like.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/calls/live_calls.h"

namespace assent {
namespace {

bool is_plain(const std::string& said) {
  return !said.empty() && said.size() <= limits::kNameBytes && std::all_of(said.begin(), said.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == ':';
  });
}

}  // namespace

Result<void> LiveCalls::press(CallId id, const std::string& participant, char digit, const Caller& caller) {
  const KnownCall call = known(id);
  if (call == nullptr) return no_such_live_call();
  const auto who = participant_in(*call, participant);
  if (!who) return who.error();
  auto done = link(call->shard)
                  .ask<void>(
                      [id, who = *who, digit, origin = origin_of(caller)](Shard& shard, Now now, Done reply) {
                        LiveCall* live = shard.find(id);
                        if (live == nullptr) return reply(no_such_live_call());
                        live->press(who, digit, origin, now, std::move(reply));
                      },
                      limits::kApiDurableWait);
  if (!done) return done;
  return parts_.eraser.wait_for(id, limits::kApiDurableWait);
}

Result<void> LiveCalls::note_preference(CallId id, const std::string& participant, const std::string& said,
                                        const Caller& caller) {
  const KnownCall call = known(id);
  if (call == nullptr) return no_such_live_call();
  if (!is_plain(said)) return error(Errc::invalid, "a preference is of small letters, digits, '-' and ':'");
  nlohmann::json body{{"origin", origin_of(caller)}, {"said", said}};
  if (!participant.empty()) {
    const auto who = participant_in(*call, participant);
    if (!who) return who.error();
    body["participant"] = to_text(call->participants.at(who->value).id);
  }
  return parts_.writer.book_and_wait(
      {booking::AddLedger{{LedgerKind::preference, read_clocks().wall, id, body.dump()}}});
}

}  // namespace assent
