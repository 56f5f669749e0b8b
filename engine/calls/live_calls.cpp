#include "engine/calls/live_calls.h"

#include <algorithm>
#include <iterator>
#include <new>
#include <nlohmann/json.hpp>

#include "engine/calls/call_closing.h"
#include "engine/calls/call_memory.h"
#include "engine/catalog/person_fields.h"

namespace assent {
namespace {

// A disk that stalls longer than this gets the caller an answer that says so; the work goes on.
constexpr std::chrono::seconds kSettlePatience = limits::kApiDurableWait;

bool is_plain_reason(const std::string& reason) {
  return !reason.empty() && reason.size() <= 64 && std::all_of(reason.begin(), reason.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ' ' || c == '-' || c == '_';
  });
}

std::string tenant_name(const CallSpec& spec) { return spec.tenant.empty() ? "default" : spec.tenant; }

}  // namespace

std::string origin_of(const Caller& caller) {
  switch (caller.by) {
    case Caller::By::token: return "token:" + caller.token_id;
    case Caller::By::webhook: return "webhook:" + caller.token_id;
    case Caller::By::trunk: return "trunk:" + caller.token_id;
    case Caller::By::rtpengine: return "rtpengine:" + caller.token_id;
  }
  return caller.token_id;
}

Error no_such_live_call() { return error(Errc::not_found, "no such call is in progress"); }

LiveCalls::LiveCalls(Parts parts)
    : parts_(std::move(parts)),
      admission_(parts_.catalog, parts_.keys, parts_.purposes),
      defaults_(std::make_shared<const PipelineDefaults>(std::move(parts_.defaults))),
      spread_(parts_.shards.size()) {}

// ---- calls come ---------------------------------------------------------------------------------------------------

Result<AdmittedCall> LiveCalls::admit(const CallSpec& spec, const PipelineDefaults& defaults) {
  try {
    return admission_.prepare(spec, defaults, read_clocks().wall);
  } catch (const std::bad_alloc&) {
    return error(Errc::exhausted, "no locked memory is left for another call's keys: try again when a call has ended");
  }
}

Result<CallView> LiveCalls::create_call(const CallSpec& spec, const Caller&) {
  {
    const std::lock_guard lock(mutex_);
    if (refusing_) return error(Errc::unavailable, "the engine is being stopped and takes no new calls");
  }
  if (auto admitted = parts_.overload.admit(); !admitted) return admitted.error();
  auto place = parts_.quota.take(tenant_name(spec));
  if (!place) return place.error();
  auto id = start(spec, *place);
  // Two first calls of one tenant or subject race for the same row: the one that lost finds the winner's next time. So
  // does one whose keys were being replaced.
  for (int time = 1; time < limits::kBookingTries && !id && id.error().code == Errc::conflict; ++time) {
    id = start(spec, *place);
  }
  if (!id) return id.error();
  return call(*id);
}

LiveCalls::KnownCall LiveCalls::known_from(ShardId shard, const CallSpec& spec, const AdmittedCall& admitted,
                                           const QuotaPlace& place, Defaults defaults) {
  const CallIdentity& identity = admitted.call.identity;
  auto entry = std::make_shared<Known>();
  entry->shard = shard;
  entry->ref = spec.ref;
  entry->tenant_name = tenant_name(spec);
  entry->place = place;
  entry->tenant = identity.tenant;
  entry->call_key = admitted.call_key.id;
  entry->defaults = std::move(defaults);
  entry->created = identity.created;
  entry->participants = admitted.participants;
  entry->signalled = spec.signalled;
  for (std::size_t i = 0; i < spec.legs.size(); ++i) entry->legs.emplace_back(admitted.call.legs[i].id, spec.legs[i]);
  return entry;
}

// Counts a call from before its shard has it, so that calls that start at the same time spread, too.
class LiveCalls::Seat {
 public:
  Seat(LiveCalls& calls, ShardId shard) : calls_(calls), shard_(shard) {
    const std::lock_guard lock(calls_.mutex_);
    calls_.spread_.add(shard_);
  }
  ~Seat() {
    if (kept_) return;
    const std::lock_guard lock(calls_.mutex_);
    calls_.spread_.remove(shard_);
  }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

  void keep() { kept_ = true; }  // until the call is forgotten

 private:
  LiveCalls& calls_;
  ShardId shard_;
  bool kept_ = false;
};

