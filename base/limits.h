// Every bound of the engine, with the arithmetic behind it. A number that limits something and stands elsewhere is a
// defect.
//
// What an operator may set (calls, hold, segment time, ...) has its default and its range here and its setting in the
// pipeline file; what follows from a format is fixed.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace assent::limits {

using namespace std::chrono_literals;

// ---- Block = page = cluster = frame -------------------------------------------------------------------------------

inline constexpr std::size_t kPageBytes = 4096;                           // one memory page, one journal page
inline constexpr std::size_t kBlockHeadBytes = 32;                        // bookkeeping before the plaintext
inline constexpr std::size_t kFrameBytes = kPageBytes - kBlockHeadBytes;  // plaintext of a regular frame
inline constexpr std::size_t kFrameOverhead = 4 + 12 + 16;                // sequence number, IV, tag
inline constexpr std::size_t kFinalFrameOverhead = 4 + 4 + 12 + 4 + 16;   // marker, sequence number, IV, length, tag
inline constexpr std::size_t kFinalFrameBytes = kPageBytes - kFinalFrameOverhead;  // most plaintext in a final frame
static_assert(kFrameBytes == 4064);
static_assert(kFrameBytes + kFrameOverhead == kPageBytes);

// ---- RTP ----------------------------------------------------------------------------------------------------------

// A datagram is received straight into a block, so it is at most a block's plaintext; Ethernet's 1,500 is far below.
inline constexpr std::size_t kDatagramBytes = kFrameBytes;
// The largest payload that fits a block with a Cluster head (id 4, size 2, Timestamp 1 + 1 + 8) and a SimpleBlock head
// (id 1, size 2, track 1, time 2, flags 1).
inline constexpr std::size_t kClusterHeadBytes = 4 + 2 + 1 + 1 + 8;
inline constexpr std::size_t kSimpleBlockHeadBytes = 1 + 2 + 1 + 2 + 1;
inline constexpr std::size_t kPayloadBytes = kFrameBytes - kClusterHeadBytes - kSimpleBlockHeadBytes;

inline constexpr auto kReorderWindowDefault = 60ms;
inline constexpr auto kReorderWindowMax = 500ms;
// 500 ms of 10 ms packets is 50; a deeper burst is delivered as loss and counted.
inline constexpr std::size_t kReorderPackets = 64;
// A timestamp that disagrees with arrival by more than this is a jump, not jitter: the leg is anchored anew.
inline constexpr auto kTimestampJump = 5s;
// One that comes later than by its timestamps by more than this, for so long, has a clock that stood still (while its
// sender was on hold): it is anchored anew, too. What was only held up on its way comes in a burst, and catches up.
inline constexpr auto kLateStream = 1s;
inline constexpr auto kLateFor = 500ms;
// A stream that sends nothing for so long is on hold, or its sender leaves silence out.
inline constexpr auto kHoldGap = 2s;
// A source that nobody named, or only by its address, may move (a NAT binds it anew, RFC 7362): once nothing has come
// from where it was for so long, the same stream is taken from where it goes on, as far ahead (RFC 3550 A.1,
// MAX_DROPOUT).
inline constexpr auto kSourceSilence = 200ms;
inline constexpr std::uint16_t kSourceAhead = 3000;
// Payload types of audio that one leg may carry: an offer of everything that this build records has nine.
inline constexpr std::size_t kFormatsPerLeg = 12;

// ---- SRTP ---------------------------------------------------------------------------------------------------------

inline constexpr std::size_t kSrtpMkiBytes = 128;   // RFC 4568 6.1: the length has up to three digits, at most 128
inline constexpr std::size_t kSrtpMasterKeys = 16;  // of one session at once; an offer has one or two
// Sources (SSRCs) under one key. A leg has one, and another after each hold of some phones. What was heard of a source
// is never forgotten under its key, or it could be replayed; a source beyond these is not heard.
inline constexpr std::size_t kSrtpSources = 32;
inline constexpr std::size_t kSrtpBatch = 64;           // packets worked on together: one batch of datagrams
inline constexpr std::size_t kSrtpPacketBytes = 65507;  // of a UDP datagram over IPv4
// An MKI, the longest tag, and the index of RTCP.
inline constexpr std::size_t kSrtpTrailerBytes = kSrtpMkiBytes + 16 + 4;
// A stream that is joined in its middle is looked for with so many rollovers: at 20 ms a packet one is 22 minutes, all
// of them are 23 hours. Each costs a tag, so the packets of a batch are together tried no more often than that: what is
// forged makes a batch cost some times as much, and not a hundred times.
inline constexpr std::uint32_t kSrtpRolloversSought = 64;
inline constexpr std::size_t kSrtpTrialsPerBatch = 64;
static_assert(kSrtpTrialsPerBatch >= kSrtpRolloversSought);
// Master keys that a shard has room for beside one a leg: for legs with several (MKIs), and for legs that get others,
// whose former ones are there until then. An eighth, and two sessions of the most keys.
inline constexpr std::size_t kSrtpKeyBytes = 1152;  // of locked memory each, ready for use
constexpr std::size_t srtp_keys_for(std::size_t legs) { return legs + legs / 8 + 2 * kSrtpMasterKeys; }

// ---- DTLS-SRTP ----------------------------------------------------------------------------------------------------

