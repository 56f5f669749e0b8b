#include "engine/control/key_mover.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "base/limits.h"
#include "engine/catalog/person_fields.h"

namespace assent {
namespace {

bool is_gone(const Error& error) { return error.code == Errc::not_found; }

bool is_leaf(KeyKind kind) { return kind != KeyKind::epoch && kind != KeyKind::tenant && kind != KeyKind::subject; }

bool is_moving(const Booking& booking) {
  return std::holds_alternative<booking::RewrapKey>(booking) ||
         std::holds_alternative<booking::ReplaceTenantKey>(booking) ||
         std::holds_alternative<booking::ReplaceSubjectKey>(booking) ||
         std::holds_alternative<booking::ResealParticipant>(booking);
}

}  // namespace

Result<void> KeyMover::move_all() {
  const auto epochs = parts_.catalog.replaced_keys(KeyKind::epoch, {});
  if (!epochs) return epochs.error();
  for (const ReplacedKey& epoch : *epochs) {
    if (auto done = replace_tenant_keys(epoch.id); !done) return done;
  }
  // All people before any leaf: a leg may hang on several of them.
  for (std::optional<KeyId> after;;) {
    const auto tenants = parts_.catalog.replaced_keys(KeyKind::tenant, after);
    if (!tenants) return tenants.error();
    if (tenants->empty()) break;
    for (const ReplacedKey& tenant : *tenants) {
      if (auto done = replace_subject_keys(tenant.id); !done) return done;
    }
    after = tenants->back().id;
  }
  for (const KeyKind kind : {KeyKind::subject, KeyKind::tenant, KeyKind::epoch}) {
    if (auto done = move_from_all(kind); !done) return done;
  }
  return {};
}

// A batch is prepared from what the catalog says now; when that has changed before it is booked, it is prepared again.
Result<void> KeyMover::book(const Prepare& prepare) {
  for (;;) {
    std::vector<Booking> bookings;
    if (auto prepared = prepare(bookings); !prepared) return prepared;
    const auto moving = static_cast<std::uint64_t>(std::count_if(bookings.begin(), bookings.end(), is_moving));
    if (auto goes_on = parts_.on_batch(moved_ + moving, bookings); !goes_on) return goes_on;
    const auto booked = parts_.writer.book_and_wait(std::move(bookings));
    if (booked) {
      moved_ += moving;
      return {};
    }
    if (booked.error().code != Errc::conflict) return booked.error();
  }
}

// ---- those above the leaves -----------------------------------------------------------------------------------------

Result<void> KeyMover::replace_tenant_keys(KeyId old_epoch) {
  const auto epoch = parts_.keys.open_newest(old_epoch);
  if (!epoch) return epoch.error();
  const auto rows = all_under(old_epoch);
  if (!rows) return rows.error();
  for (const WrappedKey& row : *rows) {
    if (row.kind != KeyKind::tenant) continue;
    auto done = book([&](std::vector<Booking>& bookings) -> Result<void> {
      const auto tenant = parts_.catalog.tenant_of_key(row.id);
      if (!tenant) return tenant.error();
      const auto stands = parts_.catalog.key(row.id);
      if (!stands) return stands.error();
      if (!*tenant || !*stands) return {};  // replaced, or erased
      auto made = parts_.keys.draw(KeyKind::tenant, *epoch);
      if (!made) return made.error();
      bookings.emplace_back(booking::ReplaceTenantKey{(*tenant)->id, row.id, std::move(made->second)});
      return {};
    });
    if (!done) return done;
  }
  return {};
}

Result<void> KeyMover::replace_subject_keys(KeyId old_tenant) {
  const auto tenant = parts_.keys.open_newest(old_tenant);
  if (!tenant && is_gone(tenant.error())) return {};
  if (!tenant) return tenant.error();
  for (std::optional<KeyId> after;;) {
    auto rows = parts_.catalog.keys_under(old_tenant, after);
    if (!rows) return rows.error();
    if (rows->empty()) return {};
    after = rows->back().id;
    std::erase_if(*rows, [](const WrappedKey& row) { return row.kind != KeyKind::subject; });
    for (std::span<const WrappedKey> rest(*rows); !rest.empty();) {
      const auto batch = rest.first(std::min(limits::kRotationPeople, rest.size()));
      rest = rest.subspan(batch.size());
      if (auto done = replace_subject_keys(batch, *tenant); !done) return done;
    }
  }
}

Result<void> KeyMover::replace_subject_keys(std::span<const WrappedKey> batch, const OpenKey& tenant) {
  for (const WrappedKey& row : batch) {
    if (auto given = give_participants_keys(row.id); !given) return given;
  }
  return book([&](std::vector<Booking>& bookings) -> Result<void> {
    for (const WrappedKey& row : batch) {
      if (auto replaced = replace_subject_key(row.id, tenant, bookings); !replaced) return replaced;
    }
    return {};
  });
}

Result<void> KeyMover::replace_subject_key(KeyId old, const OpenKey& tenant, std::vector<Booking>& bookings) {
  const auto found = parts_.catalog.subject_of_key(old);
  if (!found) return found.error();
  if (!*found) return {};  // replaced before
  const SubjectRow& subject = **found;
  const auto key = parts_.keys.open(old);
  if (!key && is_gone(key.error())) return {};  // erased
  if (!key) return key.error();
  auto made = parts_.keys.draw(KeyKind::subject, tenant);
  if (!made) return made.error();
  const SecretKey& fresh = *made->first.key;
  booking::ReplaceSubjectKey replace{subject.id, old, std::move(made->second), {}, {}, {}};
  BlindIndex index = subject_index(*tenant.key, subject.id);
  if (!subject.sealed_ref.empty()) {
    const auto ref = open_subject_ref(*key->key, subject);
    if (!ref) return ref.error();
    index = subject_index(*tenant.key, *ref);
    replace.sealed_ref = seal_subject_ref(fresh, subject.id, *ref);
  }
  replace.blind_index.assign(index.begin(), index.end());
  const auto on_file = parts_.catalog.standing_consents(subject.id);
  if (!on_file) return on_file.error();
  for (const StandingConsentRow& row : *on_file) {
    if (row.sealed_evidence.empty()) continue;
    const auto evidence = open_evidence(*key->key, row);
    if (!evidence) return evidence.error();
    replace.sealed_evidence.emplace_back(row.id, seal_evidence(fresh, row.id, *evidence));
  }
  bookings.emplace_back(std::move(replace));
  return {};
}

// What older calls say of a person is sealed under the person's own key, which is about to go.
Result<void> KeyMover::give_participants_keys(KeyId subject_key) {
  const auto subject = parts_.catalog.subject_of_key(subject_key);
  if (!subject) return subject.error();
  if (!*subject) return {};
  for (bool any = true; any;) {
    auto done = book([&](std::vector<Booking>& bookings) -> Result<void> {
      const auto rows = parts_.catalog.participants_under((*subject)->id, subject_key);
      if (!rows) return rows.error();
      any = !rows->empty();
      if (!any) return {};
      const auto key = parts_.keys.open(subject_key);
      if (!key) return key.error();
      for (const ParticipantRow& row : *rows) {
        const auto fields = open_participant(*key->key, row);
        if (!fields) return fields.error();
        auto made = parts_.keys.draw(KeyKind::participant, *key);
        if (!made) return made.error();
        auto sealed = seal_participant(*made->first.key, row.id, *fields);
        if (!sealed) return sealed.error();
        bookings.emplace_back(
            booking::ResealParticipant{row.id, std::move(made->second), *std::move(sealed), row.sealed});
      }
      return {};
    });
    if (!done && is_gone(done.error())) return {};  // the person was erased meanwhile
    if (!done) return done;
  }
  return {};
}

// ---- the leaves -----------------------------------------------------------------------------------------------------

Result<void> KeyMover::move_from_all(KeyKind kind) {
  std::vector<KeyId> batch;
  std::size_t below = 0;
  const auto flush = [&]() -> Result<void> {
    if (batch.empty()) return {};
    below = 0;
    return move_rest_from(std::exchange(batch, {}));
  };
  for (std::optional<KeyId> after;;) {
    const auto parents = parts_.catalog.replaced_keys(kind, after);
    if (!parents) return parents.error();
    if (parents->empty()) return flush();
    for (const ReplacedKey& parent : *parents) {
      const auto left = move_most_from(parent.id);
      if (!left) return left.error();
      batch.push_back(parent.id);
      below += *left;
      if (below < limits::kRotationBookings && batch.size() < limits::kRotationPeople) continue;
      if (auto done = flush(); !done) return done;
    }
    after = parents->back().id;
  }
}

// A page at a time, until less than a batch is left; how many these are.
Result<std::size_t> KeyMover::move_most_from(KeyId old_parent) {
  for (std::optional<KeyId> after;;) {
    const auto page = parts_.catalog.keys_under(old_parent, after);
    if (!page) return page.error();
    if (page->size() < limits::kRotationBookings) return page->size();
    after = page->back().id;
    for (std::span<const WrappedKey> rest(*page); !rest.empty();) {
      const auto batch = rest.first(std::min(limits::kRotationBookings, rest.size()));
      rest = rest.subspan(batch.size());
      auto done = book([&](std::vector<Booking>& bookings) -> Result<void> {
        for (const WrappedKey& one : batch) {
          const auto row = parts_.catalog.key(one.id);
          if (!row) return row.error();
          if (!*row || !is_leaf((*row)->kind)) continue;
          if (auto moved = rewrap(**row, bookings); !moved) return moved;
        }
        return {};
      });
      if (!done) return done.error();
    }
  }
}

Result<void> KeyMover::move_rest_from(std::span<const KeyId> old_parents) {
  auto done = book([&](std::vector<Booking>& bookings) -> Result<void> {
    std::set<KeyId> seen;  // a leg may hang on several of them
    for (const KeyId parent : old_parents) {
      const auto rows = all_under(parent);
      if (!rows) return rows.error();
      for (const WrappedKey& row : *rows) {
        if (!seen.insert(row.id).second) continue;
        if (auto moved = rewrap(row, bookings); !moved) return moved;
      }
      bookings.emplace_back(booking::RetireKey{parent});
    }
    return {};
  });
  if (!done) return done;
  for (const KeyId parent : old_parents) parts_.keys.drop(parent);
  return {};
}

Result<std::vector<WrappedKey>> KeyMover::all_under(KeyId parent) {
  std::vector<WrappedKey> all;
  for (std::optional<KeyId> after;;) {
    auto page = parts_.catalog.keys_under(parent, after);
    if (!page) return page.error();
    if (page->empty()) return all;
    after = page->back().id;
    all.insert(all.end(), std::make_move_iterator(page->begin()), std::make_move_iterator(page->end()));
  }
}

Result<void> KeyMover::rewrap(const WrappedKey& row, std::vector<Booking>& bookings) {
  const auto key = parts_.keys.open(row.id);
  if (!key && is_gone(key.error())) return {};
  if (!key) return key.error();
  if (!is_leaf(row.kind)) {
    return error(Errc::corrupt, "the " + std::string(name_of(row.kind)) + " key " + to_text(row.id) +
                                    " has no successor, and what is above it is to be destroyed");
  }
  const auto parent = parts_.keys.open_newest(row.parent);
  if (!parent && is_gone(parent.error())) return {};
  if (!parent) return parent.error();
  std::vector<OpenKey> guards;
  for (const KeyId id : row.guards) {
    auto guard = parts_.keys.open_newest(id);
    if (!guard && is_gone(guard.error())) return {};
    if (!guard) return guard.error();
    guards.push_back(*std::move(guard));
  }
  bookings.emplace_back(booking::RewrapKey{wrap_under(*parent, guards, row.kind, *key), row.wrapped});
  return {};
}

}  // namespace assent
