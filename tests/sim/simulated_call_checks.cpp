// What must be so of a simulated call: while it lives, and when it is over.
#include <algorithm>
#include <array>
#include <cstring>

#include "tests/sim/simulated_call.h"

namespace assent::sim {
namespace {

using Fate = SaidPacket::Fate;

}  // namespace

void SimulatedCall::complain(const std::string& what) {
  if (!wrong_.empty()) return;
  const auto after = std::chrono::duration_cast<milliseconds>(world_.now.mono - began_);
  wrong_ = what + ", " + std::to_string(after.count()) + " ms after the beginning";
}

// ---- while it lives -----------------------------------------------------------------------------------------------

// All that was said is on record or on its way there, and nothing else.
void SimulatedCall::check_record() {
  if (crash_) return;
  std::sort(booked_.begin(), booked_.end());
  std::sort(oracle_.lines.begin(), oracle_.lines.end());
  if (booked_ != oracle_.lines) complain("what goes on record is not what was said");
  if (booked_pauses_ != oracle_.pauses) complain("a pause is not on record");
  tried_.expired += static_cast<std::uint64_t>(std::count_if(
      booked_.begin(), booked_.end(), [](const Line& line) { return line.decision == Decision::expired; }));
  booked_.clear();
  oracle_.lines.clear();
}

// A digit that came in its place, and would change something all the time since, is heard by now.
void SimulatedCall::check_digits() {
  if (crash_) return;
  for (const auto& leg : legs_) {
    for (Press& press : leg->presses) {
      if (press.heard || !press.would_change) continue;
      if (press.version != oracle_.version()) press.would_change = false;
      const nanoseconds since = world_.now.mono - press.came;
      if (press.would_change && since > limits::kReorderWindowDefault + 2 * plan_.sweep) {
        complain("a digit was not heard");
      }
    }
  }
}

// What is still in the arena may be there.
void SimulatedCall::check_arena() {
  std::array<std::uint8_t, 8> marker{};
  store_be64(marker.data(), kMarker);
  const ByteView arena = world_.arena();
  const auto* const end = arena.data() + arena.size();
  const nanoseconds reordering = limits::kReorderWindowDefault + 3 * plan_.sweep;
  for (const std::uint8_t* at = arena.data(); at != end; ++at) {
    at = static_cast<const std::uint8_t*>(memmem(at, static_cast<std::size_t>(end - at), marker.data(), marker.size()));
    if (at == nullptr) return;
    const auto what = find_marked({at, static_cast<std::size_t>(end - at)});
    if (!what || what->leg >= legs_.size() || what->packet >= oracle_.packets(what->leg).size()) {
      return complain("the arena holds what was never said");
    }
    const SaidPacket& packet = oracle_.packets(what->leg)[what->packet];
    const nanoseconds age = world_.now.mono - packet.came.at;
    if (age < reordering) continue;
    switch (packet.fate) {
      case Fate::never_came: return complain("the arena holds what never came");
      case Fate::gone:
        // Without its keys a leg goes on filling blocks when its gate is open for another purpose: they are lost.
        if (oracle_.is_erased(what->leg) && age < world_.max_delay() + reordering) break;
        return complain("the arena holds what had to be wiped");
      case Fate::held:
        if (oracle_.must_have_aged(what->leg, age)) return complain("the arena holds what is older than hold");
        break;
      case Fate::admitted:
        if (packet.dropped < last_seal_) return complain("the arena holds what was withdrawn");
        if (std::max(packet.came.at, packet.admitted.at) + world_.max_delay() + 2 * reordering < sealed_until_) {
          return complain("the arena holds what must have been sealed");
        }
        break;
    }
  }
}

// ---- when it is over ----------------------------------------------------------------------------------------------

void SimulatedCall::check_end() {
  if (world_.source().no_block != 0) complain("the simulation's arena is too small");
  for (std::size_t leg = 0; leg < legs_.size() && wrong_.empty(); ++leg) check_leg(leg);
  if (!crash_) {
    const bool answered = std::all_of(replies_.begin(), replies_.end(), [](const auto& reply) { return reply->given; });
    if (!answered) complain("a decision was never answered");
    // What comes while the ledger does not answer is in no block, and told as missing all the same.
    const auto is_explained = [this](const auto& gap) { return plan_.ledger_stalls_after && gap.second.blocks == 0; };
    if (finished_ && !std::all_of(finished_->gaps.begin(), finished_->gaps.end(), is_explained)) {
      complain("audio was lost that there was room for");
    }
    if (tried_.kept != 0 && finished_ && !finished_->has_recording) complain("what was kept has no recording");
  }
  tried_.recorded_calls = tried_.kept != 0 ? 1 : 0;
  if (!world_.shard().is_idle()) return;  // it was complained of
  seal();
  check_arena_is_empty();
}

void SimulatedCall::check_arena_is_empty() {
  if (world_.blocks_in_use() != 0) complain("a block did not come back");
  const ByteView arena = world_.arena();
  const bool empty = arena.front() == 0 && std::memcmp(arena.data(), arena.data() + 1, arena.size() - 1) == 0;
  if (!empty) complain("something was left in the arena");
}

void SimulatedCall::check_leg(std::size_t leg) {
  const auto found = world_.found(leg_ids_[leg], keys_[leg], crash_);
  if (!found) return complain(found.error().what);
  std::vector<SaidPacket>& said = oracle_.packets(leg);
  std::vector<const KeptPage*> pages(said.size());
  const FoundPacket* before = nullptr;
  for (const FoundPacket& packet : *found) {
    if (packet.what.leg != leg || packet.what.packet >= said.size()) return complain("a leg has what it never said");
    if (before != nullptr && packet.what.packet <= before->what.packet) {
      return complain("a packet was kept twice or out of order");
    }
    if (before != nullptr && packet.at < before->at) return complain("time goes backward in a recording");
    pages[packet.what.packet] = packet.page;
    before = &packet;
  }
  for (std::size_t number = 0; number < said.size(); ++number) check_packet(leg, number, pages[number]);
}

// With a crash, what was in full blocks long enough before what was last made durable has to be durable.
bool SimulatedCall::had_to_be_durable(const SaidPacket& packet) const {
  const nanoseconds filling = world_.max_delay() + 2 * limits::kReorderWindowDefault + 150ms + 3 * plan_.sweep;
  return !crash_ || std::max(packet.came.at, packet.admitted.at) + filling < durable_until_;
}

void SimulatedCall::check_packet(std::size_t leg, std::size_t number, const KeptPage* page) {
  const SaidPacket& packet = oracle_.packets(leg)[number];
  const bool admitted = packet.fate == Fate::admitted;
  const bool dropped = packet.dropped != kNeverHappened;
  const bool kept = page != nullptr && (!crash_ || page->durable);
  const bool required = admitted && !packet.perhaps && !dropped;
  const auto which = [&](const std::string& what) {
    const auto came = std::chrono::duration_cast<milliseconds>(packet.came.at - began_);
    return what + ": packet " + std::to_string(number) + " of leg " + std::to_string(leg) + ", which came after " +
           std::to_string(came.count()) + " ms";
  };
  if (packet.fate != Fate::never_came) ++tried_.packets;
  tried_.kept += kept ? 1 : 0;
  tried_.required += required ? 1 : 0;
  tried_.forbidden += packet.fate == Fate::gone || packet.fate == Fate::held ? 1 : 0;
  tried_.revoked += dropped && !kept ? 1 : 0;
  tried_.cut_short += crash_ && required && !kept ? 1 : 0;

  if (page != nullptr && !admitted) complain(which("sealed, and nobody agreed to it"));
  if (page != nullptr && page->sealed <= packet.admitted.number) {
    complain(which("sealed before the consent to it was on record"));
  }
  if (page != nullptr && page->sealed >= packet.dropped) complain(which("sealed after consent to it was taken back"));
  if (!kept && required && had_to_be_durable(packet)) complain(which("consented to, and missing"));
}

}  // namespace assent::sim