// Of what a handshake has come from and not ended, a leg: addresses and ports, and how many of one address.
inline constexpr std::size_t kDtlsSources = 8;
inline constexpr std::size_t kDtlsSourcesOfAddress = 2;
// A handshake has failed after so long; and for as long its end is repeated for who missed it.
inline constexpr auto kDtlsHandshakeTime = 10s;
inline constexpr auto kDtlsCookieAge = 60s;  // twice that at most
// Of what comes to one leg in a turn, from one of so many parts of its senders: hellos, which anybody can send, also in
// a sender's name, and records that may be of a handshake that there is, of which one has some ten, or forty in small
// pieces. Four times as many from all ports of the addresses of such a part.
inline constexpr std::size_t kDtlsBuckets = 16;
inline constexpr auto kDtlsTurn = 5ms;
inline constexpr std::uint8_t kDtlsHellosPerTurn = 16;
inline constexpr std::uint8_t kDtlsRecordsPerTurn = 40;
inline constexpr std::uint8_t kDtlsPortsPerAddress = 4;  // that may send so much
// Datagrams of all legs that wait for their handshakes: hellos fill half of it. So many are looked at together, and
// then none for so long: 24,000 a second. Of handshakes, each of which costs far more than a hello, only so many begin
// in that time; and so many may be under way.
inline constexpr std::size_t kDtlsWaiting = 1024;
inline constexpr std::size_t kDtlsHellosWaiting = kDtlsWaiting / 2;
inline constexpr std::size_t kDtlsTaken = 24;
inline constexpr std::uint64_t kDtlsBegun = 2;
inline constexpr std::uint64_t kDtlsUnderWay = 2000;
inline constexpr auto kDtlsPace = 1ms;
inline constexpr auto kDtlsLook = 20ms;  // how often it is looked what is to be sent again
// The number of a record with a hello that is answered: so many attempts, which takes a client an hour.
inline constexpr std::uint64_t kDtlsHelloNumber = 63;
inline constexpr std::size_t kDtlsDatagramBytes = 1200;  // that we send: fits every path (RFC 8261 5)

// ---- One leg, one call --------------------------------------------------------------------------------------------

inline constexpr auto kHoldDefault = 30s;
inline constexpr auto kHoldMin = 1s;
inline constexpr auto kEvidenceMin = 1s;
inline constexpr auto kHoldMax = 300s;
// What overload shortens the rings to: `hold`, if that is less.
inline constexpr auto kHoldFloorDefault = 10s;
inline constexpr auto kDeadlineDefault = 60s;
inline constexpr auto kDeadlineMin = 1s;
inline constexpr auto kDeadlineMax = 24h;
// For how long a consent may be given. A hundred years end before the nanoseconds of a 64-bit clock do.
inline constexpr auto kValidityMin = 1s;
inline constexpr auto kValidityMax = 36500 * 24h;
// consent.lease: how long gates stay open when the consent record cannot be written. That it can is proven at the
// latest when a fifth of the lease has passed, so a disk may stall for four fifths of it: 24 s, of the 10 s that it
// must be able to. The shortest outlasts what the catalog waits for others to let go of its file.
inline constexpr std::chrono::milliseconds kLeaseDefault = 30s;
inline constexpr std::chrono::milliseconds kLeaseMin = 10s;
inline constexpr std::chrono::milliseconds kLeaseMax = 10min;
inline constexpr int kLeaseProofs = 5;
constexpr std::chrono::milliseconds stall_within_lease(std::chrono::milliseconds lease) {
  return lease - lease / kLeaseProofs;
}
static_assert(stall_within_lease(kLeaseDefault) == 24s);
// How often it is looked whether a proof is due (a clock that was set on ends the lease at once), and whether there is
// a lapse to tell of.
inline constexpr auto kLeaseLook = 100ms;
inline constexpr std::size_t kUntoldLapses = 64;  // that wait to be put on record; more are told as one
inline constexpr auto kMaxDelayDefault = 1s;  // seal.max_delay: longest wait of a part-filled block once a gate is open
inline constexpr auto kMaxDelayMin = 20ms;    // one packet
inline constexpr auto kMaxDelayMax = 10s;
inline constexpr auto kSegmentTimeDefault = 60s;
inline constexpr auto kSegmentSpan = 24h * 366;  // a time later than this in a segment is not one of ours
inline constexpr auto kSegmentTimeMin = 5s;
inline constexpr auto kSegmentTimeMax = 1h;  // at 48 kHz stereo 690 MB, still one object that fits anywhere
// After an opt-in the ring goes on filling until the consent record is durable; this much more is reserved for that.
inline constexpr auto kDurableSlack = 5s;

// A held block spans at most this (and one sweep): what `hold` no longer covers is wiped at most this much later.
inline constexpr auto kHeldBlockSpan = 1s;

