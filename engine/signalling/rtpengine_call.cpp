#include "engine/signalling/rtpengine_call.h"

#include <algorithm>

#include "base/limits.h"
#include "engine/signalling/plain_text.h"

namespace assent {
namespace {

// Only subscribed to others, and not by an offer and an answer.
bool only_listens(const Bencode& tag) {
  const Bencode* subscriptions = tag.find("subscriptions");
  const auto* list = subscriptions != nullptr ? subscriptions->list() : nullptr;
  return list != nullptr && !list->empty() &&
         std::all_of(list->begin(), list->end(), [](const Bencode& one) { return one.text_of("type") == "pub/sub"; });
}

bool has_audio(const Bencode& tag) {
  const Bencode* medias = tag.find("medias");
  const auto* list = medias != nullptr ? medias->list() : nullptr;
  return list != nullptr &&
         std::any_of(list->begin(), list->end(), [](const Bencode& one) { return one.text_of("type") == "audio"; });
}

}  // namespace

std::vector<RtpengineParty> parties_of(const Bencode& answer) {
  std::vector<RtpengineParty> parties;
  const Bencode* tags = answer.find("tags");
  if (tags == nullptr || tags->dictionary() == nullptr) return parties;
  for (const auto& [tag, said] : *tags->dictionary()) {
    // Who has not answered yet has no tag, and stands there under some words.
    const bool is_tag = said.text_of("tag") == tag && !tag.empty() && tag.size() <= limits::kRefBytes;
    if (is_tag && has_audio(said) && !only_listens(said)) {
      parties.push_back({tag, std::string(said.text_of("label"))});
    }
  }
  std::sort(parties.begin(), parties.end(), [](const auto& a, const auto& b) { return a.tag < b.tag; });
  return parties;
}

Result<std::vector<RtpengineParty>> ask_for_parties(NgClient& ng, const Endpoint& control, const std::string& call_id) {
  const auto answer = ng.ask(control, {{"command", "query"}, {"call-id", call_id}});
  if (!answer) return answer.error();
  return parties_of(*answer);
}

PartyLegs legs_for(const std::vector<RtpengineParty>& parties, const RtpengineCall& call,
                   const std::set<std::string>& refs, const std::set<std::string>& labels) {
  PartyLegs added;
  std::set<std::string> known = refs;
  std::set<std::string> taken = labels;
  for (const RtpengineParty& party : parties) {
    const std::string tag = plain_text(party.tag, limits::kRefBytes);
    const std::string label = plain_text(party.label, limits::kRefBytes);
    LegSpec leg;
    leg.label = label.empty() || taken.contains(label) ? tag : label;
    leg.participant = !known.contains(leg.label) && known.contains(tag) ? tag : leg.label;
    leg.rtpengine = RtpengineSource{call.control, call.call_id, party.tag, {}, call.tags.empty()};
    if (known.insert(leg.participant).second) {
      added.participants.push_back({leg.participant, std::nullopt, kPartyRole, std::nullopt, std::nullopt});
    }
    taken.insert(leg.label);
    added.legs.push_back(std::move(leg));
  }
  return added;
}

}  // namespace assent
