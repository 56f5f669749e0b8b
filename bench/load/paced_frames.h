// PacedFrames: what the kernel's program that sends frames (paced_frames.bpf.c) and this process share: the tables,
// when a packet is due, and how its frame is written. C, because both compilers read it; pure.
//
// A place is a phase of the packet time. A leg talks from one: with three places and 20 ms, place 1 is due 6.7 ms after
// place 0, and again every 20 ms. All frames have the same length:
//
//       0  Ethernet 14   to and from nobody, as on a loopback device; type 0x0800
//      14  IPv4     20   no options; only checksum and addresses differ from frame to frame
//      34  UDP       8   checksum 0: none (RFC 768)
//      42  RTP      12   RFC 3550 section 5.1
//      54  payload       whole words of 8 bytes
#pragma once

#include <linux/types.h>

#include "bench/load/split_mix.h"

#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wconversion"
#endif

enum {
  kFrameIp = 14,
  kFrameUdp = 34,
  kFrameRtp = 42,
  kFramePayload = 54,
  kPayloadWordsMax = 60,  // 480 bytes: 60 ms of G.711
  kPlacesMax = 65536,     // a leg of one address has a port of its own
  kLagStepNs = 10000,
  kLagSteps = 100000,  // up to a second
};

// A place. The process writes it while `active` is 0, and `active` last; `packets` is the program's while it is 1.
struct PacedLeg {
  __u64 payload_key;  // of its stream
  __u32 source;       // addresses and ports in network order
  __u32 destination;
  __u16 source_port;
  __u16 destination_port;
  __u16 sequence;  // of packet 0
  __u16 payload_type;
  __u32 timestamp;  // of packet 0
  __u32 ssrc;
  __u32 packets;  // sent
  __u32 active;
  __u64 unused[3];  // to a cache line
};

// What is to be sent, and how far it is. Times are the monotonic clock's.
struct Pace {
  // Written by the process before the first frame; `rounds` also later, to end early.
  __u64 start_ns;
  __u64 packet_ns;     // packet time
  __u64 hold_ns;       // how long a frame is held at most until the next packet is due
  __u32 packet_ticks;  // packet time in ticks of the RTP clock
  __u32 ip_sum;        // of what is the same in all IP headers
  __u32 places;
  __u32 rounds;  // packet times to play
  __u32 batch;   // frames that the kernel brings to the stack together
  // Written by the program; `taken` also by the process, which sets it to `batch` before it has the program run.
  __u32 taken;  // frames of this batch so far
  __u32 place;  // the next to be due
  __u32 round;
  __u32 passed;    // frames of this batch that carry a packet
  __u32 finished;  // nothing is left to send, and the stack has all that was sent
  __u64 batches;
  __u64 first_due_ns;   // of the first packet in this batch
  __u64 idle_since_ns;  // the frame before was held in vain until then; 0: it was not
  __u64 sent;
  __u64 waited_ns;  // in which nothing was due
  __u64 largest_lag_ns;
};

static inline __u64 due_ns(const struct Pace* pace, __u32 round, __u32 place) {
  return pace->start_ns + round * pace->packet_ns + place * pace->packet_ns / pace->places;
}

// ---- payload --------------------------------------------------------------------------------------------------------

// The words of a packet's payload: no two of a packet are the same, and no two packets share one but by chance. One
// multiplication each, because a million packets a second are to be written.
static inline __u64 payload_base(__u64 payload_key, __u32 packet) { return split_mix(payload_key + packet); }
static inline __u64 payload_word(__u64 base, __u32 word) { return base ^ (word * 0x9E3779B97F4A7C15ULL); }

static inline void write_payload(unsigned char* payload, const unsigned char* end, const struct PacedLeg* leg,
                                 __u32 packet) {
  const __u64 base = payload_base(leg->payload_key, packet);
  for (__u32 word = 0; word < kPayloadWordsMax; ++word, payload += 8) {
    if (payload + 8 > end) break;
    const __u64 value = payload_word(base, word);
    __builtin_memcpy(payload, &value, 8);
  }
}

// ---- headers --------------------------------------------------------------------------------------------------------

// RFC 1071. Words are added as they lie in memory: the sum comes out in the same order of bytes.
static inline __u16 folded(__u32 sum) {
  sum = (sum & 0xFFFF) + (sum >> 16);
  sum = (sum & 0xFFFF) + (sum >> 16);
  return (__u16)~sum;
}

static inline void put16(unsigned char* at, __u16 value) { __builtin_memcpy(at, &value, 2); }
static inline void put32(unsigned char* at, __u32 value) {  // frames lie at even addresses, and no more than that
  put16(at, (__u16)value);
  put16(at + 2, (__u16)(value >> 16));
}

// What differs from packet to packet. The rest of the frame is as frame_template.h makes it, and nothing of the frame
// is read: its memory was last seen by the receiver's core.
static inline void write_headers(unsigned char* frame, const struct PacedLeg* leg, __u32 packet,
                                 const struct Pace* pace) {
  const __u32 sum = pace->ip_sum + (leg->source & 0xFFFF) + (leg->source >> 16) + (leg->destination & 0xFFFF) +
                    (leg->destination >> 16);
  put16(frame + kFrameIp + 10, folded(sum));
  put32(frame + kFrameIp + 12, leg->source);
  put32(frame + kFrameIp + 16, leg->destination);
  put16(frame + kFrameUdp, leg->source_port);
  put16(frame + kFrameUdp + 2, leg->destination_port);
  const __u16 marker = packet == 0 ? 0x80 : 0;
  put16(frame + kFrameRtp, __builtin_bswap16((__u16)(0x8000 | marker | leg->payload_type)));
  put16(frame + kFrameRtp + 2, __builtin_bswap16((__u16)(leg->sequence + packet)));
  put32(frame + kFrameRtp + 4, __builtin_bswap32(leg->timestamp + packet * pace->packet_ticks));
  put32(frame + kFrameRtp + 8, __builtin_bswap32(leg->ssrc));
}

#ifdef __cplusplus
static_assert(sizeof(PacedLeg) == 64);
#pragma GCC diagnostic pop
#endif