inline constexpr std::size_t kLegsPerCall = 16;
inline constexpr std::size_t kParticipantsPerCall = 16;
inline constexpr std::size_t kPurposes = 32;        // one bit each in a purpose set
inline constexpr std::size_t kProcessors = 32;      // that receive what one purpose is for
inline constexpr std::size_t kPurposeIdBytes = 64;  // longest name of a purpose
inline constexpr std::size_t kCallsDefault = 100;
inline constexpr std::size_t kCallsMax = 20000;
// A call that hears no packet and no command for this long is ended: its media server is gone.
inline constexpr auto kIdleCallDefault = 2h;
inline constexpr auto kIdleCallMin = 10s;
inline constexpr auto kIdleCallMax = 168h;
// How long SIGTERM lets live calls go on, and how long what was consented to may then take to be stored. The defaults
// together stay below the 90 s after which systemd kills (TimeoutStopSec).
inline constexpr auto kDrainDefault = 20s;
inline constexpr auto kDrainMax = 24h;
inline constexpr auto kStoreAtStop = 60s;
inline constexpr auto kRetentionMin = 1h;
inline constexpr auto kRetentionMax = 876000h;  // 100 years
// A tenant's own, which stands in no register of hours.
inline constexpr std::chrono::milliseconds kOwnRetentionMin = 1s;
inline constexpr std::size_t kRetentionTenants = 1000;
// How often it is looked whether a recording's time is over when nothing is said to be due before: it asks an index.
inline constexpr std::chrono::milliseconds kRetentionLook = 1s;
inline constexpr std::chrono::milliseconds kRetentionPass = 1h;  // what is held is looked through anew
// Recordings that one look erases before it looks again at whether to stop: a second or so each on a slow disk.
inline constexpr std::size_t kRetentionBatch = 16;
// Whose end is reckoned anew in one transaction, when the settings have changed: some 20 us each, so 5 ms of the
// writer.
inline constexpr std::size_t kRetentionPlans = 256;
// That stand at once. Who is erased is compared with all of them.
inline constexpr std::size_t kHolds = 10000;
inline constexpr std::size_t kHoldReasonBytes = 64;

// How long one block of a leg lasts: it holds whole packets only, so of 10 ms or of 20 ms, whichever makes it shorter.
constexpr std::chrono::milliseconds shortest_block(std::size_t payload_bytes_per_second) {
  std::size_t shortest_ms = SIZE_MAX;
  for (const std::size_t packet_ms : {std::size_t{10}, std::size_t{20}}) {
    const std::size_t payload = (payload_bytes_per_second * packet_ms + 999) / 1000;
    const std::size_t fitting = (kFrameBytes - kClusterHeadBytes) / (payload + kSimpleBlockHeadBytes);
    const std::size_t block_ms = (fitting == 0 ? 1 : fitting) * packet_ms;
    if (block_ms < shortest_ms) shortest_ms = block_ms;
  }
  return std::chrono::milliseconds(shortest_ms);
}
// What a leg needs beside its ring: the reorder window, the block being filled, and the one that was cut.
constexpr std::size_t blocks_beside_ring(std::chrono::milliseconds reorder_window) {
  return (static_cast<std::size_t>(reorder_window.count()) + 9) / 10 + 1 + 2;
}

// The blocks of the arena that one leg may need at once: its ring for `hold` and for the wait until the consent record
// is durable, the packets of the reorder window (a block each, at 10 ms a packet, and the one that came), the block
// being filled and the one a turning gate has cut.
//
// G.711 (8,000 bytes a second), 30 s, 60 ms: 46 packets of 80 + 7 bytes in 4,048 are 460 ms, so 35 s are 77 blocks;
// with 7 and 2 more 86 blocks, 344 KiB.
constexpr std::size_t leg_blocks(std::size_t payload_bytes_per_second, std::chrono::milliseconds hold,
                                 std::chrono::milliseconds reorder_window) {
  const auto block_ms = static_cast<std::size_t>(shortest_block(payload_bytes_per_second).count());
  const auto held_ms = static_cast<std::size_t>((hold + std::chrono::milliseconds(kDurableSlack)).count());
  return (held_ms + block_ms - 1) / block_ms + blocks_beside_ring(reorder_window);
}
static_assert(leg_blocks(8000, kHoldDefault, kReorderWindowDefault) == 86);

// Of these, a leg whose gate is open may have so many admitted and not sealed (no page is free: the disk stalls). The
// others stay for what is being received and filled, and for the beginning and end of a segment (head, header, final).
// What is beyond is lost, as an explicit gap: the blocks of one leg never take those that another one counts on.
inline constexpr std::size_t kSegmentBlocks = 3;
constexpr std::size_t queued_blocks_of(std::size_t leg_blocks, std::chrono::milliseconds reorder_window) {
  const std::size_t kept = blocks_beside_ring(reorder_window) + kSegmentBlocks;
  return leg_blocks > kept + 1 ? leg_blocks - kept : 1;
}
static_assert(queued_blocks_of(86, kReorderWindowDefault) == 74);  // 34 s of G.711
// Gaps of one leg that are told one by one; more are told as one that spans them.
inline constexpr std::size_t kGapsPerLeg = 8;

// ---- Shard --------------------------------------------------------------------------------------------------------

