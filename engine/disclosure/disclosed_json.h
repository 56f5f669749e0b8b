// The facts of a call and of a person as JSON: the parts that the vCon's attachments, person.json and the page share,
// each said in one place. Pure; any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "engine/disclosure/disclosed.h"

namespace assent {

using DisclosedJson = nlohmann::ordered_json;

DisclosedJson json_of_consent(const ConsentRow& row, const Said& said);
DisclosedJson json_of_receipt(const SignedReceipt& receipt);
DisclosedJson json_of_note(const DisclosedNote& note);
DisclosedJson json_of_record(const LedgerRow& row);
DisclosedJson json_of_standing(const DisclosedStanding& standing);
DisclosedJson json_of_recipients(const std::vector<DisclosedRecipients>& recipients);
// Of the call and of the person's legs.
DisclosedJson json_of_metrics(const DisclosedCall& call);
// What there was and is not there any more, with the time, and what is kept and cannot be read.
DisclosedJson json_of_missing(const DisclosedCall& call);
// All of a call but its audio, for person.json.
DisclosedJson json_of_call(const DisclosedCall& call);
DisclosedJson json_of_person(const DisclosedPerson& person);

// Texts come from callers: what is no UTF-8 is replaced.
std::string dump(const DisclosedJson& json);
// A column that holds JSON; null when it does not.
DisclosedJson stored_json(std::string_view text);

// Whether a ledger record is about the person and not about somebody else in their calls, whose participants and legs
// `others` names, as text.
bool is_about(const LedgerRow& row, const std::set<std::string>& others);

}  // namespace assent
