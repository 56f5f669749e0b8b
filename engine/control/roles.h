// Roles: what the bearer of an API token may do. This table is the only place that says so. Pure; any thread.
//
//                       ingest  agent  supervisor  admin
//     read_calls           x      x        x         x      live calls, their state and levels
//     change_calls         x      x        x         x      create, legs, end
//     consent              x      x        x         x
//     pause                       x        x         x
//     note                        x        x         x
//     read_recordings                      x         x      list, show with notes, audio, peaks
//     read_ledger                          x         x
//     erase                                          x      recordings, subjects, tenants; the state of an erasure;
//                                                           processors' dead letters
//     disclose                                       x      all that is there of a person, given to them
//     standing_consents                    x         x      on file: add, list, withdraw
//     withdraw                             x         x      in calls that are over, or all of a person
//     read_registers                       x         x      notices, purposes and processors
//     write_registers                                x
//     read_holds                           x         x
//     hold                                           x      placing and releasing legal holds
//     export_keys                                    x      putting it on record; the keys are not handed out here
//     keys                                           x      replacing them, and how old they are
//     tokens                                         x
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace assent {

enum class Role : std::uint8_t { ingest, agent, supervisor, admin };
inline constexpr std::array<Role, 4> kRoles = {Role::ingest, Role::agent, Role::supervisor, Role::admin};

enum class Right : std::uint8_t {
  read_calls,
  change_calls,
  consent,
  pause,
  note,
  read_recordings,
  read_ledger,
  erase,
  disclose,
  standing_consents,
  withdraw,
  read_registers,
  write_registers,
  read_holds,
  hold,
  export_keys,
  keys,
  tokens,
};

constexpr bool allows(Role role, Right right) {
  switch (right) {
    case Right::read_calls:
    case Right::change_calls:
    case Right::consent: return true;
    case Right::pause:
    case Right::note: return role >= Role::agent;
    case Right::read_recordings:
    case Right::standing_consents:
    case Right::withdraw:
    case Right::read_registers:
    case Right::read_holds:
    case Right::read_ledger: return role >= Role::supervisor;
    case Right::erase:
    case Right::disclose:
    case Right::write_registers:
    case Right::hold:
    case Right::export_keys:
    case Right::keys:
    case Right::tokens: return role == Role::admin;
  }
  return false;
}

constexpr std::string_view name_of(Role role) {
  switch (role) {
    case Role::ingest: return "ingest";
    case Role::agent: return "agent";
    case Role::supervisor: return "supervisor";
    case Role::admin: return "admin";
  }
  return "unknown";
}

constexpr std::optional<Role> parse_role(std::string_view text) {
  for (const Role role : kRoles) {
    if (name_of(role) == text) return role;
  }
  return std::nullopt;
}

}  // namespace assent