// One thread each. With more, the calls of one shard were too few for its batches to be worth it.
inline constexpr std::size_t kShardsMax = 64;
inline constexpr std::size_t kCpus = 1024;  // as many as a cpu_set_t names
inline constexpr std::size_t kCacheLineBytes = 64;
inline constexpr std::size_t kReceiveBatch = 64;  // datagrams per recvmmsg; 64 blocks = 256 KiB of arena
// Legs are fetched into the cache this many together, two turns ahead of their datagrams. Each lies, as does the block
// it fills, on a page that the processor has to look up first, which takes as long as all else that is done to a
// packet; but it looks up several at once.
inline constexpr std::size_t kUpcomingTurn = 8;
inline constexpr std::size_t kNearBlocks = 128;  // free blocks the receiving thread keeps to itself: two batches
// What somebody says or keys in is heard with the sweep after, and counted from the one before: at 2 ms a yes has
// opened its gate within 10 ms (bench/load/decisions.py). Longer sweeps did not make a packet cheaper
// (bench/load/bars.py).
inline constexpr auto kSweepInterval = 2ms;
// Asked of the kernel for each socket, which doubles it. A datagram is charged with 768 bytes (loopback) to about 4.4
// KiB (a page of a network card): 60 packets in the worst case, so a shard may stall for 1.2 s at 20 ms a packet.
inline constexpr int kSocketBufferBytes = 128 * 1024;
// A steered socket carries every leg of its shard, so it is asked to hold what they send in a second. What the kernel
// charges for a datagram depends on the driver: 768 bytes on loopback, 1,280 where it copies small packets, up to 4.4
// KiB where every packet is a page of the card's: that is reckoned with. 1,000 calls of 2 legs at 20 ms: 100,000 x
// 4,480 bytes = 427 MiB; from 2,400 calls on a second is less than one.
// Nothing of it is used before it is needed. The most is what setsockopt(2) can be asked for, which the kernel doubles.
inline constexpr std::size_t kSteeredPacketsPerLeg = 50;
inline constexpr std::size_t kSteeredDatagramCharge = 4480;
inline constexpr std::size_t kSteeredBufferMinBytes = std::size_t{4} << 20;
inline constexpr std::size_t kSteeredBufferMaxBytes = std::size_t{1} << 30;
constexpr std::size_t steered_buffer_bytes(std::size_t legs) {
  const std::size_t wanted = legs * kSteeredPacketsPerLeg * kSteeredDatagramCharge;
  if (wanted < kSteeredBufferMinBytes) return kSteeredBufferMinBytes;
  return wanted < kSteeredBufferMaxBytes ? wanted : kSteeredBufferMaxBytes;
}
static_assert(steered_buffer_bytes(2000) == 448'000'000);
// Datagrams that one sweep of a steered socket takes, so that a flood cannot hold the shard: at about 2 us each, with
// all that is done to them, commands wait for 33 ms. At the longest sweep (100 ms) that is 163,840 a second, which
// 1,600 calls of 2 legs send; at the usual 2 ms it is no bound.
inline constexpr std::size_t kSteeredSweepDatagrams = 256 * kReceiveBatch;
static_assert(kSteeredSweepDatagrams == 16384);
inline constexpr std::size_t kSteeredSockets = 255;  // a byte a port says which
static_assert(kShardsMax <= kSteeredSockets);
inline constexpr auto kSweepMin = 1ms;
inline constexpr auto kSweepMax = 100ms;            // a socket's default buffer holds 200 ms of one leg with ease
inline constexpr std::size_t kCommandQueue = 4096;  // commands waiting for the shard; more are answered 503

// ---- Seal ---------------------------------------------------------------------------------------------------------

// Pages sealed and not yet durable: at 10,000 calls (2 x 2.1 pages a second each) ten seconds of a stalled disk are
// 420,000 pages; the default of 32,768 (128 MiB) covers ten seconds at 780 calls. A setting raises it.
inline constexpr std::size_t kSealedPagesDefault = 32768;
inline constexpr std::size_t kSealedPagesMin = 256;       // 1 MiB: more than one journal batch
inline constexpr std::size_t kSealedPagesMax = 1U << 22;  // 16 GiB
inline constexpr std::size_t kSealWorkersMax = 64;
// Blocks that a worker takes at once: what workers share is asked for once in so many blocks, not with each. 16 are 20
// to 40 us of work, by which a page may be later.
inline constexpr std::size_t kSealBurst = 16;

// ---- Journal ------------------------------------------------------------------------------------------------------

inline constexpr std::uint64_t kJournalFileBytes = 256ULL << 20;
inline constexpr std::uint64_t kJournalFileBytesMin = 4ULL << 20;
inline constexpr std::uint64_t kJournalFileBytesMax = 4ULL << 30;
inline constexpr auto kCommitInterval = 250ms;
inline constexpr auto kCommitIntervalMin = 10ms;
inline constexpr auto kCommitIntervalMax = 1s;  // what a power loss may cost
// An index page holds 24 bytes of head, 24 per data page and a 32-byte hash: (4096 - 24 - 32) / 24 = 168.
inline constexpr std::size_t kJournalIndexHead = 24;
inline constexpr std::size_t kJournalEntryBytes = 24;
inline constexpr std::size_t kJournalHashBytes = 32;
inline constexpr std::size_t kJournalBatchPages = 168;
static_assert(kJournalIndexHead + kJournalBatchPages * kJournalEntryBytes + kJournalHashBytes <= kPageBytes);
// After a failure the journal waits 20 ms, then twice as long each time: six attempts take 0.6 s, less than the second
// of audio that may be lost, and then another file may do better.
inline constexpr auto kJournalRetryMin = 20ms;
inline constexpr auto kJournalRetryMax = 1000ms;
inline constexpr int kJournalWriteAttempts = 6;
// Erased segments whose late pages must not get in; they come within seconds of the erasure. 16 bytes each: 1 MiB.
inline constexpr std::size_t kJournalErasedSegments = 65536;
// What is written over of dead files after a commit, when that wrote little itself: 16 MiB a second, so the largest
// file that is usual (256 MiB) is gone after 16 s.
inline constexpr std::uint64_t kJournalBlankBytes = 4ULL << 20;
inline constexpr std::size_t kJournalReaderFiles = 8;  // kept open by a reader

// ---- Settle -------------------------------------------------------------------------------------------------------