std::vector<ShardId> LiveCalls::shards_by_calls() const {
  const std::lock_guard lock(mutex_);
  return spread_.by_calls();
}

LiveCalls::Defaults LiveCalls::defaults() const {
  const std::lock_guard lock(mutex_);
  return defaults_;
}

OnWithdraw LiveCalls::on_withdraw(const CallRow& call) const {
  const auto key = parts_.keys.open(call.key);
  const auto settings = key ? open_call_settings(*key->key, call) : Result<std::string>(key.error());
  const auto said = settings ? on_withdraw_from(*settings) : Result<OnWithdraw>(settings.error());
  return said ? *said : defaults()->consent.on_withdraw;
}

Result<CallId> LiveCalls::start(const CallSpec& spec, const QuotaPlace& place) {
  const Defaults current = defaults();
  Error full = error(Errc::exhausted, "no shard has room for another call");
  for (const ShardId shard : shards_by_calls()) {
    Seat seat(*this, shard);
    // Anew for each shard: one that has no room has used up what it was handed.
    auto admitted = admit(spec, *current);
    if (!admitted) return admitted.error();
    KnownCall entry = known_from(shard, spec, *admitted, place, current);
    const CallId id = admitted->call.identity.id;
    const bool on_file = std::any_of(admitted->call.participants.begin(), admitted->call.participants.end(),
                                     [](const CallParticipant& one) { return !one.standing.empty(); });
    // The ports first: a call that finds no room must leave nothing behind. Nobody is told them before it is booked.
    const auto opened = open(shard, std::move(admitted->call));
    if (!opened && opened.error().code != Errc::exhausted) return opened.error();
    if (!opened) {
      full = opened.error();
      continue;
    }
    note_ports(*entry, *opened, *admitted->call_key.key, admitted->bookings);
    if (auto booked = parts_.writer.book_and_wait(std::move(admitted->bookings)); !booked) {
      abort(shard, id);
      return booked.error();
    }
    seat.keep();
    {
      const std::lock_guard lock(mutex_);
      known_[id] = std::move(entry);
    }
    expect_handshakes(id);
    if (on_file) grant_standing(shard, id);
    return id;
  }
  if (parts_.shards.size() == 1) return full;
  return error(Errc::exhausted, "no shard has room for the call; the last one says: " + full.what);
}

Result<std::vector<LegPorts>> LiveCalls::open(ShardId shard, NewCall call) {
  auto shared = std::make_shared<NewCall>(std::move(call));
  return link(shard).ask_now<std::vector<LegPorts>>(
      [shared](Shard& one, Now now) { return one.add_call(std::move(*shared), now); });
}

// What is on file is granted once the call is booked, which its records refer to. That it cannot be granted is no
// reason to turn the call away: then its person is asked.
void LiveCalls::grant_standing(ShardId shard, CallId id) {
  (void)link(shard).ask<void>(
      [id](Shard& one, Now now, Done reply) {
        LiveCall* live = one.find(id);
        if (live == nullptr) return reply({});
        live->grant_standing(now, std::move(reply));
      },
      limits::kApiDurableWait);
}

void LiveCalls::abort(ShardId shard, CallId id) {
  // Over before the answer: where the call tries again, its place must not be taken by what it left behind.
  (void)link(shard).ask<void>([id](Shard& one, Now now, const Done& reply) {
    if (auto ended = one.end_call(id, now, [reply](const FinishedCall&) { reply({}); }); !ended) reply(ended);
  });
}

// ---- what is said -------------------------------------------------------------------------------------------------

