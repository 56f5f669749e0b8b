// StandingConsents: consents on file, which count in every call of a person instead of an opt-in: an agent's, given
// with the contract of employment, say.
//
// Each is a record of its own: whose, for which purposes, from when, until when, on which notice, and where the paper
// lies (sealed under the person's key, since it may name them). It is never changed: it ends by its own time or by
// withdrawal, which takes effect on live calls before this returns. Every change is on the ledger. For which roles it
// counts the pipeline file says (consent.standing_roles); how it becomes a grant in a call, CallAdmission and LiveCall.
//
// A person is named by the subject's id or by the caller's own reference within a tenant; whoever has none yet is made
// by the first consent on file. Any thread; waits for the disk. Errors: Errc::invalid (a purpose, notice or time that
// makes no sense), Errc::not_found (no such person or consent), and those of catalog, key ring and live calls.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/catalog/catalog_writer.h"
#include "engine/catalog/people.h"
#include "engine/consent/purpose_set.h"
#include "engine/control/call_service.h"

namespace assent {

// Whom it is about, in the words of the caller.
struct PersonName {
  std::string person;                 // the subject's id, or the caller's reference
  std::optional<std::string> tenant;  // where the reference is looked up; the default one without it
};

struct StandingSpec {
  std::optional<std::string> tenant;
  std::vector<std::string> purposes;
  std::optional<WallTime> from;   // now
  std::optional<WallTime> until;  // without end
  std::optional<Notice> notice;
  std::optional<std::string> evidence;
};

struct StandingView {
  StandingConsentRow row;
  std::vector<std::string> purposes;
  std::optional<std::string> evidence;  // empty, too, when its key is gone
  std::string_view state;               // "valid", "not-begun", "over" or "withdrawn"
};

struct StandingParts {  // outlive the service
  Catalog& catalog;
  CatalogWriter& writer;
  KeyRing& keys;
  const PurposeRegistry& purposes;
  CallService& calls;
  std::function<Now()> clock = read_clocks;
};

class StandingConsents {
 public:
  explicit StandingConsents(StandingParts parts) : parts_(std::move(parts)), people_(parts_.catalog, parts_.keys) {}

  Result<StandingView> add(const std::string& person, const StandingSpec& spec, const Caller& caller);
  Result<std::vector<StandingView>> list(const PersonName& person);  // oldest first
  // May be asked again: what is withdrawn already stays so, and live calls are looked through once more.
  Result<StandingView> withdraw(const PersonName& person, StandingId id, const Caller& caller);

  // All that a person has on file, for these purposes (none: for all). One that was given for others, too, is replaced
  // by a new one for those, in the same transaction: it began when the old one did and ends when that would have, and
  // what live calls have from the old one for these others stays. Returns those that were withdrawn.
  Result<std::vector<StandingId>> withdraw_all(SubjectId subject, const std::vector<std::string>& purposes,
                                               const Caller& caller);

  Result<std::optional<SubjectRow>> find(const PersonName& person);

 private:
  Result<void> withdraw_what_stands(SubjectId id, const std::vector<std::string>& purposes, const Caller& caller,
                                    std::vector<StandingId>& withdrawn);
  Result<StandingConsentRow> book(const std::string& person, const StandingSpec& spec, const Caller& caller);
  Result<StandingView> view_of(const StandingConsentRow& row, const SubjectRow& subject);
  Result<StandingConsentRow> rest_of(const StandingView& given, const SubjectRow& subject,
                                     const std::vector<std::string>& withdrawn, WallTime now);

  StandingParts parts_;
  People people_;
};

}  // namespace assent
