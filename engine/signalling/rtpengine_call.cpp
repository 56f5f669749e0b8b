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

std::string free_name(const std::set<std::string>& taken, const std::string& wanted) {
  std::string name = wanted;
  for (int number = 2; taken.contains(name); ++number) name = wanted + " (" + std::to_string(number) + ")";
  return name;
}

}  // namespace

std::vector<RtpengineParty> parties_of(const Bencode& answer) {
  std::vector<RtpengineParty> parties;
  const Bencode* tags = answer.find("tags");
  if (tags == nullptr || tags->dictionary() == nullptr) return parties;
  for (const auto& [tag, said] : *tags->dictionary()) {
    // Who has not answered yet has no tag, and stands there under some words.
    const bool is_tag = said.text_of("tag") == tag && !tag.empty() && plain_text(tag, limits::kRefBytes) == tag;
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

PartyLegs legs_for(const std::vector<RtpengineParty>& parties, const RtpengineCall& call, KnownParties& there) {
  PartyLegs added;
  for (const RtpengineParty& party : parties) {
    const std::string label = plain_text(party.label, limits::kRefBytes);
    const bool is_labelled = !label.empty() && !there.labels.contains(label);
    const bool is_named = std::find(call.tags.begin(), call.tags.end(), party.tag) != call.tags.end();
    const std::string name = is_labelled ? label : party.tag;
    const auto waits = [&](const std::string& ref) { return there.refs.contains(ref) && !there.heard.contains(ref); };
    LegSpec leg;
    leg.label = free_name(there.labels, name);
    if (is_labelled && waits(label)) {
      leg.participant = label;
    } else if (is_named && waits(party.tag)) {
      leg.participant = party.tag;
    } else {
      leg.participant = free_name(there.refs, name);
      added.participants.push_back({leg.participant, std::nullopt, kPartyRole, std::nullopt, std::nullopt});
    }
    leg.rtpengine = RtpengineSource{call.control, call.call_id, party.tag, {}, call.tags.empty()};
    there.labels.insert(leg.label);
    there.refs.insert(leg.participant);
    there.heard.insert(leg.participant);
    added.legs.push_back(std::move(leg));
  }
  return added;
}

}  // namespace assent
