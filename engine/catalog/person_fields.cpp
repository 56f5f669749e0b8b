#include "engine/catalog/person_fields.h"

#include <nlohmann/json.hpp>

#include "crypto/sealed_field.h"
#include "crypto/wrapped_key.h"

namespace assent {
namespace {

using nlohmann::json;

struct Column {
  std::string_view table;
  std::string_view name;
};

// The names stand in the AAD of what has been sealed: never change them.
constexpr Column kSubjectRef{"subjects", "sealed_ref"};
constexpr Column kParticipant{"participants", "sealed"};
constexpr Column kCallRef{"calls", "sealed_ref"};
constexpr Column kCallSettings{"calls", "sealed_settings"};
constexpr Column kLegMedia{"legs", "sealed_media"};
constexpr Column kLegLabel{"legs", "sealed_label"};
constexpr Column kLegMetrics{"legs", "sealed_metrics"};
constexpr Column kNote{"notes", "sealed_text"};
constexpr Column kEvidence{"standing_consents", "sealed_evidence"};

template <typename Tag>
Bytes seal(const SecretKey& key, const Column& column, const Id<Tag>& row, std::string_view text) {
  return seal_field(derive(key, kFieldLabel), {column.table, column.name, to_text(row)}, text);
}

template <typename Tag>
Result<std::string> open(const SecretKey& key, const Column& column, const Id<Tag>& row, ByteView sealed) {
  if (sealed.empty()) {
    return error(Errc::not_found, "the " + std::string(column.table) + " row " + to_text(row) + " has no " +
                                      std::string(column.name) + ": it has been erased or was never given");
  }
  return open_field(derive(key, kFieldLabel), {column.table, column.name, to_text(row)}, sealed);
}

std::optional<std::string> text_member(const json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_string()) return std::nullopt;
  return member->get<std::string>();
}

}  // namespace

Bytes seal_subject_ref(const SecretKey& subject_key, SubjectId row, std::string_view ref) {
  return seal(subject_key, kSubjectRef, row, ref);
}

Result<std::string> open_subject_ref(const SecretKey& subject_key, const SubjectRow& row) {
  return open(subject_key, kSubjectRef, row.id, row.sealed_ref);
}

Result<Bytes> seal_participant(const SecretKey& participant_key, ParticipantId row, const ParticipantFields& fields) {
  json object{{"ref", fields.ref}};
  if (fields.name) object["name"] = *fields.name;
  if (fields.address) object["address"] = *fields.address;
  try {
    return seal(participant_key, kParticipant, row, object.dump());
  } catch (const json::exception&) {
    return error(Errc::invalid, "a participant's ref, name or address is not UTF-8");
  }
}

Result<ParticipantFields> open_participant(const SecretKey& participant_key, const ParticipantRow& row) {
  const auto text = open(participant_key, kParticipant, row.id, row.sealed);
  if (!text) return text.error();
  const json object = json::parse(*text, nullptr, false);
  const auto ref = object.is_object() ? text_member(object, "ref") : std::nullopt;
  if (!ref) return error(Errc::corrupt, "the participants row " + to_text(row.id) + " holds no fields");
  return ParticipantFields{*ref, text_member(object, "name"), text_member(object, "address")};
}

Bytes seal_call_ref(const SecretKey& call_key, CallId row, std::string_view ref) {
  return seal(call_key, kCallRef, row, ref);
}

Result<std::string> open_call_ref(const SecretKey& call_key, const CallRow& row) {
  return open(call_key, kCallRef, row.id, row.sealed_ref);
}

Bytes seal_call_settings(const SecretKey& call_key, CallId row, std::string_view json) {
  return seal(call_key, kCallSettings, row, json);
}

Result<std::string> open_call_settings(const SecretKey& call_key, const CallRow& row) {
  return open(call_key, kCallSettings, row.id, row.sealed_settings);
}

Bytes seal_leg_media(const SecretKey& call_key, LegId row, std::string_view json) {
  return seal(call_key, kLegMedia, row, json);
}

Result<std::string> open_leg_media(const SecretKey& call_key, const LegRow& row) {
  return open(call_key, kLegMedia, row.id, row.sealed_media);
}

Bytes seal_leg_label(const SecretKey& call_key, LegId row, std::string_view label) {
  return seal(call_key, kLegLabel, row, label);
}

Result<std::string> open_leg_label(const SecretKey& call_key, const LegRow& row) {
  return open(call_key, kLegLabel, row.id, row.sealed_label);
}

Bytes seal_leg_metrics(const SecretKey& leg_key, LegId row, std::string_view json) {
  return seal(leg_key, kLegMetrics, row, json);
}

Result<std::string> open_leg_metrics(const SecretKey& leg_key, const LegRow& row) {
  return open(leg_key, kLegMetrics, row.id, row.sealed_metrics);
}

Bytes seal_note(const SecretKey& call_key, NoteId row, std::string_view text) {
  return seal(call_key, kNote, row, text);
}

Result<std::string> open_note(const SecretKey& call_key, const NoteRow& row) {
  return open(call_key, kNote, row.id, row.sealed_text);
}

Bytes seal_evidence(const SecretKey& subject_key, StandingId row, std::string_view text) {
  return seal(subject_key, kEvidence, row, text);
}

Result<std::string> open_evidence(const SecretKey& subject_key, const StandingConsentRow& row) {
  return open(subject_key, kEvidence, row.id, row.sealed_evidence);
}

BlindIndex subject_index(const SecretKey& tenant_key, std::string_view ref) {
  return blind_index(derive(tenant_key, kBlindIndexLabel), "subject", ref);
}

BlindIndex subject_index(const SecretKey& tenant_key, SubjectId unnamed) {
  return blind_index(derive(tenant_key, kBlindIndexLabel), "unnamed subject", to_text(unnamed));
}

}  // namespace assent
