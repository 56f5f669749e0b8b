#include "engine/signalling/session_plan.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "base/limits.h"
#include "engine/signalling/address_of_record.h"
#include "engine/signalling/media_choice.h"
#include "engine/signalling/plain_text.h"
#include "engine/signalling/session_lines.h"
#include "engine/signalling/session_names.h"

namespace assent {
namespace {

constexpr std::array<std::string_view, 3> kRecordStates = {"on", "off", "paused"};
constexpr std::array<std::string_view, 4> kPreferences = {"on", "off", "pause", "nopreference"};

class Planner {
 public:
  Planner(const SessionState& before, const SessionOffer& offer, const SiprecTrunk& trunk, Mixing mixing)
      : before_(before), offer_(offer), trunk_(trunk), mixing_(mixing) {
    plan_.after = before;
    plan_.after.trunk = trunk.name;
    if (offer.metadata) plan_.after.metadata = updated(before.metadata, *offer.metadata);
  }

  Result<SessionPlan> plan() && {
    lines_ = offer_.sdp ? lines_of(*offer_.sdp, before_) : lines_of(before_);
    for (WantedLine& line : lines_) choose(line);
    if (offer_.sdp && !has_any() && std::any_of(lines_.begin(), lines_.end(), is_wanted)) {
      return error(Errc::unsupported, "nothing offered is recorded here, but " + names_of(offer_.sdp->media));
    }
    find_speakers();
    seat_people();
    plan_.after.lines.clear();
    for (WantedLine& line : lines_) seat(line);
    if (plan_.after.people.size() > limits::kParticipantsPerCall) {
      const std::string why = "a recorded call has at most " + std::to_string(limits::kParticipantsPerCall) +
                              " participants, with those that left";
      if (before_.people.empty()) return error(Errc::unsupported, why);
      record_no_more(why);
    }
    end_what_is_left();
    note_preferences();
    return std::move(plan_);
  }

 private:
  // Somebody is there who cannot be asked. To refuse to hear of it would be to go on recording them, so nothing is.
  void record_no_more(const std::string& why) {
    RsMetadata metadata = std::move(after().metadata);
    plan_ = {};
    after() = before_;
    after().metadata = std::move(metadata);
    after().lines.clear();
    for (WantedLine& line : lines_) {
      line.is_taken = false;
      seat(line);
    }
    plan_.told.push_back("nothing more of it is recorded: " + why);
  }

  static bool is_wanted(const WantedLine& line) { return line.media && line.media->port != 0; }
  bool has_any() const {
    return std::any_of(lines_.begin(), lines_.end(), [](const WantedLine& line) { return line.is_taken; });
  }
  SessionState& after() { return plan_.after; }

  // ---- what of an m-line is recorded --------------------------------------------------------------------------------

  void choose(WantedLine& line) {
    const SessionLeg* old = after().leg(line.old_leg);
    if (!line.media) {  // it stays as it is
      line.is_taken = old != nullptr;
      if (old != nullptr)
        std::tie(line.payloads, line.source, line.offered, line.srtp) =
            std::tie(old->payloads, old->source, old->offered, old->srtp);
      return;
    }
    if (line.media->setup == "passive" && line.media->fingerprint) {
      plan_.told.push_back("the m-line \"" + line.name +
                           "\" is not recorded: it wants us to begin the handshake of DTLS (a=setup:passive)");
    }
    if (!line.media->is_rtp_audio() && !line.media->is_srtp_audio()) return;
    if (!find_keys(line, old)) return;
    line.payloads = payloads_of(*line.media);
    line.is_taken = !line.payloads.formats.empty();
    line.line.formats = formats_taken(*line.media, line.payloads);
    find_source(line, old);
  }

  // What was encrypted once is not taken in the clear from then on.
  bool find_keys(WantedLine& line, const SessionLeg* old) {
    const SharedSrtpTerms wanted = line.media->srtp_terms();
    if (wanted == nullptr) {
      if (old == nullptr || !old->is_secured) return true;
      plan_.told.push_back("the m-line \"" + line.name + "\" was encrypted and is no more: it is not recorded");
      return false;
    }
    const bool stays = old != nullptr && old->srtp != nullptr && are_same(*old->srtp, *wanted);
    line.srtp = stays ? old->srtp : wanted;
    if (line.media->is_by_dtls()) return true;
    const SdpCrypto& taken = line.media->crypto.front();
    // An answer that was given once is given again; another has another key.
    const auto before = std::find_if(before_.lines.begin(), before_.lines.end(),
                                     [&](const SessionLine& one) { return stays && one.leg == line.old_leg; });
    const bool is_answered =
        before != before_.lines.end() && before->crypto.starts_with("a=crypto:" + std::to_string(taken.tag) + " ");
    line.line.crypto = is_answered ? before->crypto : sdp_crypto_answer(taken);
    return true;
  }

