#include "engine/catalog/sqlite_schema.h"

#include <array>
#include <string>

namespace assent {
namespace {

constexpr std::int64_t kApplicationId = 0x61736E74;  // "asnt", in the file's header

// Whatever an erasure must make unreadable (wrapped keys, sealed fields) lies in `sealed`, whose rows are only ever
// appended, and overwritten with zeros of the same length; they are never deleted and never change size. SQLite changes
// such a row where it lies, so no copy of it is left in the slack of another page. secure_delete alone is not enough
// for that: among 4,500 rows deleted from a table whose rows also grow, up to 7 were still there after a checkpoint,
// copies left behind when pages were rebalanced. The other tables hold the row's number; their rows are free to grow
// and go. The price is the space of the overwritten rows.
//
// Ids are 16 bytes, times ns since 1970; `n` keeps the order of booking, which ids made in one millisecond do not.
constexpr const char* kSchema1 = R"sql(
CREATE TABLE sealed (
  n     INTEGER PRIMARY KEY,
  body  BLOB NOT NULL
) STRICT;
CREATE TRIGGER sealed_stays BEFORE DELETE ON sealed BEGIN SELECT RAISE(ABORT, 'sealed rows are overwritten in place'); END;

CREATE TABLE keys (
  id      BLOB PRIMARY KEY CHECK (length(id) = 16),
  kind    INTEGER NOT NULL,
  parent  BLOB NOT NULL,
  sealed  INTEGER NOT NULL REFERENCES sealed
) STRICT, WITHOUT ROWID;
CREATE INDEX keys_kind ON keys (kind);

CREATE TABLE tenants (
  id    BLOB PRIMARY KEY CHECK (length(id) = 16),
  name  TEXT NOT NULL UNIQUE,
  key   BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE subjects (
  id           BLOB PRIMARY KEY CHECK (length(id) = 16),
  tenant       BLOB NOT NULL REFERENCES tenants,
  blind_index  BLOB NOT NULL,
  sealed_ref   INTEGER REFERENCES sealed,
  key          BLOB NOT NULL,
  UNIQUE (tenant, blind_index)
) STRICT, WITHOUT ROWID;

CREATE TABLE calls (
  id           BLOB PRIMARY KEY CHECK (length(id) = 16),
  tenant       BLOB NOT NULL REFERENCES tenants,
  key          BLOB NOT NULL,
  policy       TEXT NOT NULL,
  sealed_ref   INTEGER REFERENCES sealed,
  notice_json  TEXT NOT NULL,
  created      INTEGER NOT NULL,
  ended        INTEGER,
  state        TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX calls_live ON calls (id) WHERE state = 'live';

CREATE TABLE participants (
  n        INTEGER PRIMARY KEY,
  id       BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  call     BLOB NOT NULL REFERENCES calls,
  subject  BLOB NOT NULL REFERENCES subjects,
  role     TEXT NOT NULL,
  sealed   INTEGER REFERENCES sealed
) STRICT;
CREATE INDEX participants_call ON participants (call, n);
CREATE INDEX participants_subject ON participants (subject, call);

CREATE TABLE legs (
  id            BLOB PRIMARY KEY CHECK (length(id) = 16),
  call          BLOB NOT NULL REFERENCES calls,
  participant   BLOB NOT NULL REFERENCES participants (id),
  place         INTEGER NOT NULL,
  sealed_label  INTEGER REFERENCES sealed,
  key           BLOB NOT NULL,
  codec         TEXT NOT NULL,
  counts_json   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX legs_call ON legs (call, place);

CREATE TABLE consents (
  n             INTEGER PRIMARY KEY,
  id            BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  call          BLOB NOT NULL REFERENCES calls,
  participant   BLOB NOT NULL REFERENCES participants (id),
  purpose       TEXT NOT NULL,
  decision      TEXT NOT NULL,
  signal_type   TEXT NOT NULL,
  signal_value  TEXT NOT NULL,
  notice_json   TEXT NOT NULL,
  origin        TEXT NOT NULL,
  at            INTEGER NOT NULL,
  media_time    INTEGER,
  preroll_ms    INTEGER NOT NULL
) STRICT;
CREATE INDEX consents_call ON consents (call, n);
CREATE TRIGGER consents_stand BEFORE UPDATE ON consents BEGIN SELECT RAISE(ABORT, 'a consent record never changes'); END;
CREATE TRIGGER consents_stay BEFORE DELETE ON consents BEGIN SELECT RAISE(ABORT, 'a consent record never goes'); END;

CREATE TABLE recordings (
  id         BLOB PRIMARY KEY CHECK (length(id) = 16),
  call       BLOB NOT NULL UNIQUE REFERENCES calls,
  tenant     BLOB NOT NULL REFERENCES tenants,
  state      TEXT NOT NULL,
  started    INTEGER NOT NULL,
  ended      INTEGER,
  lost_json  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE segments (
  id          BLOB PRIMARY KEY CHECK (length(id) = 16),
  recording   BLOB NOT NULL REFERENCES recordings,
  call        BLOB NOT NULL REFERENCES calls,
  leg         BLOB NOT NULL REFERENCES legs,
  number      INTEGER NOT NULL,
  object      TEXT NOT NULL,
  state       TEXT NOT NULL,
  size_bytes  INTEGER NOT NULL,
  frames      INTEGER NOT NULL,
  started     INTEGER NOT NULL,
  ended       INTEGER NOT NULL,
  salvaged    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX segments_recording ON segments (recording, leg, number);

CREATE TABLE notes (
  n       INTEGER PRIMARY KEY,
  id      BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  call    BLOB NOT NULL REFERENCES calls,
  author  TEXT NOT NULL,
  at      INTEGER NOT NULL,
  sealed  INTEGER REFERENCES sealed
) STRICT;
CREATE INDEX notes_call ON notes (call, n);

CREATE TABLE ledger (
  seq   INTEGER PRIMARY KEY,
  at    INTEGER NOT NULL,
  kind  TEXT NOT NULL,
  call  BLOB,
  body  TEXT NOT NULL,
  hash  BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX ledger_call ON ledger (call, seq) WHERE call IS NOT NULL;
CREATE TRIGGER ledger_stands BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger never changes'); END;
CREATE TRIGGER ledger_stays BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger never shrinks'); END;

CREATE TABLE erasures (
  id           BLOB PRIMARY KEY CHECK (length(id) = 16),
  target_kind  TEXT NOT NULL,
  target_id    TEXT NOT NULL,
  requested    INTEGER NOT NULL,
  done         INTEGER,
  steps_json   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX erasures_unfinished ON erasures (id) WHERE done IS NULL;
)sql";

// Where the ledger ends, for whoever has its key (ledger_seal.h): one row, once there is a key.
constexpr const char* kSchema2 = R"sql(
CREATE TABLE ledger_head (
  n           INTEGER PRIMARY KEY CHECK (n = 1),
  seq         INTEGER NOT NULL,
  hash        BLOB NOT NULL CHECK (length(hash) = 32),
  checkpoint  INTEGER NOT NULL,
  mac         BLOB NOT NULL CHECK (length(mac) = 32)
) STRICT;
)sql";

// Consents for a time, consents on file, and the registers of notices and purposes.
constexpr const char* kSchema3 = R"sql(
ALTER TABLE consents ADD COLUMN valid_until INTEGER;

CREATE TABLE standing_consents (
  id           BLOB PRIMARY KEY CHECK (length(id) = 16),
  subject      BLOB NOT NULL REFERENCES subjects,
  purposes     TEXT NOT NULL,
  valid_from   INTEGER NOT NULL,
  valid_until  INTEGER,
  notice_json  TEXT NOT NULL,
  sealed       INTEGER REFERENCES sealed,
  origin       TEXT NOT NULL,
  created      INTEGER NOT NULL,
  withdrawn    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX standing_consents_subject ON standing_consents (subject, created, id);
CREATE TRIGGER standing_consents_stand
  BEFORE UPDATE OF id, subject, purposes, valid_from, valid_until, notice_json, origin, created ON standing_consents
  BEGIN SELECT RAISE(ABORT, 'a consent on file never changes'); END;
CREATE TRIGGER standing_consents_end BEFORE UPDATE OF withdrawn ON standing_consents WHEN old.withdrawn IS NOT NULL
  BEGIN SELECT RAISE(ABORT, 'a withdrawal never changes'); END;
CREATE TRIGGER standing_consents_stay BEFORE DELETE ON standing_consents
  BEGIN SELECT RAISE(ABORT, 'a consent on file never goes'); END;

CREATE TABLE notices (
  n         INTEGER PRIMARY KEY,
  id        TEXT NOT NULL,
  version   TEXT NOT NULL,
  language  TEXT NOT NULL,
  text      TEXT NOT NULL,
  hash      BLOB NOT NULL CHECK (length(hash) = 32),
  origin    TEXT NOT NULL,
  at        INTEGER NOT NULL,
  UNIQUE (id, version, language)
) STRICT;
CREATE INDEX notices_hash ON notices (hash);
CREATE TRIGGER notices_stand BEFORE UPDATE ON notices BEGIN SELECT RAISE(ABORT, 'a notice never changes'); END;
CREATE TRIGGER notices_stay BEFORE DELETE ON notices BEGIN SELECT RAISE(ABORT, 'a notice never goes'); END;

CREATE TABLE purposes (
  n                INTEGER PRIMARY KEY,
  id               TEXT NOT NULL,
  version          TEXT NOT NULL,
  description      TEXT NOT NULL,
  lawful_basis     TEXT NOT NULL,
  retention_hours  INTEGER,
  processors       TEXT NOT NULL,
  origin           TEXT NOT NULL,
  at               INTEGER NOT NULL,
  UNIQUE (id, version)
) STRICT;
CREATE TRIGGER purposes_stand BEFORE UPDATE ON purposes BEGIN SELECT RAISE(ABORT, 'a purpose never changes'); END;
CREATE TRIGGER purposes_stay BEFORE DELETE ON purposes BEGIN SELECT RAISE(ABORT, 'a purpose never goes'); END;
)sql";

// What a call in progress needs to go on after a restart.
constexpr const char* kSchema4 = R"sql(
ALTER TABLE calls ADD COLUMN sealed_settings INTEGER REFERENCES sealed;
ALTER TABLE legs ADD COLUMN sealed_media INTEGER REFERENCES sealed;
)sql";

// What became of consents on file, and the keys that signed, found in a ledger of any length.
constexpr const char* kSchema5 = R"sql(
CREATE INDEX ledger_standing ON ledger (seq) WHERE kind = 'standing_consent';
CREATE INDEX ledger_keys ON ledger (seq) WHERE kind = 'ledger_key';
)sql";

// The spoken answer, kept apart.
constexpr const char* kSchema6 = R"sql(
ALTER TABLE segments ADD COLUMN use TEXT NOT NULL DEFAULT 'recording';
ALTER TABLE consents ADD COLUMN evidence_ms INTEGER NOT NULL DEFAULT 0;
)sql";

// People and tenants of whom everything is erased.
constexpr const char* kSchema7 = R"sql(
ALTER TABLE subjects ADD COLUMN erased INTEGER;
ALTER TABLE tenants ADD COLUMN erased INTEGER;
CREATE INDEX calls_tenant ON calls (tenant, id);
)sql";

// Keys that more than their parent must open, and keys that are being replaced. What a call says of a person has a key
// of its own; of older calls that key is the person's.
constexpr const char* kSchema8 = R"sql(
ALTER TABLE keys ADD COLUMN successor BLOB;
CREATE INDEX keys_parent ON keys (parent, id);
CREATE INDEX keys_replaced ON keys (kind, id) WHERE successor IS NOT NULL;
CREATE INDEX keys_successor ON keys (successor) WHERE successor IS NOT NULL;
CREATE INDEX subjects_key ON subjects (key);

CREATE TABLE key_guards (
  key    BLOB NOT NULL REFERENCES keys,
  place  INTEGER NOT NULL,
  guard  BLOB NOT NULL,
  PRIMARY KEY (key, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX key_guards_guard ON key_guards (guard, key);

ALTER TABLE participants ADD COLUMN key BLOB;
UPDATE participants SET key = (SELECT s.key FROM subjects s WHERE s.id = participants.subject);

ALTER TABLE calls ADD COLUMN erasure TEXT NOT NULL DEFAULT 'leg';
UPDATE calls SET erasure = 'call' WHERE policy = 'all-party';
)sql";

// What a leg's call was like.
constexpr const char* kSchema9 = R"sql(
ALTER TABLE legs ADD COLUMN sealed_metrics INTEGER REFERENCES sealed;
)sql";

// Who is told of consents and erasures, and what they have been told. `waiting`: an erasure that only processors keep
// open.
constexpr const char* kSchema10 = R"sql(
CREATE TABLE processors (
  n         INTEGER PRIMARY KEY,
  name      TEXT NOT NULL UNIQUE,
  purposes  TEXT NOT NULL,
  host      TEXT NOT NULL,
  since     INTEGER NOT NULL,
  removed   INTEGER
) STRICT;

CREATE TABLE outbox (
  n           INTEGER PRIMARY KEY,
  event       BLOB NOT NULL CHECK (length(event) = 16),
  processor   TEXT NOT NULL REFERENCES processors (name),
  kind        TEXT NOT NULL,
  tenant      BLOB NOT NULL,
  call        BLOB,
  subject     BLOB,
  erasure     BLOB,
  body        TEXT NOT NULL,
  created     INTEGER NOT NULL,
  queued      INTEGER NOT NULL,
  state       TEXT NOT NULL,
  attempts    INTEGER NOT NULL,
  tried       INTEGER,
  last_error  TEXT NOT NULL,
  settled     INTEGER,
  UNIQUE (processor, event)
) STRICT;
CREATE INDEX outbox_open ON outbox (processor, state, n, created) WHERE settled IS NULL;
CREATE INDEX outbox_settled ON outbox (settled) WHERE settled IS NOT NULL;
CREATE INDEX outbox_erasure ON outbox (erasure, n) WHERE erasure IS NOT NULL;

ALTER TABLE erasures ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;
CREATE INDEX erasures_waiting ON erasures (id) WHERE done IS NULL AND waiting = 1;
)sql";

// When a recording's time is over, legal holds, and erasures that wait for one. `plan` says by which rules `expires`
// was reckoned (retention_end.h): 0 not yet; nothing where there is nothing to reckon.
constexpr const char* kSchema11 = R"sql(
ALTER TABLE recordings ADD COLUMN expires INTEGER;
ALTER TABLE recordings ADD COLUMN plan INTEGER;
UPDATE recordings SET plan = 0 WHERE state NOT IN ('open', 'erased');
CREATE INDEX recordings_expires ON recordings (expires, id) WHERE expires IS NOT NULL;
CREATE INDEX recordings_plan ON recordings (plan) WHERE plan IS NOT NULL;

CREATE TABLE holds (
  id            BLOB PRIMARY KEY CHECK (length(id) = 16),
  target        TEXT NOT NULL,
  target_id     BLOB NOT NULL CHECK (length(target_id) = 16),
  reason        TEXT NOT NULL,
  placed_by     TEXT NOT NULL,
  placed        INTEGER NOT NULL,
  until         INTEGER,
  ended         INTEGER,
  ended_by      TEXT NOT NULL,
  ended_reason  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX holds_standing ON holds (target, target_id) WHERE ended IS NULL;
CREATE INDEX holds_until ON holds (until) WHERE ended IS NULL AND until IS NOT NULL;
CREATE TRIGGER holds_stand BEFORE UPDATE OF id, target, target_id, reason, placed_by, placed, until ON holds
  BEGIN SELECT RAISE(ABORT, 'a hold never changes'); END;
CREATE TRIGGER holds_end BEFORE UPDATE ON holds WHEN old.ended IS NOT NULL
  BEGIN SELECT RAISE(ABORT, 'a hold that has ended never changes'); END;
CREATE TRIGGER holds_stay BEFORE DELETE ON holds BEGIN SELECT RAISE(ABORT, 'a hold never goes'); END;

ALTER TABLE erasures ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
CREATE INDEX erasures_held ON erasures (id) WHERE held = 1;
)sql";

// What somebody was given of themselves, found in a ledger of any length.
constexpr const char* kSchema12 = R"sql(
CREATE INDEX ledger_disclosures ON ledger (seq) WHERE kind = 'disclosure';
)sql";

// What a consent's signal says of itself, which can be forgotten; nothing else of the record ever changes.
constexpr const char* kSchema13 = R"sql(
ALTER TABLE consents ADD COLUMN sealed_said INTEGER REFERENCES sealed;
DROP TRIGGER consents_stand;
CREATE TRIGGER consents_stand BEFORE UPDATE OF n, id, call, participant, purpose, decision, signal_type, signal_value,
  notice_json, origin, at, media_time, preroll_ms, valid_until, evidence_ms ON consents
  BEGIN SELECT RAISE(ABORT, 'a consent record never changes'); END;
CREATE TRIGGER consents_said BEFORE UPDATE OF sealed_said ON consents WHEN new.sealed_said IS NOT NULL
  BEGIN SELECT RAISE(ABORT, 'what a consent record says is only ever forgotten'); END;
)sql";

