// What draft-ietf-vcon-vcon-core-03 asks of an unsigned vCon, and draft-howe-vcon-consent-00 of its attachment, as far
// as ours have it; from the drafts' text, with their sections named. It shares nothing with the code that writes vCons.
#pragma once

#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace assent {

class VconCheck {
 public:
  // What is wrong of it; nothing: it is one.
  static std::vector<std::string> faults_of(const nlohmann::json& vcon) {
    VconCheck check(vcon);
    check.top();
    return check.faults_;
  }

 private:
  using json = nlohmann::json;
  explicit VconCheck(const json& vcon) : vcon_(vcon) {}

  void expect(bool right, const std::string& what) {
    if (!right) faults_.push_back(what);
  }
  static bool is_date(const json& value) {  // RFC 3339
    static const std::regex form(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))");
    return value.is_string() && std::regex_match(value.get<std::string>(), form);
  }
  static bool is_uuid(const json& value) {
    static const std::regex form("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
    return value.is_string() && std::regex_match(value.get<std::string>(), form);
  }
  bool is_index(const json& value, const char* of) const {
    return value.is_number_unsigned() && vcon_.contains(of) && value.get<std::size_t>() < vcon_[of].size();
  }
  bool are_indices(const json& value, const char* of) const {
    if (!value.is_array()) return is_index(value, of);
    for (const json& one : value) {
      if (!one.is_null() && !are_indices(one, of)) return false;
    }
    return true;
  }

  void top() {
    if (!vcon_.is_object()) return expect(false, "no object");
    expect(vcon_.value("vcon", "") == "0.4.0", "4.1.1: vcon is not 0.4.0");
    expect(vcon_.contains("uuid") && is_uuid(vcon_["uuid"]), "4.1.2: uuid");
    expect(vcon_.contains("created_at") && is_date(vcon_["created_at"]), "4.1.5: created_at");
    expect(!vcon_.contains("subject") || vcon_["subject"].is_string(), "4.1.7: subject");
    expect(!(vcon_.contains("redacted") && vcon_.contains("amended")), "4.1.8: redacted and amended");
    expect(vcon_.contains("parties") && vcon_["parties"].is_array(), "4.1.10: parties");
    for (const json& party : vcon_.value("parties", json::array())) party_of(party);
    for (const json& dialog : vcon_.value("dialog", json::array())) dialog_of(dialog);
    for (const json& attachment : vcon_.value("attachments", json::array())) attachment_of(attachment);
    const std::set<std::string> extensions = vcon_.value("extensions", std::set<std::string>());
    for (const std::string& name : unknown_) {
      expect(!extensions.empty(), "2.5: the parameter " + name + " is of no extension that is named");
    }
    expect(!vcon_.contains("critical"), "nothing of ours is critical");
  }

  void known(const json& object, const std::set<std::string>& names, const std::string& what) {
    if (!object.is_object()) return expect(false, what + " is no object");
    for (const auto& [name, value] : object.items()) {
      if (!names.contains(name)) unknown_.insert(name);
    }
  }

  void party_of(const json& party) {
    known(party,
          {"tel", "sip", "stir", "mailto", "name", "did", "validation", "gmlpos", "civicaddress", "uuid", "type", "org",
           "dept"},
          "4.2: a party");
    for (const auto& [name, value] : party.items()) expect(value.is_string(), "4.2: " + name + " is no text");
    expect(!party.contains("name") || party.contains("validation"), "4.2.7: a name without its validation");
    if (party.contains("type")) {
      expect(std::set<std::string>{"person", "bot", "organization"}.contains(party["type"]), "4.2.11: type");
    }
  }

  // 2.3 and 2.4; a dialog or an attachment.
  void content_of(const json& object, const std::string& what) {
    const bool is_inline = object.contains("body");
    expect(is_inline != object.contains("url"), what + ": one of body and url");
    if (!is_inline) return expect(object.contains("content_hash"), what + ": url without content_hash");
    expect(object.contains("mediatype") && object["mediatype"].is_string(), what + ": inline without mediatype");
    const std::string encoding = object.value("encoding", "");
    expect(std::set<std::string>{"base64url", "json", "none"}.contains(encoding), what + ": encoding");
    if (encoding == "json") return;
    static const std::regex base64url("[A-Za-z0-9_-]*");
    expect(object["body"].is_string(), what + ": a body that is no text");
    if (encoding == "base64url" && object["body"].is_string()) {
      expect(std::regex_match(object["body"].get<std::string>(), base64url), what + ": a body that is no base64url");
    }
  }

  void dialog_of(const json& dialog) {
    known(dialog,
          {"type", "start", "duration", "parties", "originator", "recordings", "recording_set", "mediatype", "filename",
           "body", "encoding", "url", "content_hash", "disposition", "session_id", "party_history", "application",
           "message_id"},
          "4.3: a dialog");
    const std::string type = dialog.value("type", "");
    expect(type == "recording" || type == "recording-set", "4.3.1: ours are recordings and sets of them: " + type);
    expect(dialog.contains("start") && is_date(dialog["start"]), "4.3.2: start");
    expect(!dialog.contains("duration") || (dialog["duration"].is_number() && dialog["duration"].get<double>() >= 0),
           "4.3.3: duration");
    expect(dialog.contains("parties") && are_indices(dialog["parties"], "parties"), "4.3.4: parties");
    expect(dialog.contains("recordings") == (type == "recording-set"), "4.3.6: recordings");
    if (dialog.contains("recordings")) expect(are_indices(dialog["recordings"], "dialog"), "4.3.6: no such dialog");
    if (dialog.contains("recording_set")) expect(is_index(dialog["recording_set"], "dialog"), "4.3.7: recording_set");
    if (type == "recording") return content_of(dialog, "4.3.10: a recording");
    expect(!dialog.contains("body") && !dialog.contains("url"), "4.3.1: a set with content");
  }

  void attachment_of(const json& attachment) {
    known(attachment,
          {"purpose", "start", "party", "dialog", "mediatype", "filename", "body", "encoding", "url", "content_hash"},
          "4.4: an attachment");
    const std::string purpose = attachment.value("purpose", "");
    expect(attachment.contains("start") && is_date(attachment["start"]), "4.4.2: start of " + purpose);
    expect(attachment.contains("party") && is_index(attachment["party"], "parties"), "4.4.3: party of " + purpose);
    expect(attachment.contains("dialog") && is_index(attachment["dialog"], "dialog"), "4.4.4: dialog of " + purpose);
    content_of(attachment, "4.4.7: " + purpose);
    if (purpose == "consent") consent_of(attachment);
  }

  // draft-howe-vcon-consent-00 sections 5, 13, 19 and 20.
  void consent_of(const json& attachment) {
    expect(attachment.value("type", "") == "consent", "consent 5: type");
    const bool has_end = attachment.contains("expiration");
    expect(has_end && (attachment["expiration"].is_null() || is_date(attachment["expiration"])),
           "consent 6: expiration");
    if (!attachment.contains("consents") || !attachment["consents"].is_array())
      return expect(false, "consent 5: consents");
    for (const json& one : attachment["consents"]) {
      expect(one.contains("purpose") && one["purpose"].is_string(), "consent 13: purpose");
      expect(std::set<std::string>{"granted", "denied", "revoked", "expired"}.contains(one.value("status", "")),
             "consent 13: status");
      expect(one.contains("consent") && one.contains("value") && one["value"].is_boolean(), "consent 20: value");
    }
    for (const json& one : attachment.value("proof", json::array())) {
      expect(one.contains("type") && one.contains("value"), "consent 12: proof");
    }
  }

  const json& vcon_;
  std::vector<std::string> faults_;
  std::set<std::string> unknown_;
};

}  // namespace assent