  void find_source(WantedLine& line, const SessionLeg* old) {
    const auto& named = line.media->address;
    if (named && is_any_address(*named)) {  // how RFC 2543 put a stream on hold
      line.line.direction = SdpDirection::inactive;
      if (old != nullptr) std::tie(line.source, line.offered) = std::tie(old->source, old->offered);
      if (old != nullptr) return;
    }
    line.offered = named;
    if (trunk_.media_from == SiprecTrunk::MediaFrom::anywhere) return;
    line.source = named && !is_any_address(*named) ? *named : offer_.from;
    line.source->port = 0;
  }

  // ---- who speaks where ---------------------------------------------------------------------------------------------

  void find_speakers() {
    for (WantedLine& line : lines_) {
      if (!line.is_taken) continue;
      line.speakers = after().metadata.senders_of(line.line.label);
      if (line.speakers.size() < 2) continue;
      if (mixing_ == Mixing::refused) {
        line.is_taken = false;
        plan_.told.push_back("the m-line \"" + line.line.label +
                             "\" has several voices, which is recorded only where the policy is all-party");
        continue;
      }
      plan_.needs_all_party = true;
      // Keys in it are taken for theirs: the one who is asked.
      std::stable_partition(line.speakers.begin(), line.speakers.end(),
                            [&](const RsParticipant* one) { return !is_among(one->aor, trunk_.agents); });
    }
  }

  bool speaks_somewhere(const RsParticipant& one) const {
    return std::any_of(lines_.begin(), lines_.end(), [&](const WantedLine& line) {
      return line.is_taken && std::find(line.speakers.begin(), line.speakers.end(), &one) != line.speakers.end();
    });
  }

  // Everybody who is there by the metadata joins. Except where it names streams that no m-line has, while m-lines are
  // there of which it says nothing: whoever speaks in these is one of them already, and need not be asked twice.
  void seat_people() {
    std::vector<const RsParticipant*> unheard;
    for (const RsParticipant& one : after().metadata.participants) {
      if (one.has_left || seated(one.id) != nullptr) continue;
      if (!one.sends.empty() && !speaks_somewhere(one)) {
        unheard.push_back(&one);
      } else {
        seat_person(one);
      }
    }
    const auto nobodys = static_cast<std::size_t>(std::count_if(
        lines_.begin(), lines_.end(), [](const WantedLine& line) { return line.is_taken && line.speakers.empty(); }));
    if (unheard.size() > nobodys) {
      for (const RsParticipant* one : unheard) seat_person(*one);
    } else if (!unheard.empty()) {
      plan_.told.emplace_back("the metadata's labels are not those of the m-lines: who speaks is not known");
    }
  }

  SessionPerson* seated(const std::string& id) {
    const auto found = std::find_if(after().people.begin(), after().people.end(),
                                    [&](const SessionPerson& one) { return one.id == id && !one.has_left; });
    return found == after().people.end() ? nullptr : &*found;
  }

  void seat_person(const RsParticipant& one) {
    const bool is_agent = is_among(one.aor, trunk_.agents);
    const std::string ref = free_ref(after(), ref_of(one.id));
    after().people.push_back({ref, one.id, is_agent, false});
    ParticipantSpec joins{ref, subject_of(one.aor), is_agent ? trunk_.agent_role : trunk_.other_role, {}, {}};
    if (std::string name = plain_text(one.name, limits::kRefBytes); !name.empty()) joins.name = std::move(name);
    if (std::string aor = plain_text(one.aor, limits::kRefBytes); !aor.empty()) joins.address = std::move(aor);
    plan_.joining.push_back(std::move(joins));
  }

  std::string seat_stranger(const WantedLine& line) {
    std::string ref = free_ref(after(), line.name);
    after().people.push_back({ref, {}, false, false});
    plan_.joining.push_back({ref, {}, trunk_.other_role, {}, {}});
    return ref;
  }

  // ---- legs ---------------------------------------------------------------------------------------------------------

  void seat(WantedLine& line) {
    if (line.is_taken) line.is_taken = seat_leg(line);
    if (!line.is_taken) line.line.leg.clear();
    after().lines.push_back(line.line);
  }

  bool seat_leg(WantedLine& line) {
    SessionLeg* const old = after().leg(line.old_leg);
    if (line.speakers.empty() && old != nullptr) {
      line.line.leg = old->label;
      if (is_strangers(*old)) {
        keep_leg(line, *old);
      } else {
        park_leg(line, *old);
      }
      return true;
    }
    const SessionPerson* speaker = line.speakers.empty() ? nullptr : seated(line.speakers.front()->id);
    if (old != nullptr && !old->has_ended && old->person == speaker->ref) {
      line.line.leg = old->label;
      keep_leg(line, *old);
      return true;
    }
    if (after().legs.size() == limits::kLegsPerCall) return turn_away(line);
    begin_leg(line, speaker == nullptr ? seat_stranger(line) : speaker->ref, old);
    return true;
  }