Result<std::vector<ConsentRecordView>> LiveCalls::decide(CallId id, const ConsentSpec& spec, const Caller& caller) {
  const KnownCall call = known(id);
  if (call == nullptr) return no_such_live_call();
  const auto decision = parse_decision(spec.decision);
  if (!decision || *decision == Decision::expired) {
    return error(Errc::invalid, "decision: \"" + spec.decision + "\" is none of granted, denied, withdrawn");
  }
  const auto signal = parse_signal_type(spec.signal_type);
  if (!signal || !comes_from_outside(*signal)) {
    return error(Errc::invalid, "signal.type: \"" + spec.signal_type + "\" is none of api, dtmf, voice, web, siprec");
  }
  auto purposes = parts_.purposes.set_of(spec.purposes);
  if (!purposes) return purposes.error();
  if (purposes->empty() && *decision == Decision::granted) purposes = call->defaults->default_purposes;

  const auto who = participant_in(*call, spec.participant);
  if (!who) return who.error();
  DecisionTerms terms;
  if (spec.validity) terms.validity.time = *spec.validity;
  if (spec.notice) {
    auto notice = admission_.notice_json(spec.notice, *call->defaults);
    if (!notice) return notice.error();
    terms.notice_json = *std::move(notice);
  }
  const Signal said{*signal, spec.signal_value};
  auto rows =
      link(call->shard)
          .ask<std::vector<ConsentRow>>(
              [id, index = *who, decision = *decision, purposes = *purposes, said, terms, origin = origin_of(caller),
               asked_at = caller.asked_at](Shard& shard, Now now, const Decided& reply) {
                LiveCall* live = shard.find(id);
                if (live == nullptr) return reply(no_such_live_call());
                live->decide(index, decision, purposes, said, origin, now, reply, asked_at, terms);
              },
              limits::kApiDurableWait);
  if (!rows) return rows.error();
  // With on_withdraw = erase the answer means that it is done. Where nothing is being erased this returns at once.
  if (auto erased = parts_.eraser.wait_for(id, kSettlePatience); !erased) return erased.error();
  std::vector<ConsentRecordView> views;
  for (const ConsentRow& row : *rows) {
    auto view = record_view(row, *call);
    if (!view) return view.error();
    views.push_back(*std::move(view));
  }
  return views;
}

Result<ParticipantIndex> LiveCalls::participant_in(const Known& known, const std::string& ref_or_id) const {
  const auto& participants = known.participants;
  const auto who = std::find_if(participants.begin(), participants.end(), [&](const KnownParticipant& one) {
    return one.spec.ref == ref_or_id || to_text(one.id) == ref_or_id;
  });
  if (who == participants.end()) return error(Errc::invalid, "participant: the call has no \"" + ref_or_id + "\"");
  return ParticipantIndex(static_cast<std::uint8_t>(who - participants.begin()));
}

Result<void> LiveCalls::withdraw_standing(StandingId standing, const Caller& caller) {
  for (const LiveShard& each : parts_.shards) {
    const auto ask = [standing, origin = origin_of(caller)](Shard& shard, Now now,
                                                            std::function<void(Result<std::vector<CallId>>)> reply) {
      // Kept until the last call has answered, which then replies.
      struct Answers {
        std::function<void(Result<std::vector<CallId>>)> reply;
        std::vector<CallId> calls;
        Result<void> failed;
        ~Answers() {
          if (failed) {
            reply(calls);
          } else {
            reply(failed.error());
          }
        }
      };
      const auto answers = std::make_shared<Answers>();
      answers->reply = std::move(reply);
      for (LiveCall* live : shard.calls()) {
        const bool any = live->withdraw_standing(standing, origin, now, [answers](const Result<void>& result) {
          if (!result) answers->failed = result.error();
        });
        if (any) answers->calls.push_back(live->identity().id);
      }
    };
    auto calls = each.link.ask<std::vector<CallId>>(ask, limits::kApiDurableWait);
    if (!calls) return calls.error();
    for (const CallId call : *calls) {
      if (auto erased = parts_.eraser.wait_for(call, kSettlePatience); !erased) return erased;
    }
  }
  return {};
}

Result<CallView> LiveCalls::pause(CallId id, const std::string& reason, const Caller& caller) {
  return set_paused(id, LiveCall::Pausing::pause, reason, caller);
}

Result<CallView> LiveCalls::resume(CallId id, const std::string& reason, const Caller& caller) {
  return set_paused(id, LiveCall::Pausing::resume, reason, caller);
}

Result<CallView> LiveCalls::set_paused(CallId id, LiveCall::Pausing what, const std::string& reason,
                                       const Caller& caller) {
  const KnownCall entry = known(id);
  if (entry == nullptr) return no_such_live_call();
  if (!is_plain_reason(reason)) {
    return error(Errc::invalid,
                 "reason: 1 to 64 letters, spaces, '-' and '_' (it stands in clear text on the record for ever)");
  }
  auto done = link(entry->shard)
                  .ask<void>(
                      [id, what, reason, origin = origin_of(caller)](Shard& shard, Now now, Done reply) {
                        LiveCall* live = shard.find(id);
                        if (live == nullptr) return reply(no_such_live_call());
                        live->set_paused(what, reason, origin, now, std::move(reply));
                      },
                      limits::kApiDurableWait);
  if (!done) return done.error();
  return call(id);
}

