// ConsentModel: what everybody has said, kept in the plainest way there is, and the policies spelled out over it. The
// gate under test is compared with it; it shares no code with the gate.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/consent/call_consent.h"

namespace assent::sim {

inline constexpr std::size_t kPeople = 3;
inline constexpr std::size_t kPurposes = 2;

enum class Said : std::uint8_t { nothing, yes_on_its_way, yes, no, too_late };
enum class Reading { durable, intended, hoped };  // which answers count as a yes

struct Answer {
  Said said = Said::nothing;
  Said before = Said::nothing;  // what a yes on its way falls back to
  ConsentSeq record;            // of the yes on its way
  bool limited = false;         // the yes is for a time
  // A yes for a time was said again, to end later, which is on its way: and whether that is for a time, too.
  bool renewed = false;
  bool renewed_limited = false;

  bool on_its_way() const { return said == Said::yes_on_its_way || renewed; }
  void answer(Said now) {
    said = now;
    renewed = false;
  }
};

struct Person {
  bool joined = false;
  bool left = false;
  bool leg_left = false;
  bool asked_too_long = false;  // the deadline has passed
  std::array<Answer, kPurposes> answers;

  bool present() const { return joined && !left; }
};

struct Recorded {
  std::size_t who;
  Decision decision;
  unsigned purposes;  // bits
};

class ConsentModel {
 public:
  // With `answers` the last of the purposes is that of the spoken answer, for which no gate opens.
  ConsentModel(Policy policy, std::size_t purposes, bool answers = false)
      : policy_(policy), purposes_(purposes), answers_(answers) {}

  std::array<Person, kPeople> people;
  bool paused = false;
  bool suspended = false;
  bool ended = false;

  // Each returns what must go on record, in order.
  std::vector<Recorded> grant(std::size_t who, unsigned purposes, ConsentSeq record, bool limited) {
    unsigned changed = 0;
    for_each(purposes, [&](std::size_t p) {
      Answer& answer = people[who].answers[p];
      if (answer.on_its_way() || (answer.said == Said::yes && !answer.limited)) return;
      changed |= 1U << p;
      if (answer.said != Said::yes) {
        answer = {Said::yes_on_its_way, answer.said, record, limited};
        return;
      }
      answer.renewed = true;  // time has gone on, so it ends later
      answer.renewed_limited = limited;
      answer.record = record;
    });
    return listed({{who, Decision::granted, changed}});
  }
  std::vector<Recorded> refuse(std::size_t who, unsigned purposes) {
    unsigned withdrawn = 0;
    unsigned denied = 0;
    for_each(purposes, [&](std::size_t p) {
      Answer& answer = people[who].answers[p];
      if (answer.said == Said::no) return;
      (answer.said == Said::yes || answer.said == Said::yes_on_its_way ? withdrawn : denied) |= 1U << p;
      answer.answer(Said::no);
    });
    return listed({{who, Decision::withdrawn, withdrawn}, {who, Decision::denied, denied}});
  }
  std::vector<Recorded> durable(ConsentSeq record) {
    for_each_on_its_way(record, [](Person&, Answer& answer) {
      if (answer.renewed) answer.limited = answer.renewed_limited;
      answer.answer(Said::yes);
    });
    return {};
  }
  std::vector<Recorded> refused(ConsentSeq record) {
    std::vector<Recorded> recorded;
    for_each_on_its_way(record,
                        [](Person&, Answer& answer) { answer.answer(answer.renewed ? Said::yes : answer.before); });
    for (std::size_t who = 0; who < kPeople; ++who) {
      const Person& person = people[who];
      if (ended || person.left || person.asked_too_long) append(recorded, expire(who));
    }
    return recorded;
  }
  std::vector<Recorded> deadline() {
    std::vector<Recorded> recorded;
    for (std::size_t who = 0; who < kPeople; ++who) {
      if (!people[who].joined) continue;
      people[who].asked_too_long = true;
      append(recorded, lapse(who));  // far longer than any consent is for
      append(recorded, expire(who));
    }
    return recorded;
  }
  // The time of every consent that was given for one is over, by whichever clock.
  std::vector<Recorded> lapse() {
    std::vector<Recorded> recorded;
    for (std::size_t who = 0; who < kPeople; ++who) append(recorded, lapse(who));
    return recorded;
  }
  std::vector<Recorded> leave(std::size_t who) {
    people[who].left = people[who].leg_left = true;
    return expire(who);
  }
  std::vector<Recorded> end() {
    std::vector<Recorded> recorded;
    ended = true;
    for (std::size_t who = 0; who < kPeople; ++who) append(recorded, expire(who));
    return recorded;
  }

  // What was on its way to the record is not on it. Who had been asked for too long is not asked again.
  std::array<std::array<Answer, kPurposes>, kPeople> before_restart;  // what the record says, then
  std::vector<Recorded> restart() {
    std::vector<Recorded> recorded;
    suspended = false;
    for (std::size_t who = 0; who < kPeople; ++who) {
      for (Answer& answer : people[who].answers) {
        if (answer.on_its_way()) answer.answer(answer.renewed ? Said::yes : answer.before);
      }
      before_restart[who] = people[who].answers;
      if (people[who].asked_too_long) append(recorded, expire(who));
    }
    return recorded;
  }
  bool nobody_left() const {
    for (const Person& person : people) {
      if (person.left || person.leg_left) return false;
    }
    return true;
  }

