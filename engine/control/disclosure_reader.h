// DisclosureReader: what is on record of a person, in clear, as it may be given to them
// (engine/disclosure/disclosed.h).
//
// It decides what that is. The right of access rests on no purpose: of the person themselves all that can still be
// opened, withdrawn or not, the spoken answer too. Of others that they were there and in which role; what they said
// only where their own consent covers the purpose `disclosure` now, whatever the call's policy lets others do. What is
// gone is said to be gone, with the time.
//
// It opens keys and reads no audio. Any thread. Errors: Errc::not_found (the person is erased), Errc::corrupt, and
// those of catalog, key ring and store.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "engine/catalog/catalog.h"
#include "engine/catalog/key_ring.h"
#include "engine/disclosure/disclosed.h"
#include "engine/disclosure/export_job.h"
#include "engine/receipts/receipt_desk.h"
#include "engine/store/segment_store.h"

namespace assent {

inline constexpr std::string_view kDisclosurePurpose = "disclosure";

class DisclosureReader {
 public:
  struct Parts {  // outlive the reader
    Catalog& catalog;
    KeyRing& keys;
    SegmentStore& store;
    const ReceiptDesk& receipts;
    std::function<Now()> clock = read_clocks;
  };
  explicit DisclosureReader(Parts parts) : parts_(std::move(parts)) {}

  Result<DisclosedPerson> person(const ExportJob& job);
  Result<std::vector<CallRow>> calls(SubjectId subject) { return parts_.catalog.calls_of(subject); }
  Result<DisclosedCall> call(const CallRow& row, SubjectId subject);

 private:
  struct Sources;
  Result<void> add_people(SubjectId subject, Sources& from, DisclosedCall& call);
  Result<void> add_legs(const Sources& from, DisclosedCall& call);
  Result<void> add_leg(const Sources& from, DisclosedLeg leg, DisclosedCall& call);
  Result<void> add_audio(const Sources& from, DisclosedLeg& leg, CallId call);
  Result<void> add_texts(DisclosedCall& call);
  Result<void> add_receipts(SubjectId subject, DisclosedCall& call);
  Result<void> add_ledger(Sources& from, DisclosedCall& call);
  Result<void> add_recipients(DisclosedCall& call);

  Parts parts_;
};

}  // namespace assent
