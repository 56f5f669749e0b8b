// What the catalog's tests share: a folder that goes away, and a call's rows to book.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <stdlib.h>

#include "base/ids.h"
#include "catch.h"
#include "crypto/random.h"
#include "engine/catalog/catalog.h"
#include "engine/catalog/sqlite_catalog.h"

#define REQUIRE_OK(expression)                                         \
  do {                                                                 \
    const auto& outcome_ = (expression);                               \
    if (!outcome_) FAIL(#expression << ": " << outcome_.error().what); \
  } while (false)

namespace assent::test {

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "assent-catalog-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) FAIL("no temporary folder");
    path_ = name;
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::unique_ptr<SqliteCatalog> open_catalog(const TempFolder& folder) {
  auto catalog = SqliteCatalog::open(folder.path());
  REQUIRE_OK(catalog);
  return *std::move(catalog);
}

// 2023-11-14T22:13:20Z and some milliseconds.
inline WallTime at_ms(std::int64_t ms) { return WallTime(1700000000s + std::chrono::milliseconds(ms)); }

inline Bytes random_body(std::size_t size) {
  Bytes body(size);
  random_bytes(body);
  return body;
}

inline WrappedKey random_key(KeyKind kind, KeyId parent) {
  return {new_id<KeyId>(at_ms(0)), kind, parent, random_body(60)};
}

// Two people on a call that is recorded, with everything that can be on record of it.
struct CallRows {
  WrappedKey epoch_key = random_key(KeyKind::epoch, {});
  WrappedKey tenant_key = random_key(KeyKind::tenant, epoch_key.id);
  WrappedKey call_key = random_key(KeyKind::call, tenant_key.id);
  TenantRow tenant{new_id<TenantId>(at_ms(0)), "default", tenant_key.id};
  CallRow call{new_id<CallId>(at_ms(1)), tenant.id, call_key.id, "all-party",     random_body(40),
               R"({"id":"n1"})",         at_ms(1),  {},          CallState::live, random_body(200)};
  std::vector<WrappedKey> subject_keys, leg_keys;
  std::vector<SubjectRow> subjects;
  std::vector<ParticipantRow> participants;
  std::vector<LegRow> legs;
  RecordingRow recording{new_id<RecordingId>(at_ms(2)), call.id, tenant.id, RecordingState::open, at_ms(2), {}, ""};

  CallRows() {
    for (int i = 0; i < 2; ++i) {
      subject_keys.push_back(random_key(KeyKind::subject, tenant_key.id));
      leg_keys.push_back(random_key(KeyKind::leg, subject_keys.back().id));
      subjects.push_back(
          {new_id<SubjectId>(at_ms(0)), tenant.id, random_body(32), random_body(50), subject_keys.back().id});
      participants.push_back({new_id<ParticipantId>(at_ms(1)), call.id, subjects.back().id,
                              i == 0 ? "customer" : "agent", random_body(90), subject_keys.back().id});
      legs.push_back({new_id<LegId>(at_ms(1)), call.id, participants.back().id, i, random_body(33), leg_keys.back().id,
                      "PCMU/8000/1", "", random_body(64)});
    }
  }

  // A further call of the same tenant and people.
  static CallRows another(const CallRows& first, WallTime when) {
    CallRows rows;
    rows.epoch_key = first.epoch_key;
    rows.tenant_key = first.tenant_key;
    rows.tenant = first.tenant;
    rows.subjects = first.subjects;
    rows.subject_keys = first.subject_keys;
    rows.call_key = random_key(KeyKind::call, rows.tenant_key.id);
    rows.call.id = new_id<CallId>(when);
    rows.call.tenant = rows.tenant.id;
    rows.call.key = rows.call_key.id;
    rows.call.created = when;
    for (std::size_t i = 0; i < 2; ++i) {
      rows.leg_keys[i] = random_key(KeyKind::leg, rows.subject_keys[i].id);
      rows.participants[i] = {new_id<ParticipantId>(when), rows.call.id, rows.subjects[i].id, "agent", random_body(90),
                              rows.subject_keys[i].id};
      rows.legs[i].id = new_id<LegId>(when);
      rows.legs[i].call = rows.call.id;
      rows.legs[i].participant = rows.participants[i].id;
      rows.legs[i].key = rows.leg_keys[i].id;
    }
    rows.recording.id = new_id<RecordingId>(when);
    rows.recording.call = rows.call.id;
    rows.recording.tenant = rows.tenant.id;
    rows.recording.started = when;
    return rows;
  }

  std::vector<Booking> people_bookings() const {
    std::vector<Booking> bookings{booking::AddKey{epoch_key}, booking::AddKey{tenant_key}, booking::AddTenant{tenant}};
    for (std::size_t i = 0; i < 2; ++i) {
      bookings.emplace_back(booking::AddKey{subject_keys[i]});
      bookings.emplace_back(booking::AddSubject{subjects[i]});
    }
    return bookings;
  }

  std::vector<Booking> call_bookings() const {
    std::vector<Booking> bookings{booking::AddKey{call_key}, booking::AddCall{call}};
    for (std::size_t i = 0; i < 2; ++i) {
      bookings.emplace_back(booking::AddKey{leg_keys[i]});
      bookings.emplace_back(booking::AddParticipant{participants[i]});
      bookings.emplace_back(booking::AddLeg{legs[i]});
    }
    bookings.emplace_back(booking::OpenRecording{recording});
    return bookings;
  }

  void book_all(Catalog& catalog) const {
    REQUIRE_OK(catalog.book(people_bookings()));
    REQUIRE_OK(catalog.book(call_bookings()));
  }

  ConsentRow consent(std::size_t participant, const std::string& decision) const {
    ConsentRow row;
    row.id = new_id<ConsentId>(at_ms(3));
    row.call = call.id;
    row.participant = participants[participant].id;
    row.purpose = "quality";
    row.decision = decision;
    row.signal_type = "dtmf";
    row.signal_value = "1";
    row.notice_json = R"({"id":"n1","version":"2"})";
    row.origin = to_text(legs[participant].id);
    row.at = at_ms(3);
    row.media_time = at_ms(4);
    row.preroll_ms = 1500;
    row.evidence_ms = 2500;
    return row;
  }

  SegmentRow segment(std::size_t leg, std::uint32_t number) const {
    SegmentRow row;
    row.id = new_id<SegmentId>(at_ms(5));
    row.recording = recording.id;
    row.call = call.id;
    row.leg = legs[leg].id;
    row.number = number;
    row.object = "2023-11-14/" + to_text(call.id) + "/" + to_text(row.id) + ".assent";
    row.size_bytes = 123456;
    row.frames = 31;
    row.started = at_ms(5);
    row.ended = at_ms(60005);
    return row;
  }

  NoteRow note() const { return {new_id<NoteId>(at_ms(6)), call.id, "token-7", at_ms(6), random_body(300)}; }
};

inline std::string read_whole(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace assent::test