  bool over(std::size_t leg) const { return ended || people[leg].leg_left; }
  unsigned present() const {
    unsigned mask = 0;
    for (std::size_t i = 0; i < kPeople; ++i) mask |= people[i].present() ? 1U << i : 0;
    return mask;
  }

  // Does the policy allow this leg for any purpose, with `others` (a mask) and the leg's own participant in the call?
  bool allows(std::size_t leg, unsigned others, Reading reading) const {
    for (std::size_t purpose = 0; purpose < purposes_ - (answers_ ? 1 : 0); ++purpose) {
      if (allows_purpose(leg, others, reading, purpose)) return true;
    }
    return false;
  }
  // And what it said for the spoken answer?
  bool allows_answer(std::size_t leg, unsigned others, Reading reading) const {
    return answers_ && allows_purpose(leg, others, reading, purposes_ - 1);
  }
  bool pending(std::size_t who) const {
    for (std::size_t p = 0; p < purposes_; ++p) {
      if (people[who].joined && people[who].answers[p].said == Said::nothing) return true;
    }
    return false;
  }
  bool limited(std::size_t who) const {
    for (std::size_t p = 0; p < purposes_; ++p) {
      if (is_limited_yes(people[who].answers[p])) return true;
    }
    return false;
  }
  bool refused_everything(std::size_t who) const {
    for (std::size_t p = 0; p < purposes_; ++p) {
      if (people[who].answers[p].said != Said::no) return false;
    }
    return true;
  }
  std::vector<ConsentSeq> on_their_way() const {
    std::vector<ConsentSeq> records;
    for (const Person& person : people) {
      for (const Answer& answer : person.answers) {
        if (!answer.on_its_way()) continue;
        if (records.empty() || records.back() != answer.record) records.push_back(answer.record);
      }
    }
    return records;
  }

 private:
  static bool is_limited_yes(const Answer& answer) {
    return answer.limited && (answer.said == Said::yes || answer.said == Said::yes_on_its_way);
  }
  bool is_yes(std::size_t who, Reading reading, std::size_t purpose) const {
    switch (people[who].answers[purpose].said) {
      case Said::yes: return true;
      case Said::yes_on_its_way: return reading != Reading::durable;
      case Said::nothing: return reading == Reading::hoped;
      case Said::no:
      case Said::too_late: return false;
    }
    return false;
  }
  bool is_no(std::size_t who, Reading reading, std::size_t purpose) const {
    const Answer& answer = people[who].answers[purpose];
    if (answer.said == Said::yes_on_its_way && reading == Reading::durable) return answer.before == Said::no;
    return answer.said == Said::no;
  }
  bool allows_purpose(std::size_t leg, unsigned others, Reading reading, std::size_t purpose) const {
    bool all = true;
    bool any = false;
    for (std::size_t who = 0; who < kPeople; ++who) {
      if (who != leg && (others >> who & 1U) == 0) continue;
      all = all && is_yes(who, reading, purpose);
      any = any || is_yes(who, reading, purpose);
    }
    if (policy_ == Policy::all_party) return all;
    if (policy_ == Policy::per_party) return is_yes(leg, reading, purpose);
    return any && !is_no(leg, reading, purpose);
  }

  template <typename Do>
  void for_each(unsigned purposes, Do something) {
    for (std::size_t p = 0; p < purposes_; ++p) {
      if ((purposes >> p & 1U) != 0) something(p);
    }
  }
  template <typename Do>
  void for_each_on_its_way(ConsentSeq record, Do something) {
    for (Person& person : people) {
      for (Answer& answer : person.answers) {
        if (answer.on_its_way() && answer.record == record) something(person, answer);
      }
    }
  }
  std::vector<Recorded> expire(std::size_t who) {
    unsigned expired = 0;
    for_each(~0U, [&](std::size_t p) {
      Said& said = people[who].answers[p].said;
      if (!people[who].joined || said != Said::nothing) return;
      said = Said::too_late;
      expired |= 1U << p;
    });
    return listed({{who, Decision::expired, expired}});
  }
  std::vector<Recorded> lapse(std::size_t who) {
    unsigned lapsed = 0;
    for_each(~0U, [&](std::size_t p) {
      Answer& answer = people[who].answers[p];
      if (!is_limited_yes(answer)) return;
      answer.answer(Said::too_late);
      lapsed |= 1U << p;
    });
    return listed({{who, Decision::expired, lapsed}});
  }
  static std::vector<Recorded> listed(std::vector<Recorded> all) {
    std::vector<Recorded> real;
    for (const Recorded& one : all) {
      if (one.purposes != 0) real.push_back(one);
    }
    return real;
  }
  static void append(std::vector<Recorded>& all, const std::vector<Recorded>& more) {
    all.insert(all.end(), more.begin(), more.end());
  }

  Policy policy_;
  std::size_t purposes_;
  bool answers_;
};

}  // namespace assent::sim