inline constexpr auto kSettleRetryMin = 250ms;  // after a failed store or booking, then twice as long each time
inline constexpr auto kSettleRetryMax = 60s;
// While a caller waits for the end of a call, the journal is asked this often to commit without waiting for its
// interval.
inline constexpr auto kSettleFlushInterval = 10ms;
// Segments stored and booked together: one transaction, and one commit of the file system, instead of 32.
inline constexpr std::size_t kSettleGroup = 32;
inline constexpr std::size_t kSettleOutcomes = 4096;  // failures and erasures remembered for those who ask later
// Under overload what is ready waits, so that the disk serves the journal; but never longer than this, or calls that
// end would wait beyond their callers' patience (30 s), and the journal would grow for as long as the load lasts.
inline constexpr auto kSettleWaitMax = 20s;
inline constexpr auto kSettleWaitLook = 200ms;  // how often it looks whether it may go on

// ---- The sealed message, as a reader bounds it --------------------------------------------------------------------

inline constexpr std::size_t kMessageKeys = 4;
inline constexpr std::size_t kMessageContextBytes = 8192;
inline constexpr std::uint32_t kMessageFrameBytes = 1U << 20;
inline constexpr std::size_t kMessageHeaderBytes = 32768;  // context, four keys of 4 KiB, fixed fields, with room

// ---- Secret memory ------------------------------------------------------------------------------------------------

// Keys of 32 bytes held at once for a call at its largest: its own, and for each leg the leg's, the subject's and two
// open segments' (the one being left and the next): 1 + 16 x 4 = 65 keys, 2,080 bytes. Twice that, because the
// allocator works in powers of two and other keys (root, epochs, tenants) take their share. A master key of SRTP with
// its salt takes 64 bytes at most: one a leg, 1,024 bytes, is within that.
inline constexpr std::size_t kKeyBytes = 32;
inline constexpr std::size_t kSecretBytesPerCall = 2 * kKeyBytes * (1 + kLegsPerCall * 4);
static_assert(kSecretBytesPerCall == 4160);
static_assert(kSecretBytesPerCall >= kKeyBytes * (1 + kLegsPerCall * 4) + 64 * kLegsPerCall);

// ---- Catalog ------------------------------------------------------------------------------------------------------

// Bookings waiting for the one writer. Every call books about a dozen rows in its life; at 50 calls starting a second a
// disk that stalls for 10 s leaves 6,000. A row is below 1 KiB, so the queue is below 16 MiB.
inline constexpr std::size_t kCatalogQueue = 16384;
// Threads that query at once; more wait for one of these connections. Each has a page cache of at most 2 MiB.
inline constexpr std::size_t kCatalogReaders = 4;
inline constexpr auto kCatalogLockWait = 5000ms;  // for a reader or another process to let go of the file
static_assert(stall_within_lease(kLeaseMin) > kCatalogLockWait);
// Rows of a listing that has a cursor; a larger limit is cut to this.
inline constexpr std::size_t kCatalogListRows = 1000;
// Rows of a query without a cursor, which must be whole or fail: 16 legs x 24 h of 10 s segments are 138,240 rows.
inline constexpr std::size_t kCatalogRows = 200000;
// Unwrapped keys kept at hand: a leg, a call and a person's key for each of a shard's busiest 1,000 calls; 32 bytes
// each in locked memory. What is used again within the lifetime is kept.
inline constexpr std::size_t kCachedKeys = 8192;
inline constexpr auto kCachedKeyAge = 10min;

// The ledger is read through in steps of so many records, each in a snapshot of its own: one long snapshot would keep
// what was erased in the log's file until the reading ends.
inline constexpr std::size_t kLedgerStepRows = 20000;
// A checkpoint is a signature and a record. One for every 10,000 others costs little, and leaves little of the ledger
// to what the engine alone can check. How often at least, while there is something new to sign, is the pipeline's to
// say.
inline constexpr std::size_t kCheckpointRecords = 10000;
inline constexpr std::size_t kCheckpointRecordsMin = 1;
inline constexpr std::size_t kCheckpointRecordsMax = 1000000;
inline constexpr std::chrono::milliseconds kCheckpointInterval = 1h;
inline constexpr std::chrono::milliseconds kCheckpointIntervalMin = 1s;
inline constexpr std::chrono::milliseconds kCheckpointIntervalMax = 24h;
inline constexpr std::size_t kCanonicalJsonDepth = 16;  // a record's body has four; a notice comes from a caller

// ---- Overload -----------------------------------------------------------------------------------------------------

// How often the queues are looked at: a stage begins at most so late, and one at a time.
inline constexpr auto kOverloadInterval = 100ms;
// The age of the oldest entry of a queue at which each stage begins. Usual are 20 ms to seal, the commit interval (at
// most a second) and a sync to be durable, some ms in the catalog. Two seconds apart: a disk that stalls for ten has
// made everything else wait by then, and admission has stopped for two.
inline constexpr std::chrono::milliseconds kOverloadDelay[] = {2s, 4s, 6s, 8s};
// The same by how full a queue is. A budget of sealed pages for ten seconds is 3 to 12 % full between two commits.
inline constexpr std::size_t kOverloadPercent[] = {30, 45, 60, 75};
// A stage ends, one at a time, when for so long no queue was above half of what begins it.
inline constexpr auto kOverloadCalm = 1s;
// Points in time that a queue's delay is reckoned from: more than a minute at that interval, then they grow coarser.
inline constexpr std::size_t kDelaySamples = 1024;

// Queries that wait for calm, and how long; more are answered 503. A quarter of the workers, so that others are served.
inline constexpr std::size_t kQueriesWaiting = 8;
inline constexpr auto kQueryWait = 5s;
// A chunk of an audio stream that is being read waits so long, every time.
inline constexpr auto kStreamWait = 1s;

