#include "engine/catalog/ledger.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "crypto/message_format.h"
#include "engine/catalog/canonical_json.h"

namespace assent {
namespace {

constexpr std::size_t kHashBytes = std::tuple_size_v<Sha256Digest>;

std::int64_t ns_of(WallTime time) { return time.time_since_epoch().count(); }

// The members of an object as they are written: the caller gives the keys in order.
class ObjectText {
 public:
  explicit ObjectText(std::string& out) : out_(out) { out_ += '{'; }
  void close() { out_ += '}'; }

  ObjectText& text(std::string_view key, std::string_view value) {
    begin(key);
    append_json_string(out_, value);
    return *this;
  }
  template <typename Integer>
  ObjectText& number(std::string_view key, Integer value) {
    begin(key);
    char digits[24];
    const auto written = std::to_chars(digits, digits + sizeof digits, value);
    out_.append(digits, written.ptr);
    return *this;
  }
  ObjectText& json(std::string_view key, std::string_view value) {
    begin(key);
    out_ += value;
    return *this;
  }

 private:
  void begin(std::string_view key) {
    if (out_.back() != '{') out_ += ',';
    append_json_string(out_, key);
    out_ += ':';
  }
  std::string& out_;
};

void append_record(const LedgerRow& row, std::string& out) {
  ObjectText record(out);
  record.number("at_ns", ns_of(row.at)).json("body", row.body_json);
  row.call ? record.text("call", to_text(*row.call)) : record.json("call", "null");
  record.text("kind", row.kind).number("seq", row.seq).close();
}

Result<std::string> canonical_object(std::string_view text, const char* what) {
  auto canonical = canonical_json(text);
  if (!canonical) return error(Errc::invalid, std::string(what) + " is " + canonical.error().what);
  if (canonical->front() != '{') return error(Errc::invalid, std::string(what) + " is not a JSON object");
  return canonical;
}

}  // namespace

Result<LedgerRow> next_ledger_row(const LedgerHead& head, const LedgerEntry& entry) {
  auto body = canonical_object(entry.body_json, "a ledger entry's body");
  if (!body) return body.error();
  LedgerRow row{head.seq + 1, entry.at, std::string(name_of(entry.kind)), entry.call, *std::move(body), {}};
  std::string input;
  ledger_hash_input(head.hash, row, input);
  const auto hash = sha256(bytes_of(input));
  row.hash.assign(hash.begin(), hash.end());
  return row;
}

LedgerHead head_of(const LedgerRow& row) {
  LedgerHead head{row.seq, {}};
  ASSENT_CHECK(row.hash.size() == head.hash.size());
  std::copy(row.hash.begin(), row.hash.end(), head.hash.begin());
  return head;
}

std::string to_text(const LedgerHead& head) { return std::to_string(head.seq) + ":" + to_hex(head.hash); }

std::optional<LedgerHead> parse_ledger_head(std::string_view text) {
  LedgerHead head;
  const auto colon = text.find(':');
  if (colon == text.npos) return std::nullopt;
  const auto number = std::from_chars(text.data(), text.data() + colon, head.seq);
  const auto hash = from_hex(text.substr(colon + 1));
  if (number.ec != std::errc() || number.ptr != text.data() + colon) return std::nullopt;
  if (!hash || hash->size() != head.hash.size()) return std::nullopt;
  std::copy(hash->begin(), hash->end(), head.hash.begin());
  return head;
}

void ledger_hash_input(const Sha256Digest& previous, const LedgerRow& row, std::string& out) {
  out.assign(reinterpret_cast<const char*>(previous.data()), kHashBytes);
  append_record(row, out);
}

std::string ledger_record_json(const LedgerRow& row) {
  std::string out;
  append_record(row, out);
  return out;
}

Result<Sha256Digest> consent_hash(const ConsentRow& consent) {
  for (const std::string* text :
       {&consent.decision, &consent.origin, &consent.purpose, &consent.signal_type, &consent.signal_value}) {
    if (!is_utf8(*text)) return error(Errc::invalid, "the consent record is not UTF-8");
  }
  std::string notice = "null";
  if (!consent.notice_json.empty()) {
    auto canonical = canonical_object(consent.notice_json, "the consent's notice");
    if (!canonical) return canonical.error();
    notice = *std::move(canonical);
  }
  std::string text;
  ObjectText record(text);
  record.number("at_ns", ns_of(consent.at)).text("call", to_text(consent.call)).text("decision", consent.decision);
  // Only where there is some, so that records from before there was any keep their hash; so is valid_until_ns below.
  if (consent.evidence_ms != 0) record.number("evidence_ms", consent.evidence_ms);
  record.text("id", to_text(consent.id));
  consent.media_time ? record.number("media_time_ns", ns_of(*consent.media_time))
                     : record.json("media_time_ns", "null");
  record.json("notice", notice)
      .text("origin", consent.origin)
      .text("participant", to_text(consent.participant))
      .number("preroll_ms", consent.preroll_ms)
      .text("purpose", consent.purpose)
      .text("signal_type", consent.signal_type)
      .text("signal_value", consent.signal_value);
  if (consent.valid_until) record.number("valid_until_ns", ns_of(*consent.valid_until));
  record.close();
  return sha256(bytes_of(text));
}

Result<LedgerEntry> ledger_entry_of(const ConsentRow& consent) {
  const auto hash = consent_hash(consent);
  if (!hash) return hash.error();
  // The signal's value stays out: it may be a token's name, and people name tokens after themselves.
  std::string body;
  ObjectText(body)
      .text("consent", to_text(consent.id))
      .text("decision", consent.decision)
      .text("participant", to_text(consent.participant))
      .text("purpose", consent.purpose)
      .text("record_sha256", to_hex(*hash))
      .text("signal_type", consent.signal_type)
      .close();
  return LedgerEntry{LedgerKind::consent, consent.at, consent.call, std::move(body)};
}

}  // namespace assent
