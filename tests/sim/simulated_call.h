// SimulatedCall: one call from its creation to its end or to a crash, drawn from a seed. It lets the participants talk,
// press, agree, refuse, pause, come late and hang up at random moments, the record answer late or say no, blocks be
// sealed late; tells the oracle of each, and afterwards holds what was sealed against it.
//
// Each thing that happens is told to the oracle before it is done to the engine, except digits: those the engine hears
// when it hears them, somewhere within its reorder window, and says so by what it puts on record.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/call_oracle.h"
#include "tests/sim/call_plan.h"
#include "tests/sim/simulated_shard.h"

namespace assent::sim {

class SimulatedCall {
 public:
  SimulatedCall(SimulatedShard& world, std::uint64_t seed);
  // What is wrong; empty when all is well.
  std::string run();
  const Tried& tried() const { return tried_; }
  std::string plan() const { return to_text(plan_); }

 private:
  // What somebody who decided waits for.
  struct Reply {
    std::uint64_t record = 0;  // 0: nothing has to be put on record
    bool given = false;
  };

  // ---- its life: simulated_call.cpp ----
  void create();
  void live();
  void sweep();
  void something_happens();
  void decide(std::size_t who, Decision decision, unsigned purposes);
  void replied(Reply& reply, bool agreed);
  void set_paused(LiveCall::Pausing what);
  void press();
  void come_late();
  void hang_up();
  void crash();
  void seal();

  std::size_t join();
  NewLeg new_leg(std::size_t who);
  void begin_event();
  void coming(std::size_t leg, const Coming& coming);
  void pressed(std::size_t leg, const Coming& coming, bool may_be_missed);
  void booked(std::uint64_t number, const std::vector<Booking>& bookings);
  void heard(const std::string& origin, const std::string& digit, std::uint64_t record);
  void act_on(std::size_t who, char digit, std::uint64_t record);
  void answer_due();
  bool ledger_stalls() const;
  unsigned some_purposes();
  std::size_t somebody() { return upto(random_, participants_.size() - 1); }
  unsigned all_purposes() const { return plan_.consent.purposes.bits(); }

  // ---- what must be so: simulated_call_checks.cpp ----
  void complain(const std::string& what);  // the first complaint counts
  void check_record();
  void check_digits();
  void check_arena();
  void check_arena_is_empty();
  void check_end();
  void check_leg(std::size_t leg);
  void check_packet(std::size_t leg, std::size_t number, const KeptPage* page);
  bool had_to_be_durable(const SaidPacket& packet) const;

  SimulatedShard& world_;
  Random random_;
  CallPlan plan_;
  CallOracle oracle_;
  CallId id_;
  std::shared_ptr<const SecretKey> participant_key_ = std::make_shared<const SecretKey>(SecretKey::random());
  std::uint64_t event_ = 0;
  MonoTime began_;
  std::optional<std::uint64_t> crash_;  // the event of it
  std::string wrong_;
  Tried tried_;

  std::vector<CallParticipant> participants_;
  std::vector<LegId> leg_ids_;
  std::vector<SecretKey> keys_;
  std::vector<std::unique_ptr<SimulatedLeg>> legs_;
  std::vector<MonoTime> pressed_last_;
  std::optional<std::size_t> receiving_;  // the leg whose datagram is being handed over
  std::vector<Line> booked_;              // and not yet held against what the oracle says
  std::size_t booked_pauses_ = 0;
  std::vector<std::shared_ptr<Reply>> replies_;
  std::map<std::uint64_t, bool> answers_;  // of the record, so far
  std::optional<FinishedCall> finished_;
  std::uint64_t last_seal_ = 0;  // the event of it
  MonoTime sealed_until_;        // all that was admitted and in full blocks by then is sealed
  MonoTime durable_until_;       // likewise, and durable
};

}  // namespace assent::sim
