#include "engine/catalog/ledger.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace assent {
namespace {

using nlohmann::json;  // std::map inside: keys are sorted by byte

std::optional<json> parse_object(std::string_view text) {
  json parsed = json::parse(text, nullptr, false);  // no exceptions: a bad text is "discarded", which is no object
  if (!parsed.is_object()) return std::nullopt;
  return parsed;
}

// nlohmann refuses to dump what is not UTF-8 by throwing; here that is the caller's bad input.
std::optional<std::string> canonical(const json& value) {
  try {
    return value.dump();
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

std::int64_t ns_of(WallTime time) { return time.time_since_epoch().count(); }

json optional_id(const std::optional<CallId>& id) { return id ? json(to_text(*id)) : json(nullptr); }

std::optional<Sha256Digest> hash_of(const Sha256Digest& previous, const LedgerRow& row, json body) {
  const auto record = canonical(json{{"seq", row.seq},
                                     {"at_ns", ns_of(row.at)},
                                     {"kind", row.kind},
                                     {"call", optional_id(row.call)},
                                     {"body", std::move(body)}});
  if (!record) return std::nullopt;
  Sha256 hash;
  hash.update(previous);
  hash.update(bytes_of(*record));
  return hash.finish();
}

Error breaks_at(std::uint64_t seq, std::string_view why) {
  return error(Errc::corrupt, "the ledger breaks at record " + std::to_string(seq) + ": " + std::string(why));
}

Result<json> notice_of(const ConsentRow& consent) {
  if (consent.notice_json.empty()) return json(nullptr);
  auto notice = parse_object(consent.notice_json);
  if (!notice) return error(Errc::invalid, "the consent's notice is not a JSON object");
  return *std::move(notice);
}

}  // namespace

Result<LedgerRow> next_ledger_row(const LedgerHead& head, const LedgerEntry& entry) {
  auto body = parse_object(entry.body_json);
  if (!body) return error(Errc::invalid, "a ledger entry's body is not a JSON object");
  auto text = canonical(*body);
  if (!text) return error(Errc::invalid, "a ledger entry's body is not UTF-8");
  LedgerRow row{head.seq + 1, entry.at, std::string(name_of(entry.kind)), entry.call, *std::move(text), {}};
  const auto hash = hash_of(head.hash, row, *std::move(body));
  ASSENT_CHECK(hash.has_value());  // the body has been dumped already, the rest is ours
  row.hash.assign(hash->begin(), hash->end());
  return row;
}

Result<LedgerHead> verify_next(const LedgerHead& head, const LedgerRow& row) {
  const std::uint64_t expected = head.seq + 1;
  if (row.seq > expected) return breaks_at(expected, "the record is missing");
  if (row.seq < expected) return breaks_at(row.seq, "the record is out of order");
  auto body = parse_object(row.body_json);
  if (!body || canonical(*body) != row.body_json) return breaks_at(row.seq, "its body is not canonical JSON");
  const auto hash = hash_of(head.hash, row, *std::move(body));
  if (!hash || !std::equal(hash->begin(), hash->end(), row.hash.begin(), row.hash.end())) {
    return breaks_at(row.seq, "its hash does not match it and the record before");
  }
  return LedgerHead{row.seq, *hash};
}

Result<Sha256Digest> consent_hash(const ConsentRow& consent) {
  const auto notice = notice_of(consent);
  if (!notice) return notice.error();
  const json media_time = consent.media_time ? json(ns_of(*consent.media_time)) : json(nullptr);
  json fields{{"id", to_text(consent.id)},
              {"call", to_text(consent.call)},
              {"participant", to_text(consent.participant)},
              {"purpose", consent.purpose},
              {"decision", consent.decision},
              {"signal_type", consent.signal_type},
              {"signal_value", consent.signal_value},
              {"notice", *notice},
              {"origin", consent.origin},
              {"at_ns", ns_of(consent.at)},
              {"media_time_ns", media_time},
              {"preroll_ms", consent.preroll_ms}};
  // Only where there is one, so that records from before there were any keep their hash.
  if (consent.valid_until) fields["valid_until_ns"] = ns_of(*consent.valid_until);
  const auto record = canonical(fields);
  if (!record) return error(Errc::invalid, "the consent record is not UTF-8");
  return sha256(bytes_of(*record));
}

Result<LedgerEntry> ledger_entry_of(const ConsentRow& consent) {
  const auto hash = consent_hash(consent);
  if (!hash) return hash.error();
  // The signal's value stays out: it may be a token's name, and people name tokens after themselves.
  const json body = {{"consent", to_text(consent.id)},     {"participant", to_text(consent.participant)},
                     {"purpose", consent.purpose},         {"decision", consent.decision},
                     {"signal_type", consent.signal_type}, {"record_sha256", to_hex(*hash)}};
  return LedgerEntry{LedgerKind::consent, consent.at, consent.call, *canonical(body)};
}

Result<ConsentId> consent_of(const LedgerRow& row) {
  const auto body = parse_object(row.body_json);
  if (body) {
    const auto member = body->find("consent");
    if (member != body->end() && member->is_string()) {
      if (const auto id = parse_id<ConsentId>(member->get_ref<const std::string&>())) return *id;
    }
  }
  return breaks_at(row.seq, "it names no consent record");
}

}  // namespace assent