  bool is_strangers(const SessionLeg& leg) {
    const SessionPerson& owner = *after().person(leg.person);
    return owner.id.empty() && !owner.has_left && !leg.has_ended;
  }

  void keep_leg(const WantedLine& line, SessionLeg& leg) {
    const bool differs = leg.payloads != line.payloads || leg.source != line.source || leg.offered != line.offered ||
                         leg.srtp != line.srtp;
    if (differs) plan_.changing.push_back(leg.label);
    std::tie(leg.payloads, leg.source, leg.offered, leg.srtp) =
        std::tie(line.payloads, line.source, line.offered, line.srtp);
    leg.is_secured = leg.is_secured || leg.srtp != nullptr;
  }

  // Whoever spoke in it is known to do so no more, and nobody is said to: nothing of it is heard, until somebody is.
  void park_leg(const WantedLine& line, SessionLeg& leg) {
    if (leg.has_ended) return;
    leg.has_ended = true;
    parked_.push_back(leg.label);
    plan_.told.push_back("nobody is said to speak in the m-line \"" + line.name + "\" any more: it is not recorded");
  }

  void begin_leg(WantedLine& line, const std::string& owner, SessionLeg* old) {
    LegSpec leg;
    leg.label = free_label(after(), line.name);
    leg.participant = owner;
    leg.payloads = line.payloads;
    leg.source = line.source;
    leg.srtp = line.srtp;
    if (old != nullptr) {
      plan_.replacing.push_back({leg.label, old->label});
      old->has_ended = true;
    }
    const bool is_secured = line.srtp != nullptr || (old != nullptr && old->is_secured);
    after().legs.push_back({leg.label, owner, line.payloads, line.source, line.offered, false, is_secured, line.srtp});
    line.line.leg = leg.label;
    plan_.adding.push_back(std::move(leg));
  }

  bool turn_away(const WantedLine& line) {
    plan_.told.push_back("the m-line \"" + line.name + "\" is not recorded: the call has had " +
                         std::to_string(limits::kLegsPerCall) + " legs already");
    return false;
  }

  // ---- who and what goes --------------------------------------------------------------------------------------------

  bool is_there(const SessionPerson& person) {
    if (person.id.empty()) {
      return std::any_of(after().lines.begin(), after().lines.end(), [&](const SessionLine& line) {
        const SessionLeg* leg = after().leg(line.leg);
        return leg != nullptr && leg->person == person.ref;
      });
    }
    const auto& all = after().metadata.participants;
    return std::any_of(all.begin(), all.end(),
                       [&](const RsParticipant& one) { return one.id == person.id && !one.has_left; });
  }

  void end_what_is_left() {
    for (SessionPerson& person : after().people) {
      if (person.has_left || is_there(person)) continue;
      person.has_left = true;
      plan_.leaving.push_back(person.ref);
    }
    for (SessionLeg& leg : after().legs) {
      const bool is_used = std::any_of(after().lines.begin(), after().lines.end(),
                                       [&](const SessionLine& line) { return line.leg == leg.label; });
      if (leg.has_ended || is_used) continue;
      leg.has_ended = true;
      parked_.push_back(leg.label);
    }
    for (const std::string& label : parked_) {  // of those who leave they end with them
      if (!after().person(after().leg(label)->person)->has_left) plan_.ending.push_back(label);
    }
  }

  // ---- what is said of recording ------------------------------------------------------------------------------------

  void note_preferences() {
    for (const WantedLine& line : lines_) {
      if (!line.is_taken) continue;
      const SessionLeg& leg = *after().leg(line.line.leg);
      const auto known = std::find_if(before_.lines.begin(), before_.lines.end(),
                                      [&](const SessionLine& one) { return one.leg == leg.label; });
      const bool is_known = known != before_.lines.end();
      note(kRecordStates, "record:", line.line.record, is_known ? known->record : "", leg.person);
      note(kPreferences, "recordpref:", line.line.recordpref, is_known ? known->recordpref : "", leg.person);
      plan_.wants_pause = plan_.wants_pause || line.line.recordpref == "pause";
    }
  }

  template <std::size_t N>
  void note(const std::array<std::string_view, N>& known, std::string_view what, const std::string& said,
            const std::string& before, const std::string& person) {
    if (said == before || std::find(known.begin(), known.end(), said) == known.end()) return;
    plan_.preferences.push_back({person, std::string(what) + said});
  }

  const SessionState& before_;
  const SessionOffer& offer_;
  const SiprecTrunk& trunk_;
  Mixing mixing_;
  SessionPlan plan_;
  std::vector<WantedLine> lines_;
  std::vector<std::string> parked_;  // labels of legs that end, and are not replaced
};

}  // namespace

Result<SessionPlan> plan_session(const SessionState& before, const SessionOffer& offer, const SiprecTrunk& trunk,
                                 Mixing mixing) {
  return Planner(before, offer, trunk, mixing).plan();
}

}  // namespace assent
