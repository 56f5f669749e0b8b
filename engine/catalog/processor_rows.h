// Processors, who were given what was recorded, and what they have to be told: the rows of both. Plain values, for any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"

namespace assent {

using EventId = Id<struct EventTag>;  // what happened; each processor that is told has a delivery of it

// As the pipeline file names it, or named it once.
struct ProcessorRow {
  std::string name;
  std::string purposes_json;  // ["transcription"]: what it is fed by
  std::string host;           // of its address, which is not kept here; nor are its secrets
  WallTime since;             // it has been as it is
  std::optional<WallTime> removed = std::nullopt;
};

enum class DeliveryState {
  pending,    // to be told, or told again
  accepted,   // an erasure that it has taken, and not confirmed yet
  delivered,  // a consent's change that it has taken
  confirmed,  // an erasure: nothing is left with it
  dead,       // given up, until somebody asks for another try
  waived      // somebody with the right to has decided to wait no longer, and why
};
std::string_view name_of(DeliveryState state);
bool parse_name(std::string_view text, DeliveryState& out);
constexpr bool is_settled(DeliveryState state) {
  return state == DeliveryState::delivered || state == DeliveryState::confirmed || state == DeliveryState::waived;
}

// One event for one processor.
struct DeliveryRow {
  EventId event;
  std::string processor;
  std::string kind;  // processor_event.h
  TenantId tenant;
  std::optional<CallId> call;
  std::optional<SubjectId> subject;
  std::optional<ErasureId> erasure;
  std::string body_json;  // what is sent, byte for byte, each time
  WallTime created;
  WallTime queued;  // since when it is tried
  DeliveryState state = DeliveryState::pending;
  std::uint32_t attempts = 0;
  std::optional<WallTime> tried = std::nullopt;  // last
  std::string last_error;                        // or why it was waived
  std::optional<WallTime> settled = std::nullopt;
};

// Of those that are not settled.
struct DeliveryCount {
  std::string processor;
  DeliveryState state = DeliveryState::pending;
  std::uint64_t count = 0;
  WallTime oldest;  // created
};

}  // namespace assent
