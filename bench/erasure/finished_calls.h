// FinishedCalls: puts calls that are over into a state folder on which no engine runs, as an engine would have left
// them: people, keys and rows made by CallAdmission, a yes of both to "quality" on the ledger, sealed segments in the
// store, the recording complete. Of each call one leg is the person's and one the agent's.
//
// It decides when the calls were (one every ten minutes) and how many go into one transaction. Objects are not synced
// one by one, which is what takes an engine its time; `finish` syncs them all.
//
// One thread. Errors: the catalog's, the disk's.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/disk.h"
#include "bench/erasure/segment_object.h"
#include "engine/calls/call_admission.h"
#include "engine/catalog/catalog_writer.h"

namespace assent::erasure {

class FinishedCalls {
 public:
  struct Parts {  // outlive it
    Catalog& catalog;
    CatalogWriter& writer;
    KeyRing& keys;
    Disk& disk;
    const PurposeRegistry& purposes;
    PipelineDefaults defaults;
    std::filesystem::path segments;  // the store's folder, which is there
    WallTime first;                  // when the first call was
  };
  explicit FinishedCalls(Parts parts)
      : parts_(std::move(parts)), admission_(parts_.catalog, parts_.keys, parts_.purposes), at_(parts_.first) {}

  struct People {  // by their references
    std::string person;
    std::string agent;
  };
  // A call of these two with so many segments, of both legs in turn.
  Result<RecordingId> add(const People& people, std::size_t segments);
  // Books what is not booked yet, and has the disk write what lies in its caches.
  Result<void> finish();

  static constexpr std::chrono::minutes kBetweenCalls{10};

 private:
  Result<AdmittedCall> admit(const People& people);
  std::vector<ConsentId> consent(const NewCall& call);
  Result<void> store(const NewCall& call, const std::vector<ConsentId>& consents, std::size_t segments);
  Result<void> write(const SegmentObject& object);
  Result<void> book();

  Parts parts_;
  CallAdmission admission_;
  WallTime at_;
  FrameCipher cipher_;
  std::set<std::string> on_record_;          // references of people who are found in the catalog
  std::set<std::filesystem::path> folders_;  // that have been made
  std::vector<Booking> bookings_;
};

}  // namespace assent::erasure
