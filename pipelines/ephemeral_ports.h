// EphemeralPorts: those that the kernel gives to programs that ask for none of their own, ip_local_port_range less
// ip_local_reserved_ports (ip(7), and the kernel's networking/ip-sysctl). A media port among them may be somebody
// else's when a leg wants it, above all when a call wants its old ports back after a restart.
//
// ephemeral_ports_from is pure; ephemeral_ports reads this network namespace's, for IPv4 and IPv6 alike. Any thread.
#pragma once

#include <bitset>
#include <string_view>

#include "engine/ingest/port_range.h"

namespace assent {

using EphemeralPorts = std::bitset<kUdpPorts>;

// "32768\t60999" and "8080,9000-9100", as the kernel writes them. Text that is not that adds and takes no port.
EphemeralPorts ephemeral_ports_from(std::string_view range, std::string_view reserved);
EphemeralPorts ephemeral_ports();  // none where they cannot be read

bool has_any_of(const EphemeralPorts& ports, const PortSpan& span);

}  // namespace assent
