// CallMemory: what a call in progress goes by and its rows do not say in clear text, as JSON for their sealed columns.
// With it an engine that starts again takes the call up as it was, whatever its pipeline file says by then; and years
// later it tells what a call's terms were.
//
//     CallRow.sealed_settings  CallTerms   stays with the call
//     LegRow.sealed_media      LegMedia    until the call ends: it names the sender's address
//
// Purposes stand in it by name. Pure functions, any thread. Errors of the reading ones: Errc::corrupt, and of
// leg_media_from Errc::exhausted when the memory for secrets is used up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/endpoint.h"
#include "base/result.h"
#include "engine/calls/call_admission.h"
#include "engine/consent/call_consent.h"
#include "engine/ingest/datagram_source.h"
#include "engine/ingest/leg_payloads.h"

namespace assent {

// What a call came under.
struct CallTerms {
  ConsentSettings consent;
  PurposeSet default_purposes;
  TenantConsent rules;
  std::optional<Notice> notice;  // the pipeline's
};

std::string to_json(const CallTerms& terms, const PurposeRegistry& purposes);
// Purposes that the registry does not have any more are left out; Errc::conflict when none is left.
Result<CallTerms> call_terms_from(std::string_view json, const PurposeRegistry& purposes);
// What a withdrawal does by these terms, whatever purposes there are by now.
Result<OnWithdraw> on_withdraw_from(std::string_view json);

// How a leg is heard.
struct LegMedia {
  LegPayloads payloads;
  std::optional<Endpoint> source;  // as it was asked for
  std::optional<LegPorts> ports;   // once it has some
  std::optional<RtpengineSource> rtpengine = std::nullopt;
  SharedSrtpTerms srtp = nullptr;                       // its keys
  std::optional<std::string> signalled = std::nullopt;  // CallSpec::signalled, with the first leg of a call
  bool has_ended = false;                               // before its call
  bool owner_left = false;                              // whose leg it is
};

LegMedia media_of(const LegSpec& spec, const std::optional<LegPorts>& ports);
std::string to_json(const LegMedia& media);  // holds its keys: seal_media is for keeping it
// The same, sealed for its row.
Bytes seal_media(const SecretKey& call_key, LegId leg, const LegMedia& media);
Result<LegMedia> leg_media_from(std::string_view json);

}  // namespace assent