// Free disk space below which no new call is admitted: what the calls there are need to be finished. For each leg a
// minute of audio at 10,000 bytes a second (a page of 4,096 bytes every 460 ms of G.711 is 8,900), and for each shard
// the journal file that it makes next. At most a tenth of the file system, which on a small one is all that can be
// asked.
inline constexpr std::uint64_t kFinishBytesPerLeg = 10'000ULL * 60;
constexpr std::uint64_t disk_reserve_bytes(std::size_t legs, std::size_t shards, std::uint64_t journal_file_bytes) {
  return legs * kFinishBytesPerLeg + shards * journal_file_bytes;
}
static_assert(disk_reserve_bytes(200, 1, 256ULL << 20) == 120'000'000 + 268'435'456);
inline constexpr std::uint64_t kDiskReserveShare = 10;
inline constexpr std::uint64_t kDiskReserveMin = 1ULL << 20;
inline constexpr std::uint64_t kDiskReserveMax = 1ULL << 44;  // 16 TiB
// Calls are admitted again when an eighth more than the reserve is free.
inline constexpr std::uint64_t kDiskReserveMargin = 8;
// The last of the disk is the catalog's alone: a consent, a withdrawal and an erasure are a few KiB each, and must be
// durable. Neither the journal nor the store begins a file that would take it.
inline constexpr std::uint64_t kDiskFloorBytes = 8ULL << 20;
inline constexpr auto kDiskLookInterval = 250ms;

// Of one tenant. A quota that is not set is no limit.
inline constexpr std::size_t kQuotaTenants = 1000;
inline constexpr std::size_t kConsentTenants = 1000;     // with a policy of their own
inline constexpr std::chrono::seconds kQuotaLook = 10s;  // stored bytes are added up again at most so often
inline constexpr std::uint64_t kQuotaBytesMin = 1ULL << 20;
inline constexpr std::uint64_t kQuotaBytesMax = 1ULL << 50;  // 1 PiB

// ---- Control ------------------------------------------------------------------------------------------------------

