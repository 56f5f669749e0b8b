// The bookings of SqliteBookings that make, replace and destroy keys.
#include "engine/catalog/sqlite_bookings.h"

namespace assent {

Result<void> SqliteBookings::put(const booking::AddKey& add) {
  // A key made under a parent that was destroyed meanwhile could never be opened, and one made under a parent that is
  // being replaced would be overlooked: better refused than found out later.
  if (add.key.kind != KeyKind::epoch) {
    if (auto usable = require_usable(add.key.parent); !usable) return usable;
  }
  for (const KeyId guard : add.key.guards) {
    if (auto usable = require_usable(guard); !usable) return usable;
  }
  const auto sealed = keep_sealed(add.key.wrapped);
  if (!sealed) return sealed.error();
  auto done = database_.run("INSERT INTO keys (id, kind, parent, sealed) VALUES (?, ?, ?, ?)", add.key.id,
                            static_cast<int>(add.key.kind), add.key.parent, *sealed);
  return done ? set_guards(add.key) : done;
}

Result<void> SqliteBookings::require_usable(KeyId key) {
  const auto usable = database_.value<int>("SELECT successor IS NULL FROM keys WHERE id = ?", key);
  if (!usable) return usable.error();
  if (usable->value_or(0) == 1) return {};
  return error(Errc::conflict, "catalog: the key " + to_text(key) + " has been " +
                                   (*usable ? "replaced" : "destroyed") + " meanwhile: ask again");
}

Result<void> SqliteBookings::set_guards(const WrappedKey& key) {
  int place = 0;
  for (const KeyId guard : key.guards) {
    auto done = database_.run("INSERT INTO key_guards (key, place, guard) VALUES (?, ?, ?)", key.id, place++, guard);
    if (!done) return done;
  }
  return {};
}

// Whichever of the two the one who erases has read: both open what is below.
Result<void> SqliteBookings::put(const booking::DestroyKey& destroy) {
  const auto before = database_.value<KeyId>("SELECT id FROM keys WHERE successor = ?", destroy.key);
  if (!before) return before.error();
  const auto after = database_.value<std::optional<KeyId>>("SELECT successor FROM keys WHERE id = ?", destroy.key);
  if (!after) return after.error();
  if (*before) {
    if (auto done = destroy_key(**before); !done) return done;
  }
  if (*after && **after) {
    if (auto done = destroy_key(***after); !done) return done;
  }
  return destroy_key(destroy.key);
}

Result<void> SqliteBookings::destroy_key(KeyId key) {
  for (const char* sql :
       {"UPDATE sealed SET body = zeroblob(length(body)) WHERE n IN (SELECT sealed FROM keys WHERE id = ?)",
        "DELETE FROM key_guards WHERE key = ?", "DELETE FROM keys WHERE id = ?"}) {
    if (auto done = database_.run(sql, key); !done) return done;
  }
  return {};
}

// ---- replacing ------------------------------------------------------------------------------------------------------

Result<void> SqliteBookings::set_successor(KeyId old, KeyId successor) {
  auto done = database_.run("UPDATE keys SET successor = ? WHERE id = ? AND successor IS NULL", successor, old);
  if (!done || database_.changed_rows() == 1) return done;
  return error(Errc::conflict, "catalog: the key " + to_text(old) + " is gone, or has been replaced");
}

Result<void> SqliteBookings::put(const booking::ReplaceEpochKey& replace) {
  if (auto added = put(booking::AddKey{replace.key}); !added) return added;
  for (const KeyId old : replace.old) {
    if (auto done = set_successor(old, replace.key.id); !done) return done;
  }
  return {};
}

Result<void> SqliteBookings::put(const booking::ReplaceTenantKey& replace) {
  if (auto added = put(booking::AddKey{replace.key}); !added) return added;
  if (auto done = set_successor(replace.old, replace.key.id); !done) return done;
  auto done =
      database_.run("UPDATE tenants SET key = ? WHERE id = ? AND key = ?", replace.key.id, replace.tenant, replace.old);
  if (!done || database_.changed_rows() == 1) return done;
  return error(Errc::conflict, "catalog: the tenant has another key");
}

Result<void> SqliteBookings::put(const booking::ReplaceSubjectKey& replace) {
  if (auto added = put(booking::AddKey{replace.key}); !added) return added;
  if (auto done = set_successor(replace.old, replace.key.id); !done) return done;
  const auto said = database_.value<std::int64_t>(
      "SELECT count(*) FROM standing_consents WHERE subject = ? AND sealed IS NOT NULL", replace.subject);
  if (!said) return said.error();
  if (said->value_or(0) != static_cast<std::int64_t>(replace.sealed_evidence.size())) {
    return error(Errc::conflict, "catalog: the person has another consent on file meanwhile");
  }
  auto done = database_.run(
      "UPDATE sealed SET body = zeroblob(length(body)) WHERE n IN (SELECT sealed_ref FROM subjects WHERE id = ?1 UNION "
      "ALL SELECT sealed FROM standing_consents WHERE subject = ?1)",
      replace.subject);
  if (!done) return done;
  for (const auto& [consent, text] : replace.sealed_evidence) {
    const auto sealed = keep_sealed(text);
    if (!sealed) return sealed.error();
    done = changed_one(database_.run("UPDATE standing_consents SET sealed = ? WHERE id = ? AND subject = ?", *sealed,
                                     consent, replace.subject),
                       "consent on file");
    if (!done) return done;
  }
  const auto ref = keep_sealed(replace.sealed_ref);
  if (!ref) return ref.error();
  done = database_.run("UPDATE subjects SET key = ?, blind_index = ?, sealed_ref = ? WHERE id = ? AND key = ?",
                       replace.key.id, replace.blind_index, *ref, replace.subject, replace.old);
  if (!done || database_.changed_rows() == 1) return done;
  return error(Errc::conflict, "catalog: the person has another key");
}

Result<void> SqliteBookings::put(const booking::RetireKey& retire) {
  const auto replaced = database_.value<int>("SELECT successor IS NOT NULL FROM keys WHERE id = ?", retire.key);
  if (!replaced) return replaced.error();
  if (replaced->value_or(1) == 0) {
    return error(Errc::invalid, "catalog: the key " + to_text(retire.key) + " has no successor");
  }
  return destroy_key(retire.key);
}

// ---- wrapping anew --------------------------------------------------------------------------------------------------

// Where it lies: the old bytes are gone from the page that held them.
Result<void> SqliteBookings::put(const booking::RewrapKey& rewrap) {
  const auto body =
      database_.value<Bytes>("SELECT s.body FROM keys k JOIN sealed s ON s.n = k.sealed WHERE k.id = ?", rewrap.key.id);
  if (!body) return body.error();
  if (!*body) return {};
  if (**body != rewrap.was) {
    return error(Errc::conflict, "catalog: the key " + to_text(rewrap.key.id) + " has been wrapped anew meanwhile");
  }
  return overwrite_key(rewrap.key);
}

Result<void> SqliteBookings::overwrite_key(const WrappedKey& key) {
  if (auto usable = require_usable(key.parent); !usable) return usable;
  for (const KeyId guard : key.guards) {
    if (auto usable = require_usable(guard); !usable) return usable;
  }
  auto done =
      database_.run("UPDATE sealed SET body = ? WHERE n = (SELECT sealed FROM keys WHERE id = ?)", key.wrapped, key.id);
  if (!done) return done;
  done = database_.run("UPDATE keys SET parent = ? WHERE id = ?", key.parent, key.id);
  if (!done) return done;
  done = database_.run("DELETE FROM key_guards WHERE key = ?", key.id);
  return done ? set_guards(key) : done;
}

Result<void> SqliteBookings::put(const booking::ResealParticipant& reseal) {
  const auto body = database_.value<Bytes>(
      "SELECT s.body FROM participants p JOIN sealed s ON s.n = p.sealed WHERE p.id = ?", reseal.participant);
  if (!body) return body.error();
  if (!*body) return {};
  if (**body != reseal.was) return error(Errc::conflict, "catalog: the participant has been sealed anew meanwhile");
  if (auto added = put(booking::AddKey{reseal.key}); !added) return added;
  auto done = database_.run(
      "UPDATE sealed SET body = zeroblob(length(body)) WHERE n = (SELECT sealed FROM participants "
      "WHERE id = ?)",
      reseal.participant);
  if (!done) return done;
  const auto sealed = keep_sealed(reseal.sealed);
  if (!sealed) return sealed.error();
  return database_.run("UPDATE participants SET sealed = ?, key = ? WHERE id = ?", *sealed, reseal.key.id,
                       reseal.participant);
}

}  // namespace assent