constexpr std::array<const char*, 13> kMigrations = {kSchema1,  kSchema2,  kSchema3, kSchema4, kSchema5,
                                                     kSchema6,  kSchema7,  kSchema8, kSchema9, kSchema10,
                                                     kSchema11, kSchema12, kSchema13};

Result<std::int64_t> number(SqliteDatabase& database, const char* pragma) {
  const auto found = database.value<std::int64_t>(pragma);
  if (!found) return found.error();
  return found->value_or(0);
}

Error too_new(std::int64_t version, std::size_t ours) {
  return error(Errc::unsupported, "catalog: the file is of version " + std::to_string(version) + ", this build knows " +
                                      std::to_string(ours) + ": use the newer program");
}

// The version the file is of; refuses what is not ours.
Result<std::int64_t> version_of(SqliteDatabase& database) {
  const auto application = number(database, "PRAGMA application_id");
  if (!application) return application.error();
  const auto version = number(database, "PRAGMA user_version");
  if (!version) return version.error();
  const auto tables = number(database, "SELECT count(*) FROM sqlite_master");
  if (!tables) return tables.error();
  const bool empty = *application == 0 && *version == 0 && *tables == 0;
  if (!empty && *application != kApplicationId) {
    return error(Errc::invalid, "catalog: the file is another program's database");
  }
  return *version;
}

}  // namespace