LiveCalls::KnownCall LiveCalls::known(CallId id) const {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(id);
  return found == known_.end() ? nullptr : found->second;
}

void LiveCalls::forget(CallId id) {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(id);
  if (found == known_.end()) return;
  spread_.remove(found->second->shard);
  for (const auto& [leg, spec] : found->second->legs) parts_.dtls.close(leg);
  known_.erase(found);
}

// ---- calls go -----------------------------------------------------------------------------------------------------

void LiveCalls::set_defaults(PipelineDefaults defaults) {
  auto next = std::make_shared<const PipelineDefaults>(std::move(defaults));
  const std::lock_guard lock(mutex_);
  defaults_ = std::move(next);
}

void LiveCalls::refuse_new_calls() {
  const std::lock_guard lock(mutex_);
  refusing_ = true;
}

std::size_t LiveCalls::live_calls() const {
  const std::lock_guard lock(mutex_);
  return known_.size();
}

Result<EndedCall> LiveCalls::end_call(CallId id, const Caller&) {
  const KnownCall entry = known(id);
  if (entry == nullptr) return already_ended(id);
  return link(entry->shard)
      .ask<EndedCall>(
          [this, id, on = entry->shard](Shard& shard, Now now, std::function<void(Result<EndedCall>)> reply) {
            auto ended = shard.end_call(id, now, [this, on, reply](FinishedCall finished) {
              settle_and_book(on, std::move(finished), CallState::ended, reply);
            });
            if (!ended) reply(ended.error());
          },
          kSettlePatience);
}

Result<EndedCall> LiveCalls::already_ended(CallId id) {
  const auto row = parts_.catalog.call(id);
  if (!row) return row.error();
  if (!*row || (*row)->state == CallState::live) return no_such_live_call();
  const auto recording = parts_.catalog.recording_of(id);
  if (!recording) return recording.error();
  if (!*recording || (*recording)->state == RecordingState::erased) return EndedCall{std::nullopt, "ended already"};
  return EndedCall{(*recording)->id, "ended already"};
}

void LiveCalls::book_abandoned(ShardId shard, FinishedCall finished) {
  settle_and_book(shard, std::move(finished), CallState::interrupted, [](const Result<EndedCall>&) {});
}

void LiveCalls::settle_and_book(ShardId shard, FinishedCall finished, CallState state,
                                std::function<void(Result<EndedCall>)> done) {
  auto call = std::make_shared<FinishedCall>(std::move(finished));
  auto reply = std::make_shared<std::function<void(Result<EndedCall>)>>(std::move(done));
  parts_.shards.at(shard.value)
      .settler.when_settled(call->segments, [this, call, state, reply](const Result<void>& settled) {
        EndedCall ended{std::nullopt, call->why};
        if (call->has_recording && !call->all_erased) ended.recording = call->recording;
        // What could only be kept in part is said, not hidden: the recording is there, and its segments tell what is
        // missing.
        if (std::string fault = CallClosing::fault_of(*call, settled); !fault.empty()) ended.why = std::move(fault);
        const KnownCall entry = known(call->id);
        const std::string lost_before = entry == nullptr ? "" : entry->lost_before;
        CallClosing closing(parts_.catalog, parts_.keys);
        auto bookings = closing.bookings(*call, {read_clocks().wall, state, settled, lost_before});
        if (!bookings) return (*reply)(bookings.error());
        auto posted = parts_.writer.post(*std::move(bookings), [this, call, ended, reply](const Result<void>& booked) {
          forget(call->id);
          if (!booked) return (*reply)(booked.error());
          (*reply)(call->all_erased ? unless_held(*call, ended) : ended);
        });
        if (!posted) (*reply)(posted.error());
      });
}

// What was withdrawn is still there while a legal hold covers it.
EndedCall LiveCalls::unless_held(const FinishedCall& finished, const EndedCall& ended) {
  const auto row = parts_.catalog.recording(finished.recording);
  if (!row || !*row || (*row)->state == RecordingState::erased) return ended;
  return {finished.recording, "withdrawn, and kept while a legal hold covers it"};
}

}  // namespace assent