inline constexpr std::size_t kApiBodyBytes = std::size_t{64} * 1024;
inline constexpr std::size_t kApiJsonDepth = 16;
inline constexpr std::size_t kApiFaults = 100;  // faults of one body that a reply lists
inline constexpr std::size_t kApiConnections = 512;
inline constexpr std::size_t kApiWorkers = 32;
// Requests read in full that wait for a worker: at a commit every 250 ms, 32 workers answer 128 durable requests a
// second, so these wait at most half a second more.
inline constexpr std::size_t kApiWaiting = 64;
// What must not wait behind others has workers of its own, and is never turned away: as many may wait as there are
// connections. A disk that stalls holds each of them until it is durable.
inline constexpr std::size_t kApiVitalWorkers = 64;  // consent, withdrawal, pause, erasure; metrics and readiness
inline constexpr std::size_t kApiEndWorkers = 32;    // the end of a call
// A decision and the end of a call wait for the disk so long before the caller is told that it has not answered.
inline constexpr auto kApiDurableWait = 30s;
// Of erasures of people and tenants: bookings of one transaction, at 1 KiB each some milliseconds of the writer; after
// how many calls it is noted how far they are; when one that failed is tried again.
inline constexpr std::size_t kErasureBookings = 512;
// Of a transaction that wraps keys anew: small, because consents that are given meanwhile wait behind it.
inline constexpr std::size_t kRotationBookings = 128;
inline constexpr std::size_t kRotationPeople = 32;
inline constexpr std::size_t kTokenLabelBytes = 32;  // PKCS#11
inline constexpr std::chrono::milliseconds kRotateMin = std::chrono::hours(1);
inline constexpr std::chrono::milliseconds kRotateMax = std::chrono::hours(24 * 3650);
// How often it is looked whether the keys are due to be replaced.
inline constexpr std::chrono::milliseconds kRotationLook = 60s;
// What is booked under keys that are replaced in the same moment is prepared again.
inline constexpr int kBookingTries = 4;
inline constexpr std::size_t kErasureProgress = 100;
// A receipt names so many ids itself, at 50 bytes each; of more it has their number and digest. Sixty calls of two.
inline constexpr std::size_t kReceiptIds = 1000;
inline constexpr auto kErasureRetry = 60s;
inline constexpr std::size_t kApiHeaderBytes = std::size_t{16} * 1024;
inline constexpr auto kApiIdleTime = 60s;    // a connection kept open between requests
inline constexpr auto kApiHeaderTime = 10s;  // from a request's first byte to the end of its header
inline constexpr auto kApiBodyTime = 20s;
inline constexpr auto kApiWriteTime = 30s;  // for each chunk of a reply: a client below 2 KiB/s is dropped
// A streamed reply holds one chunk: 512 connections x 64 KiB = 32 MiB at most.
inline constexpr std::size_t kApiChunkBytes = std::size_t{64} * 1024;
inline constexpr auto kApiStopTime = 10s;  // how long a stop waits for replies under way
inline constexpr std::size_t kIdempotencyEntries = 10000;
inline constexpr auto kIdempotencyAge = 24h;
inline constexpr std::size_t kIdempotencyKeyBytes = 128;
// Webhooks. A reply that is remembered has below 1 KiB beside its purposes, so a source's memory of 4,096 has some 4
// MiB. At the default window that is 13 decisions a second; above it the window gets shorter, down to a minute at 68.
inline constexpr std::size_t kWebhooks = 16;
inline constexpr std::size_t kWebhookReplays = 4096;  // a source
inline constexpr std::chrono::seconds kWebhookWindowDefault = 5min;
inline constexpr std::chrono::seconds kWebhookWindowMin = 10s;
inline constexpr std::chrono::seconds kWebhookWindowMax = 1h;
inline constexpr std::size_t kWebhookSecretBytesMin = 16;  // what guessing takes: 128 bits, if they are random
inline constexpr std::size_t kWebhookSecretBytesMax = 1024;
inline constexpr std::size_t kSignatureHeaderBytes = 1024;
inline constexpr std::size_t kSignatureTags = 4;
inline constexpr std::size_t kSignatureTimeDigits = 12;  // until the year 33658
// Processors: who is told of consents and erasures. One that does not answer is asked again after so long, then after
// twice that, up to the longest, in all for some 20 hours: 12 doublings of 2 s are 2.3 h, 18 more attempts an hour
// each.
inline constexpr std::size_t kToldProcessors = 64;
inline constexpr std::size_t kProcessorUrlBytes = 1024;
inline constexpr std::chrono::milliseconds kProcessorTimeout = 10s;
inline constexpr std::chrono::milliseconds kProcessorTimeoutMin = 100ms;
inline constexpr std::chrono::milliseconds kProcessorTimeoutMax = 2min;
inline constexpr std::size_t kProcessorAttempts = 30;
inline constexpr std::size_t kProcessorAttemptsMax = 10000;
inline constexpr std::chrono::milliseconds kProcessorRetryFirst = 2s;
inline constexpr std::chrono::milliseconds kProcessorRetryLongest = 1h;
inline constexpr std::chrono::milliseconds kProcessorRetryMin = 10ms;
inline constexpr std::chrono::milliseconds kProcessorRetryMax = 24h;
inline constexpr std::chrono::milliseconds kProcessorGiveUp = 72h;
inline constexpr std::chrono::milliseconds kProcessorConfirm = 168h;  // a week, from "accepted" to "confirmed"
inline constexpr std::chrono::milliseconds kProcessorPatienceMin = 1s;
inline constexpr std::chrono::milliseconds kProcessorPatienceMax = 24h * 365;
// Requests to one processor at a time, all of different calls and people; so many of its oldest events are looked at
// together, at 1 KiB each.
inline constexpr std::size_t kProcessorRequests = 4;
inline constexpr std::size_t kDeliveryWindow = 1000;
inline constexpr std::size_t kProcessorReplyBytes = std::size_t{16} * 1024;  // read of a reply, and not kept
inline constexpr std::size_t kDeliveryErrorBytes = 200;
inline constexpr auto kDeliveryLook = 50ms;      // how often it is asked whether anything is to be told
inline constexpr auto kDeliveryRelook = 1s;      // after the catalog did not answer; confirmations that are overdue
inline constexpr auto kDeliveryKept = 24h * 30;  // what is settled, for who asks what became of it
inline constexpr std::size_t kDeliveriesPurged = 64;  // at a time
inline constexpr std::size_t kDeadLettersShown = 100;
inline constexpr std::size_t kTokens = 1000;   // API tokens; each request compares with all of them
inline constexpr std::size_t kRefBytes = 256;  // call ref, participant ref, label, name, address: longest text
inline constexpr std::size_t kNameBytes = 64;  // an id people write: a purpose, a notice and its version
inline constexpr std::size_t kNoteBytes = std::size_t{16} * 1024;
inline constexpr std::size_t kPageRows = 100;             // rows a listing returns before it hands out a cursor
inline constexpr std::size_t kPeakBucketsDefault = 1000;  // a screen's width
inline constexpr std::size_t kConfigBytes = 1U << 20;

// ---- What a person is given of themselves -------------------------------------------------------------------------

// Exports that wait or lie there at once. One is made at a time; each keeps a file of its archive's size.
inline constexpr std::size_t kExports = 256;
inline constexpr std::chrono::hours kExportKept = std::chrono::hours(24 * 7);
// How often it is looked whether one is over, or has been overtaken by an erasure.
inline constexpr std::chrono::milliseconds kExportLook = 2s;
inline constexpr int kExportTries = 3;  // something was erased while it was read: it is begun anew
// Written at once: 64 frames of 4,064 bytes, 254 KiB of the archive. A reader opens as many as a chunk of a reply
// needs.
inline constexpr std::size_t kExportFramesAtOnce = 64;
// One audio file spans at most this: 6 h at 48 kHz are 2.1 GB, below what a WAV file can be.
inline constexpr std::chrono::hours kExportAudioSpan = std::chrono::hours(6);
inline constexpr std::size_t kExportJobBytes = std::size_t{64} * 1024;  // of its state

// ---- Render -------------------------------------------------------------------------------------------------------

inline constexpr std::size_t kRenderStepSamples = 4096;  // made, fed and mixed at a time
// Samples of one leg that wait for the mixer: 16,384 x 2 bytes x 16 legs = 512 KiB a render, 2 s of audio at 8 kHz.
inline constexpr std::size_t kRenderQueueSamples = 4 * kRenderStepSamples;
inline constexpr std::size_t kRenderMixedBuffers = 8;   // buffers of mixed or encoded audio that wait for the reader
inline constexpr auto kRenderStall = 30s;               // a mixer that neither takes nor gives for this long is broken
inline constexpr std::uint64_t kWavBytes = 0xFFFFFFFF;  // RIFF sizes have 32 bits
inline constexpr std::size_t kPeakBuckets = 20000;      // more than any screen has columns

