// The program in the kernel that sends frames when they are due (XDP, live frames of BPF_PROG_TEST_RUN).
//
// The kernel runs it on one empty frame after the other. It holds each until the next packet is due, writes that packet
// and lets the frame up into the network stack as received; where nothing is due for longer, it drops the frame, so
// that what was written before does not wait for the batch to be full. Nothing here sleeps: the core is this program's.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bench/load/paced_frames.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct Pace);
} pace_map SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, kPlacesMax);
  __type(key, __u32);
  __type(value, struct PacedLeg);
} leg_map SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, kLagSteps);
  __type(key, __u32);
  __type(value, __u64);
} lag_map SEC(".maps");

// A batch is with the stack when the next one begins. The lag of its first frame counts for all of them.
static void settle_batch(struct Pace* pace, __u64 now) {
  ++pace->batches;
  pace->taken = 0;
  pace->idle_since_ns = 0;  // what the stack did is no waiting
  if (pace->passed != 0) {
    const __u64 lag = now - pace->first_due_ns;
    __u32 step = lag / kLagStepNs < kLagSteps ? lag / kLagStepNs : kLagSteps - 1;
    __u64* packets = bpf_map_lookup_elem(&lag_map, &step);
    if (packets) *packets += pace->passed;
    if (lag > pace->largest_lag_ns) pace->largest_lag_ns = lag;
    pace->sent += pace->passed;
    pace->passed = 0;
  }
  if (pace->round >= pace->rounds) pace->finished = 1;
}

// The time when the packet is due, or 0 when that is further off than a frame is held.
static __u64 wait_until(struct Pace* pace, __u64 due, __u64 now) {
  const __u64 began = now;
  for (int turn = 0; turn < 200 && now < due; ++turn) {
    if (now - began > pace->hold_ns) break;
    now = bpf_ktime_get_ns();
  }
  pace->waited_ns += now - began;
  if (now >= due) return now;
  pace->idle_since_ns = now;
  return 0;
}

SEC("xdp")
int send_when_due(struct xdp_md* context) {
  const __u32 only = 0;
  struct Pace* pace = bpf_map_lookup_elem(&pace_map, &only);
  if (!pace) return XDP_DROP;
  __u64 now = bpf_ktime_get_ns();
  if (pace->taken >= pace->batch) settle_batch(pace, now);
  ++pace->taken;
  if (pace->idle_since_ns != 0) pace->waited_ns += now - pace->idle_since_ns;
  pace->idle_since_ns = 0;
  if (pace->round >= pace->rounds) return XDP_DROP;

  __u32 place = pace->place;
  const __u64 due = due_ns(pace, pace->round, place);
  if (now < due && wait_until(pace, due, now) == 0) return XDP_DROP;

  if (place + 1 < pace->places) {
    pace->place = place + 1;
  } else {
    pace->place = 0;
    ++pace->round;
  }
  struct PacedLeg* leg = bpf_map_lookup_elem(&leg_map, &place);
  unsigned char* frame = (unsigned char*)(long)context->data;
  const unsigned char* end = (const unsigned char*)(long)context->data_end;
  if (!leg || !leg->active || frame + kFramePayload > end) return XDP_DROP;
  write_headers(frame, leg, leg->packets, pace);
  write_payload(frame + kFramePayload, end, leg, leg->packets);
  ++leg->packets;
  if (pace->passed++ == 0) pace->first_due_ns = due;
  return XDP_PASS;
}

char kLicense[] SEC("license") = "Apache-2.0";
