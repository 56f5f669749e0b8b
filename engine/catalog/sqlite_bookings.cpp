#include "engine/catalog/sqlite_bookings.h"

#include <algorithm>

#include "engine/catalog/register_entries.h"

namespace assent {

// The sealed bodies whose numbers this query finds. Whoever refers to them forgets them then.
#define ASSENT_OVERWRITE(numbers) "UPDATE sealed SET body = zeroblob(length(body)) WHERE n IN (" numbers ")"

Result<void> SqliteBookings::apply(const Booking& booking) {
  return std::visit([this](const auto& one) { return put(one); }, booking);
}

// ---- shared pieces ------------------------------------------------------------------------------------------------

// A key must be on record before anything is sealed under it. Not a foreign key, because the row stays when the key
// goes.
Result<void> SqliteBookings::require_key(KeyId key) {
  const auto found = database_.value<int>("SELECT 1 FROM keys WHERE id = ?", key);
  if (!found) return found.error();
  if (!*found) return error(Errc::invalid, "catalog: the key " + to_text(key) + " is not on record");
  return {};
}

Result<std::optional<std::int64_t>> SqliteBookings::keep_sealed(ByteView body) {
  if (body.empty()) return std::optional<std::int64_t>();
  if (const auto done = database_.run("INSERT INTO sealed (body) VALUES (?)", body); !done) return done.error();
  return std::optional(database_.last_rowid());
}

Result<void> SqliteBookings::changed_one(Result<void> done, std::string_view what) {
  if (!done || database_.changed_rows() == 1) return done;
  return error(Errc::not_found, "catalog: there is no such " + std::string(what));
}

// ---- people -----------------------------------------------------------------------------------------------------

Result<void> SqliteBookings::put(const booking::AddTenant& add) {
  if (auto known = require_key(add.row.key); !known) return known;
  return database_.run("INSERT INTO tenants (id, name, key) VALUES (?, ?, ?)", add.row.id, add.row.name, add.row.key);
}

Result<void> SqliteBookings::put(const booking::AddSubject& add) {
  if (auto known = require_key(add.row.key); !known) return known;
  const auto sealed = keep_sealed(add.row.sealed_ref);
  if (!sealed) return sealed.error();
  return database_.run("INSERT INTO subjects (id, tenant, blind_index, sealed_ref, key) VALUES (?, ?, ?, ?, ?)",
                       add.row.id, add.row.tenant, add.row.blind_index, *sealed, add.row.key);
}

// ---- calls --------------------------------------------------------------------------------------------------------

Result<void> SqliteBookings::put(const booking::AddCall& add) {
  const CallRow& row = add.row;
  if (auto known = require_key(row.key); !known) return known;
  const auto ref = keep_sealed(row.sealed_ref);
  if (!ref) return ref.error();
  const auto settings = keep_sealed(row.sealed_settings);
  if (!settings) return settings.error();
  return database_.run(
      "INSERT INTO calls (id, tenant, key, policy, sealed_ref, notice_json, created, ended, state, sealed_settings, "
      "erasure) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.id, row.tenant, row.key, row.policy, *ref, row.notice_json, row.created, row.ended, row.state, *settings,
      row.erasure);
}

Result<void> SqliteBookings::put(const booking::AddParticipant& add) {
  if (auto known = require_key(add.row.key); !known) return known;
  const auto sealed = keep_sealed(add.row.sealed);
  if (!sealed) return sealed.error();
  return database_.run("INSERT INTO participants (id, call, subject, role, sealed, key) VALUES (?, ?, ?, ?, ?, ?)",
                       add.row.id, add.row.call, add.row.subject, add.row.role, *sealed, add.row.key);
}

Result<void> SqliteBookings::put(const booking::AddLeg& add) {
  const LegRow& row = add.row;
  if (auto known = require_key(row.key); !known) return known;
  const auto label = keep_sealed(row.sealed_label);
  if (!label) return label.error();
  const auto media = keep_sealed(row.sealed_media);
  if (!media) return media.error();
  return database_.run(
      "INSERT INTO legs (id, call, participant, place, sealed_label, key, codec, counts_json, sealed_media) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.id, row.call, row.participant, row.index, *label, row.key, row.codec, row.counts_json, *media);
}

Result<void> SqliteBookings::put(const booking::SetLegCodec& set) {
  return changed_one(database_.run("UPDATE legs SET codec = ? WHERE id = ?", set.codec, set.leg), "leg");
}

Result<void> SqliteBookings::put(const booking::SetLegCounts& set) {
  return changed_one(database_.run("UPDATE legs SET counts_json = ? WHERE id = ?", set.counts_json, set.leg), "leg");
}

Result<void> SqliteBookings::put(const booking::SetLegMedia& set) {
  auto done = database_.run(ASSENT_OVERWRITE("SELECT sealed_media FROM legs WHERE id = ?"), set.leg);
  if (!done) return done;
  const auto sealed = keep_sealed(set.sealed_media);
  if (!sealed) return sealed.error();
  return changed_one(database_.run("UPDATE legs SET sealed_media = ? WHERE id = ?", *sealed, set.leg), "leg");
}

Result<void> SqliteBookings::put(const booking::SetLegMetrics& set) {
  auto done = database_.run(ASSENT_OVERWRITE("SELECT sealed_metrics FROM legs WHERE id = ?"), set.leg);
  if (!done) return done;
  const auto has_key = database_.value<int>("SELECT 1 FROM legs l JOIN keys k ON k.id = l.key WHERE l.id = ?", set.leg);
  if (!has_key) return has_key.error();
  const auto sealed = keep_sealed(*has_key ? set.sealed_metrics : Bytes());
  if (!sealed) return sealed.error();
  return changed_one(database_.run("UPDATE legs SET sealed_metrics = ? WHERE id = ?", *sealed, set.leg), "leg");
}

Result<void> SqliteBookings::put(const booking::EndCall& end) {
  auto ended = changed_one(
      database_.run("UPDATE calls SET ended = ?, state = ? WHERE id = ?", end.at, end.state, end.call), "call");
  return ended ? forget_media(end.call) : ended;
}

Result<void> SqliteBookings::forget_media(CallId call) {
  auto done = database_.run(ASSENT_OVERWRITE("SELECT sealed_media FROM legs WHERE call = ?1"), call);
  if (!done) return done;
  return database_.run("UPDATE legs SET sealed_media = NULL WHERE call = ?", call);
}

Result<void> SqliteBookings::put(const booking::AddConsent& add) {
  const ConsentRow& row = add.row;
  if (auto stands = require_standing(row); !stands) return stands;
  const auto entry = ledger_entry_of(row);
  if (!entry) return entry.error();
  if (auto told = tell_of(row); !told) return told;  // while the last record is the one before
  const auto said = keep_said(row);
  if (!said) return said.error();
  auto done = database_.run(
      "INSERT INTO consents (id, call, participant, purpose, decision, signal_type, signal_value, notice_json, origin, "
      "at, media_time, preroll_ms, valid_until, evidence_ms, sealed_said) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
      "?, ?, ?)",
      row.id, row.call, row.participant, row.purpose, row.decision, row.signal_type, row.signal_value, row.notice_json,
      row.origin, row.at, row.media_time, row.preroll_ms, row.valid_until, row.evidence_ms, *said);
  if (done && row.decision == "withdrawn") done = plan_retention_of(row.call);
  return done ? append_ledger(*entry) : done;
}

// A person's consents outlive what is said of them: whoever has been erased says nothing more.
Result<std::optional<std::int64_t>> SqliteBookings::keep_said(const ConsentRow& row) {
  if (row.sealed_said.empty()) return std::optional<std::int64_t>();
  const auto has_key =
      database_.value<int>("SELECT 1 FROM participants p JOIN keys k ON k.id = p.key AND k.kind = ?2 WHERE p.id = ?1",
                           row.participant, static_cast<int>(KeyKind::participant));
  if (!has_key) return has_key.error();
  return keep_sealed(*has_key ? ByteView(row.sealed_said) : ByteView());
}

// Whoever withdraws a consent on file need not know of the calls that are about to use it.
Result<void> SqliteBookings::require_standing(const ConsentRow& row) {
  if (row.signal_type != "standing" || row.decision != "granted") return {};
  const auto id = parse_id<StandingId>(row.signal_value);
  if (!id) return error(Errc::invalid, "catalog: the consent names no consent on file");
  const auto stands = database_.value<int>("SELECT withdrawn IS NULL FROM standing_consents WHERE id = ?", *id);
  if (!stands) return stands.error();
  if (stands->value_or(0) == 0) return error(Errc::conflict, "catalog: the consent on file has been withdrawn");
  return {};
}

Result<void> SqliteBookings::put(const booking::AddStandingConsent& add) {
  const StandingConsentRow& row = add.row;
  const auto key = database_.value<KeyId>("SELECT key FROM subjects WHERE id = ?", row.subject);
  if (!key) return key.error();
  if (*key != add.sealed_under) return error(Errc::conflict, "catalog: the person's key has been replaced: ask again");
  const auto sealed = keep_sealed(row.sealed_evidence);
  if (!sealed) return sealed.error();
  return database_.run(
      "INSERT INTO standing_consents (id, subject, purposes, valid_from, valid_until, notice_json, sealed, origin, "
      "created, withdrawn) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.id, row.subject, row.purposes_json, row.from, row.until, row.notice_json, *sealed, row.origin, row.created,
      row.withdrawn);
}

Result<void> SqliteBookings::put(const booking::WithdrawStandingConsent& withdraw) {
  auto done = database_.run("UPDATE standing_consents SET withdrawn = ? WHERE id = ? AND withdrawn IS NULL",
                            withdraw.at, withdraw.id);
  if (!done || database_.changed_rows() == 1) return done;
  return error(Errc::conflict, "catalog: the consent on file is not there, or has been withdrawn already");
}

// ---- registers ----------------------------------------------------------------------------------------------------

Result<void> SqliteBookings::put(const booking::AddNotice& add) {
  const NoticeRow& row = add.row;
  const auto known = database_.value<std::string>(
      "SELECT text FROM notices WHERE id = ? AND version = ? AND language = ?", row.id, row.version, row.language);
  if (!known) return known.error();
  if (*known && **known == row.text) return {};
  if (*known) {
    return error(Errc::conflict, "the notice \"" + row.id + "\", version \"" + row.version + "\" in \"" + row.language +
                                     "\" is on record with another text, which consents may name: give the new text a "
                                     "new version");
  }
  auto done =
      database_.run("INSERT INTO notices (id, version, language, text, hash, origin, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    row.id, row.version, row.language, row.text, row.hash, row.origin, row.at);
  return done ? append_ledger(ledger_entry_of(row)) : done;
}

Result<void> SqliteBookings::put(const booking::AddPurpose& add) {
  const PurposeRow& row = add.row;
  auto found = database_.use(
      "SELECT description, lawful_basis, retention_hours, processors FROM purposes WHERE id = ? AND version = ?",
      row.id, row.version);
  if (!found) return found.error();
  const auto is_there = found->step();
  if (!is_there) return is_there.error();
  if (*is_there) {
    PurposeRow known;
    if (auto read = found->read(known.description, known.lawful_basis, known.retention_hours, known.processors_json);
        !read) {
      return read;
    }
    if (known.description == row.description && known.lawful_basis == row.lawful_basis &&
        known.retention_hours == row.retention_hours && known.processors_json == row.processors_json) {
      return {};
    }
    return error(Errc::conflict,
                 "the purpose \"" + row.id + "\", version \"" + row.version +
                     "\" is on record as something else, which people may have agreed to: give what has "
                     "changed a new version");
  }
  auto done = database_.run(
      "INSERT INTO purposes (id, version, description, lawful_basis, retention_hours, processors, origin, at) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      row.id, row.version, row.description, row.lawful_basis, row.retention_hours, row.processors_json, row.origin,
      row.at);
  return done ? append_ledger(ledger_entry_of(row)) : done;
}

Result<void> SqliteBookings::put(const booking::AddNote& add) {
  const auto sealed = keep_sealed(add.row.sealed_text);
  if (!sealed) return sealed.error();
  return database_.run("INSERT INTO notes (id, call, author, at, sealed) VALUES (?, ?, ?, ?, ?)", add.row.id,
                       add.row.call, add.row.author, add.row.at, *sealed);
}

Result<void> SqliteBookings::put(const booking::EraseNote& erase) {
  auto done = database_.run(ASSENT_OVERWRITE("SELECT sealed FROM notes WHERE id = ?"), erase.note);
  if (!done) return done;
  return changed_one(database_.run("DELETE FROM notes WHERE id = ?", erase.note), "note");
}

// ---- recordings ---------------------------------------------------------------------------------------------------

Result<void> SqliteBookings::put(const booking::OpenRecording& open) {
  const RecordingRow& row = open.row;
  return database_.run(
      "INSERT INTO recordings (id, call, tenant, state, started, ended, lost_json) VALUES (?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (call) DO NOTHING",
      row.id, row.call, row.tenant, row.state, row.started, row.ended, row.lost_json);
}

Result<void> SqliteBookings::put(const booking::CloseRecording& close) {
  // The CASEs keep an erased recording as it is and still count it as found.
  auto done =
      changed_one(database_.run("UPDATE recordings SET ended = CASE state WHEN 'erased' THEN ended ELSE ?1 END, "
                                "lost_json = CASE state WHEN 'erased' THEN lost_json ELSE ?3 END, "
                                "state = CASE state WHEN 'erased' THEN state ELSE ?2 END WHERE id = ?4",
                                close.at, close.state, close.lost_json, close.recording),
                  "recording");
  return done ? put(booking::PlanRetention{close.recording}) : done;
}

Result<void> SqliteBookings::put(const booking::ReopenRecording& reopen) {
  return changed_one(
      database_.run("UPDATE recordings SET ended = CASE state WHEN 'erased' THEN ended ELSE NULL END, "
                    "lost_json = CASE state WHEN 'erased' THEN lost_json ELSE ?1 END, "
                    "state = CASE state WHEN 'erased' THEN state ELSE 'open' END, expires = NULL, plan = NULL WHERE "
                    "id = ?2",
                    reopen.lost_json, reopen.recording),
      "recording");
}

Result<void> SqliteBookings::put(const booking::AddSegment& add) {
  const SegmentRow& row = add.row;
  RecordingState state{};
  const auto found = database_.value<std::string>("SELECT state FROM recordings WHERE id = ?", row.recording);
  if (!found) return found.error();
  if (!*found) return error(Errc::invalid, "catalog: the segment's recording is not on record");
  if (parse_name(**found, state) && state == RecordingState::erased) {
    return error(Errc::conflict, "catalog: the recording " + to_text(row.recording) + " has been erased");
  }
  return database_.run(
      "INSERT INTO segments (id, recording, call, leg, number, object, state, size_bytes, frames, started, ended, "
      "salvaged, use) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET recording = "
      "excluded.recording, call = excluded.call, leg = excluded.leg, number = excluded.number, object = "
      "excluded.object, state = excluded.state, size_bytes = excluded.size_bytes, frames = excluded.frames, started = "
      "excluded.started, ended = excluded.ended, salvaged = excluded.salvaged, use = excluded.use",
      row.id, row.recording, row.call, row.leg, row.number, row.object, row.state, row.size_bytes, row.frames,
      row.started, row.ended, row.salvaged, row.use);
}

// ---- erasures -----------------------------------------------------------------------------------------------------

Result<void> SqliteBookings::put(const booking::StartErasure& start) {
  const ErasureRow& row = start.row;
  auto done = database_.run(
      "INSERT INTO erasures (id, target_kind, target_id, requested, done, steps_json, held) VALUES (?, ?, ?, ?, ?, ?, "
      "?)",
      row.id, row.target_kind, row.target_id, row.requested, row.done, row.steps_json, row.held);
  if (!done || row.held) return done;  // who is told of it is told when it begins
  return tell_of(start);
}

Result<void> SqliteBookings::put(const booking::UpdateErasure& update) {
  return changed_one(database_.run("UPDATE erasures SET steps_json = ?, done = ? WHERE id = ?", update.steps_json,
                                   update.done, update.id),
                     "erasure");
}

Result<void> SqliteBookings::put(const booking::RemoveSegment& remove) {
  return database_.run("DELETE FROM segments WHERE id = ?", remove.segment);
}

Result<void> SqliteBookings::put(const booking::EraseRecording& erase) {
  auto done = changed_one(database_.run("UPDATE recordings SET state = 'erased', ended = ifnull(ended, ?), "
                                        "expires = NULL, plan = NULL WHERE id = ?",
                                        erase.at, erase.recording),
                          "recording");
  if (!done) return done;
  const auto call = database_.value<CallId>("SELECT call FROM recordings WHERE id = ?", erase.recording);
  if (!call) return call.error();
  return put(booking::ForgetCall{call->value_or(CallId())});
}

Result<void> SqliteBookings::put(const booking::ForgetCall& forget) {
  if (auto done = forget_media(forget.call); !done) return done;
  auto done = database_.run(
      ASSENT_OVERWRITE(
          "SELECT sealed_ref FROM calls WHERE id = ?1 UNION ALL SELECT sealed_settings FROM calls WHERE id = ?1 "
          "UNION ALL SELECT sealed_label FROM legs WHERE call = ?1 UNION ALL SELECT sealed_metrics FROM legs WHERE "
          "call = ?1 UNION ALL SELECT sealed FROM participants WHERE call = ?1 UNION ALL SELECT sealed FROM notes "
          "WHERE call = ?1 UNION ALL SELECT sealed_said FROM consents WHERE call = ?1"),
      forget.call);
  if (!done) return done;
  done =
      database_.run(ASSENT_OVERWRITE("SELECT k.sealed FROM participants p JOIN keys k ON k.id = p.key AND k.kind = ?2 "
                                     "WHERE p.call = ?1"),
                    forget.call, static_cast<int>(KeyKind::participant));
  if (!done) return done;
  done = database_.run("DELETE FROM keys WHERE kind = ?2 AND id IN (SELECT key FROM participants WHERE call = ?1)",
                       forget.call, static_cast<int>(KeyKind::participant));
  if (!done) return done;
  for (const char* sql : {"UPDATE calls SET sealed_ref = NULL, sealed_settings = NULL WHERE id = ?",
                          "UPDATE legs SET sealed_label = NULL, sealed_metrics = NULL WHERE call = ?",
                          "UPDATE participants SET sealed = NULL WHERE call = ?",
                          "UPDATE consents SET sealed_said = NULL WHERE call = ? AND sealed_said IS NOT NULL",
                          "DELETE FROM notes WHERE call = ?"}) {
    if (done = database_.run(sql, forget.call); !done) return done;
  }
  return {};
}

// What others noted of the call may be about them.
Result<void> SqliteBookings::put(const booking::ForgetParticipant& forget) {
  auto done = database_.run(ASSENT_OVERWRITE("SELECT sealed FROM participants WHERE id = ?1 UNION ALL SELECT "
                                             "sealed_label FROM legs WHERE participant = ?1 "
                                             "UNION ALL SELECT sealed_media FROM legs WHERE participant = ?1 UNION ALL "
                                             "SELECT sealed_metrics FROM legs WHERE participant = ?1 UNION ALL SELECT "
                                             "sealed FROM notes WHERE call = "
                                             "(SELECT call FROM participants WHERE id = ?1) UNION ALL SELECT "
                                             "sealed_said FROM consents WHERE participant = ?1 AND call = "
                                             "(SELECT call FROM participants WHERE id = ?1)"),
                            forget.participant);
  if (!done) return done;
  const auto key = database_.value<KeyId>(
      "SELECT k.id FROM participants p JOIN keys k ON k.id = p.key AND k.kind = ?2 WHERE p.id = ?1", forget.participant,
      static_cast<int>(KeyKind::participant));
  if (!key) return key.error();
  if (*key) {
    if (done = put(booking::DestroyKey{**key}); !done) return done;
  }
  for (const char* sql :
       {"UPDATE participants SET sealed = NULL WHERE id = ?",
        "UPDATE legs SET sealed_label = NULL, sealed_media = NULL, sealed_metrics = NULL WHERE participant = ?",
        "UPDATE consents SET sealed_said = NULL WHERE participant = ?1 AND sealed_said IS NOT NULL AND call = "
        "(SELECT call FROM participants WHERE id = ?1)",
        "DELETE FROM notes WHERE call = (SELECT call FROM participants WHERE id = ?)"}) {
    if (done = database_.run(sql, forget.participant); !done) return done;
  }
  return {};
}

Result<void> SqliteBookings::put(const booking::EraseSubject& erase) {
  auto done = database_.run(ASSENT_OVERWRITE("SELECT sealed_ref FROM subjects WHERE id = ?1 UNION ALL SELECT sealed "
                                             "FROM standing_consents WHERE subject = ?1"),
                            erase.subject);
  if (!done) return done;
  done = database_.run("UPDATE standing_consents SET sealed = NULL WHERE subject = ?", erase.subject);
  if (!done) return done;
  return changed_one(database_.run("UPDATE subjects SET sealed_ref = NULL, blind_index = randomblob(32), erased = "
                                   "ifnull(erased, ?) WHERE id = ?",
                                   erase.at, erase.subject),
                     "subject");
}

Result<void> SqliteBookings::put(const booking::EraseTenant& erase) {
  return changed_one(database_.run("UPDATE tenants SET name = ?, erased = ifnull(erased, ?) WHERE id = ?",
                                   to_text(erase.tenant), erase.at, erase.tenant),
                     "tenant");
}

}  // namespace assent