// ---- What media servers say ----------------------------------------------------------------------------------------
inline constexpr std::size_t kLoggedKeyBytes = 4096;  // a datagram of rtpengine's dtmf-log-dest
inline constexpr std::size_t kNgBytes = 65535;        // of rtpengine's NG: a UDP datagram
inline constexpr int kBencodeDepth = 16;
inline constexpr std::size_t kBencodeValues = 65536;
// A question that gets no answer is asked again after twice as long each time: 7.5 s in all.
inline constexpr std::chrono::milliseconds kNgFirstWait{500};
inline constexpr int kNgAttempts = 4;
inline constexpr std::chrono::milliseconds kNgPatience = kNgFirstWait * ((1 << kNgAttempts) - 1);
inline constexpr std::chrono::milliseconds kSubscriptionLook{2000};  // how often each is asked about
inline constexpr std::size_t kSdpBytes = std::size_t{64} * 1024;
inline constexpr std::size_t kSdpMedia = 32;
inline constexpr std::size_t kSdpFormats = 64;  // of an m-line
// Of recording metadata, those that left included; a call has sixteen participants at most, and as many legs.
inline constexpr std::size_t kRsParticipants = 64;
inline constexpr std::size_t kRsStreams = 64;
inline constexpr std::size_t kRsTextBytes = 1024;             // an id, a name, an address, a label
inline constexpr std::size_t kRecordingSessions = kCallsMax;  // one is one call
inline constexpr std::size_t kMultipartBytes = std::size_t{512} * 1024;
inline constexpr std::size_t kMultipartParts = 16;
inline constexpr std::size_t kMultipartHeaders = 16;  // of a part
inline constexpr std::size_t kBoundaryBytes = 70;     // RFC 2046 section 5.1.1
inline constexpr std::size_t kXmlBytes = std::size_t{256} * 1024;
inline constexpr std::size_t kXmlDepth = 16;
inline constexpr std::size_t kXmlElements = 8192;
inline constexpr std::size_t kXmlAttributes = 32;  // of an element

// ---- SIP ----------------------------------------------------------------------------------------------------------
inline constexpr std::size_t kSipListeners = 16;
inline constexpr std::size_t kSipTrunks = 256;  // each request is compared with all of them
inline constexpr std::size_t kSipRanges = 64;   // of a trunk; as many TLS names and agents
inline constexpr std::size_t kSipSessions = kCallsMax;
// A SIPREC INVITE is 3 to 10 KiB; more than this is a mistake or an attack.
inline constexpr std::size_t kSipMessageBytes = std::size_t{128} * 1024;
inline constexpr std::size_t kSipBodyBytes = std::size_t{96} * 1024;
// A server transaction is kept for 64 x T1 = 32 s (RFC 3261 section 17) from its answer, which may take a while. At 50
// sessions a second with four transactions each, 8,000 are there at once. At some 8 KiB each the most are 256 MiB.
inline constexpr std::chrono::milliseconds kSipTransactionTime{40000};
inline constexpr std::size_t kSipTransactions = 32768;
inline constexpr std::size_t kSipTransactionBytes = std::size_t{256} << 20;
// What a session has begun, changed and ended with waits for the consent record, some 250 ms each: 64 workers end and
// begin 250 a second. So many that wait are answered within 2 s; ends are never refused.
inline constexpr std::size_t kSipWorkers = 64;
inline constexpr std::size_t kSipWaiting = 512;
inline constexpr std::size_t kSipWaitingPerSession = 8;  // requests of one dialog that wait for each other
inline constexpr std::size_t kSipKeptBytes = 4096;       // of a dialog, for a restart
inline constexpr std::size_t kSipRoutes = 16;            // of a dialog
inline constexpr std::size_t kSipConnections = 1024;     // of TCP and TLS, with all sources
inline constexpr std::chrono::milliseconds kSipIdleConnection{std::chrono::minutes(30)};
inline constexpr std::chrono::milliseconds kSipPartialMessage{10000};  // from its first byte to its last
inline constexpr std::chrono::milliseconds kSipStep{100};              // how often it is looked at what is due
inline constexpr std::chrono::milliseconds kSipEndedLook{500};         // for calls that ended otherwise
inline constexpr std::chrono::seconds kSipRetryAfter{10};
inline constexpr std::chrono::milliseconds kSipStopTime{2000};  // for the last BYEs to be answered
// RFC 4028: 90 s is the least that may be; half an hour is what it recommends.
inline constexpr std::chrono::milliseconds kSessionExpiresDefault{std::chrono::minutes(30)};
inline constexpr std::chrono::milliseconds kSessionExpiresMin{std::chrono::seconds(90)};
inline constexpr std::chrono::milliseconds kSessionExpiresMax{std::chrono::hours(24)};
// Digests (RFC 8760). A nonce is good for so long; of so many the counts that were used are remembered, and when there
// are more, the oldest are not good any more: 2,048 in 60 s are 34 requests with a new nonce a second.
inline constexpr std::chrono::seconds kSipNonceAge{60};
inline constexpr std::size_t kSipNonces = 2048;
inline constexpr std::uint32_t kSipNonceUses = 1U << 16;
inline constexpr std::chrono::seconds kSipTellEvery{10};  // a line of one kind on the log

}  // namespace assent::limits
