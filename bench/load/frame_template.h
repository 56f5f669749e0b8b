// FrameTemplate: what a frame holds before the kernel's program writes a packet into it, and what a place says of a leg
// (paced_frames.h has the layout). Pure; any thread.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "bench/load/paced_frames.h"
#include "bench/load/stream_plan.h"

namespace assent::load {

// Whether the stream can be sent so: packets of whole words, nothing but their numbers changing from one to the next.
bool is_plain(const StreamShape& shape);

Bytes frame_template(std::size_t payload_bytes);
std::uint32_t template_ip_sum(ByteView frame);  // `ip_sum` of a Pace

// The leg, not active yet. Its source is a port of its own address in 198.18.0.0/15 (RFC 2544, for benchmarks), whose
// number is the place's. Nothing when the destination is not IPv4.
std::optional<PacedLeg> paced_leg(const StreamShape& shape, Seed seed, LegNumber leg, const Endpoint& to,
                                  std::uint32_t place);

}  // namespace assent::load