std::span<const char* const> catalog_migrations() { return kMigrations; }

Result<void> migrate(SqliteDatabase& database, std::span<const char* const> migrations) {
  const auto version = version_of(database);
  if (!version) return version.error();
  if (*version < 0 || static_cast<std::size_t>(*version) > migrations.size()) {
    return too_new(*version, migrations.size());
  }
  for (auto step = static_cast<std::size_t>(*version); step < migrations.size(); ++step) {
    const std::string script = "BEGIN IMMEDIATE;" + std::string(migrations[step]) +
                               ";PRAGMA application_id = " + std::to_string(kApplicationId) +
                               ";PRAGMA user_version = " + std::to_string(step + 1) + ";COMMIT";
    if (auto done = database.script(script.c_str()); !done) {
      (void)database.script("ROLLBACK");
      return done;
    }
  }
  return {};
}

Result<void> check_version(SqliteDatabase& database, std::span<const char* const> migrations) {
  const auto version = version_of(database);
  if (!version) return version.error();
  const auto ours = static_cast<std::int64_t>(migrations.size());
  if (*version > ours) return too_new(*version, migrations.size());
  if (*version < ours) {
    return error(Errc::unsupported, "catalog: the file is of an older version: start the engine once to bring it up");
  }
  return {};
}

}  // namespace assent
