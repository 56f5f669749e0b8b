#include "engine/signalling/rs_metadata.h"

#include <algorithm>

#include "base/limits.h"
#include "engine/signalling/plain_text.h"
#include "engine/signalling/xml_tree.h"

namespace assent {
namespace {

std::string bounded(std::string_view text) { return plain_text(text, limits::kRsTextBytes); }

// The RFC's attribute, or the drafts' "id".
std::string id_of(const XmlElement& element, std::string_view attribute) {
  const std::string_view id = element.attribute(attribute);
  return bounded(id.empty() ? element.attribute("id") : id);
}

template <typename T>
T* find(std::vector<T>& all, std::string_view id) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const T& one) { return one.id == id; });
  return found == all.end() ? nullptr : &*found;
}

RsParticipant& participant(RsMetadata& metadata, std::string_view id) {
  if (RsParticipant* known = find(metadata.participants, id)) return *known;
  metadata.participants.push_back({std::string(id), {}, {}, {}, {}});
  return metadata.participants.back();
}

void add_streams(const XmlElement& element, RsParticipant& owner) {
  const bool is_over = !element.text_of("disassociate-time").empty();
  for (const XmlElement& child : element.children) {
    if (child.text.empty()) continue;
    for (const auto& [name, streams] : {std::pair("send", &owner.sends), std::pair("recv", &owner.receives)}) {
      if (!child.is(name)) continue;
      owner.says_streams = true;
      const bool is_new = std::find(streams->begin(), streams->end(), child.text) == streams->end();
      if (!is_over && is_new && streams->size() < limits::kLegsPerCall) streams->push_back(bounded(child.text));
    }
  }
}

void read_participant(const XmlElement& element, RsMetadata& metadata) {
  const std::string id = id_of(element, "participant_id");
  if (id.empty()) return;
  RsParticipant& one = participant(metadata, id);
  if (const XmlElement* name = element.child("nameID")) {
    one.aor = bounded(name->attribute("aor"));
    one.name = bounded(name->text_of("name"));
  }
  if (one.aor.empty()) one.aor = bounded(element.text_of("aor"));
  if (one.name.empty()) one.name = bounded(element.text_of("name"));
  add_streams(element, one);
}

void read_stream(const XmlElement& element, RsMetadata& metadata) {
  const std::string id = id_of(element, "stream_id");
  if (id.empty()) return;
  if (RsStream* known = find(metadata.streams, id)) {
    known->label = bounded(element.text_of("label"));
  } else {
    metadata.streams.push_back({std::string(id), bounded(element.text_of("label"))});
  }
}

// What has been said of a long session is bounded, too: whoever has left is forgotten, and what nobody sends.
void prune(RsMetadata& metadata) {
  if (metadata.participants.size() > limits::kRsParticipants) {
    std::erase_if(metadata.participants, [](const RsParticipant& one) { return one.has_left; });
  }
  if (metadata.streams.size() <= limits::kRsStreams) return;
  std::erase_if(metadata.streams, [&](const RsStream& stream) {
    return std::none_of(metadata.participants.begin(), metadata.participants.end(), [&](const RsParticipant& one) {
      return std::find(one.sends.begin(), one.sends.end(), stream.id) != one.sends.end();
    });
  });
}

}  // namespace

std::vector<const RsParticipant*> RsMetadata::senders_of(std::string_view label) const {
  std::vector<const RsParticipant*> senders;
  const auto stream =
      std::find_if(streams.begin(), streams.end(), [&](const RsStream& one) { return one.label == label; });
  if (stream == streams.end() || label.empty()) return senders;
  for (const RsParticipant& one : participants) {
    const bool sends = std::find(one.sends.begin(), one.sends.end(), stream->id) != one.sends.end();
    if (sends && !one.has_left) senders.push_back(&one);
  }
  return senders;
}

Result<RsMetadata> parse_rs_metadata(std::string_view xml) {
  const auto root = parse_xml(xml);
  if (!root) return root.error();
  if (!root->is("recording")) return error(Errc::invalid, "rs-metadata: it begins with <" + root->name + ">");
  RsMetadata metadata;
  const std::string mode(root->text_of("datamode"));
  metadata.is_complete = mode != "partial" && mode != "Partial";
  for (const XmlElement& element : root->children) {
    if (element.is("participant")) read_participant(element, metadata);
    if (element.is("stream")) read_stream(element, metadata);
    if (element.is("session") && metadata.sip_session.empty()) {
      metadata.sip_session = bounded(element.text_of("sipSessionID"));
    }
  }
  // They name participants, who may come later in the document.
  for (const XmlElement& element : root->children) {
    const std::string id = id_of(element, "participant_id");
    if (id.empty()) continue;
    if (element.is("participantstreamassoc")) add_streams(element, participant(metadata, id));
    if (element.is("participantsessionassoc")) {
      participant(metadata, id).has_left = !element.text_of("disassociate-time").empty();
    }
  }
  if (metadata.participants.size() > limits::kRsParticipants || metadata.streams.size() > limits::kRsStreams) {
    return error(Errc::invalid, "rs-metadata: it has too many participants or streams");
  }
  return metadata;
}

RsMetadata updated(const RsMetadata& before, const RsMetadata& said) {
  if (said.is_complete) return said;
  RsMetadata now = before;
  for (const RsParticipant& one : said.participants) {
    RsParticipant& known = participant(now, one.id);
    if (!one.aor.empty()) known.aor = one.aor;
    if (!one.name.empty()) known.name = one.name;
    if (one.says_streams) {
      known.sends = one.sends;
      known.receives = one.receives;
    }
    known.has_left = one.has_left;
  }
  if (!said.sip_session.empty()) now.sip_session = said.sip_session;
  for (const RsStream& one : said.streams) {
    if (RsStream* known = find(now.streams, one.id)) {
      if (!one.label.empty()) known->label = one.label;
    } else {
      now.streams.push_back(one);
    }
  }
  prune(now);
  return now;
}

}  // namespace assent
