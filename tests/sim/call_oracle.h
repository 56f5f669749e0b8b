// CallOracle: what must, may and must not be kept of a simulated call, packet by packet. It is told what was said and
// done, in order, and follows the rules as DESIGN and engine/consent/gate.h put them, in the plainest way there is; it
// shares no code with the engine and knows no blocks, queues or pages.
//
// A packet is judged when it comes: it is gone, or held, or admitted. What is held is admitted, or goes, when consent
// is given or cannot come any more. Where the engine may keep a packet or not (it came too late for the reorder window;
// its age is within a block of a bound) the packet is `perhaps`: what is kept of it must be right, but nothing need be.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "engine/consent/call_consent.h"

namespace assent::sim {

// Everything that happens in a simulated call has a number, so that it is known what came first within an instant.
struct Instant {
  std::uint64_t number = 0;
  MonoTime at;
};
inline constexpr std::uint64_t kNeverHappened = std::numeric_limits<std::uint64_t>::max();

// One line that must be on record.
struct Line {
  std::size_t who = 0;
  Decision decision = Decision::denied;
  std::size_t purpose = 0;
  auto operator<=>(const Line&) const = default;
};

struct SaidPacket {
  enum class Fate : std::uint8_t { never_came, gone, held, admitted };
  Fate fate = Fate::never_came;
  bool perhaps = false;
  std::uint32_t place = 0;  // among all that the leg sent
  Instant came;
  Instant admitted;
  std::uint64_t dropped = kNeverHappened;  // consent was taken back: not to be sealed from then on
};

class CallOracle {
 public:
  struct Rules {
    Policy policy = Policy::all_party;
    std::size_t purposes = 1;
    nanoseconds hold{0};
    nanoseconds deadline{0};
    Preroll preroll;
    bool erases = false;  // a withdrawal destroys keys
    std::optional<nanoseconds> validity;
  };
  explicit CallOracle(const Rules& rules) : rules_(rules) {}

  // Before every input: when it is. Consents and deadlines that are over by then end.
  void now_is(Instant now);

  void join();                    // one more participant
  void add_leg(std::size_t who);  // one more leg, of this participant
  // `record` is the number under which the record will answer.
  void grant(std::size_t who, unsigned purposes, std::uint64_t record, std::optional<nanoseconds> time = {});
  void refuse(std::size_t who, unsigned purposes);
  void answered(std::uint64_t record, bool on_record);
  void pause();
  void resume();
  void end();
  // A packet of audio reaches the engine for the first time.
  void say(std::size_t leg, std::size_t packet, std::uint32_t place, bool perhaps);

  // A digit of the leg's own stream was heard. What was sent after it counts as said after it, also when it came
  // before.
  template <typename Act>
  void after_digit(std::size_t leg, std::uint32_t place, Act act) {
    const std::vector<std::size_t> later = take_back(leg, place);
    act();
    for (const std::size_t packet : later) say_again(leg, packet);
  }
  // The same where it was heard while something else was being done: of what came with it either may be true.
  template <typename Act>
  void about_digit(std::size_t leg, std::uint32_t place, Act act) {
    doubt(leg, place);
    act();
    for (const std::size_t packet : sent_after(leg, place)) {
      if (packets(leg)[packet].fate == SaidPacket::Fate::gone) say_again(leg, packet);
    }
  }

  // The ledger has not answered for as long as the lease, and it answers again.
  void suspend();
  void reinstate();
  bool suspended() const { return suspended_; }

  // Whether it would, and so go on record. A yes for a time may be said again, to end later.
  bool would_change(std::size_t who, Decision decision, unsigned purposes, std::optional<nanoseconds> time = {}) const;
  bool paused() const { return paused_; }
  bool ended() const { return ended_; }
  bool has_erased(std::size_t who) const { return people_.at(who).erased; }
  std::size_t owner_of(std::size_t leg) const { return legs_.at(leg).owner; }
  std::vector<SaidPacket>& packets(std::size_t leg) { return legs_.at(leg).packets; }
  bool is_erased(std::size_t leg) const { return legs_.at(leg).erased; }
  // Whether what is held of a leg so old must have been wiped by now.
  bool must_have_aged(std::size_t leg, nanoseconds age) const {
    return legs_.at(leg).door == Door::holding && is_past_hold(leg, age);
  }
  // Changes with everything that may turn a gate.
  std::uint64_t version() const { return version_; }

  std::vector<Line> lines;  // that must be on record, and are not yet known to be
  std::size_t pauses = 0;   // likewise, pauses and resumptions

 private:
  enum class Settled : std::uint8_t { nothing, yes, no, too_late };
  enum class Counting { durable, intended, hoped };  // which answers count as a yes
  enum class Door : std::uint8_t { holding, opening, open, closed };

  struct Answer {
    Settled settled = Settled::nothing;
    bool coming = false;  // a yes whose record is still to be answered
    std::uint64_t record = 0;
    MonoTime coming_until;
    MonoTime until;  // of a settled yes
  };
  struct Person {
    std::vector<Answer> answers;
    MonoTime deadline;
    bool erased = false;
  };
  struct Leg {
    std::size_t owner = 0;
    Door door = Door::holding;
    bool erased = false;
    MonoTime opening_since;
    nanoseconds opening_time{0};  // in which what is held does not age
    std::vector<SaidPacket> packets;
    std::vector<std::size_t> held;
  };

  MonoTime end_of_yes(std::optional<nanoseconds> time) const;
  bool says_yes(const Answer& answer, MonoTime until) const;
  bool is_yes(std::size_t who, std::size_t purpose, Counting counting) const;
  bool is_no(std::size_t who, std::size_t purpose, Counting counting) const;
  bool allows(std::size_t owner, Counting counting) const;
  bool allows_purpose(std::size_t owner, std::size_t purpose, Counting counting) const;
  bool is_past_hold(std::size_t leg, nanoseconds age) const;
  Door door_of(const Leg& leg) const;
  void settle(std::optional<std::size_t> refuser = {});
  void turn(Leg& leg, Door to);
  void opt_in(Leg& leg);
  void admit_held(Leg& leg);
  void wipe_held(Leg& leg);
  void drop_admitted(Leg& leg);
  void erase(std::size_t who);
  bool expire(std::size_t who);
  void note(std::size_t who, Decision decision, std::size_t purpose) { lines.push_back({who, decision, purpose}); }

  std::vector<std::size_t> sent_after(std::size_t leg, std::uint32_t place) const;
  std::vector<std::size_t> take_back(std::size_t leg, std::uint32_t place);
  void doubt(std::size_t leg, std::uint32_t place);
  void say_again(std::size_t leg, std::size_t packet);
  void judge(Leg& leg, std::size_t packet);

  Rules rules_;
  std::vector<Person> people_;
  std::vector<Leg> legs_;
  Instant now_;
  std::uint64_t version_ = 0;
  bool paused_ = false;
  bool suspended_ = false;
  bool ended_ = false;
};

}  // namespace assent::sim
