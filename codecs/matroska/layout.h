// The bytes of our Matroska, as the writer lays them and the reader demands them.
//
// Only the elements below are ever written. Sizes are EBML variable-length integers (RFC 8794 section 4): here one byte
// 1xxxxxxx, two bytes 01xxxxxx xxxxxxxx or three bytes 001xxxxx ..., the x being the value. Elements: RFC 9559.
//
// A Cluster in a block of 4064 bytes:
//
//   0        4     6  7  8               16
//   +--------+-----+--+--+---------------+-------------+-----+-------------+------------------------+
//   |1F43B675|01 sz|E7|88| Timestamp u64 | SimpleBlock | ... | SimpleBlock | Void to the block's end|
//   +--------+-----+--+--+---------------+-------------+-----+-------------+------------------------+
//            |     `------------------- size ------------------------------'
//            `-- always two bytes, so that it can be closed in place
//
// A SimpleBlock (track 1, no lacing, every one a key frame); its size takes three bytes instead of two in the one case
// where the block would otherwise be left with a single free byte, which no Void can fill:
//
//   0  1     3  4      6  7
//   +--+-----+--+------+--+---------+
//   |A3|01 sz|81|s16 ms|80| payload |      s16: milliseconds after the Cluster's Timestamp, big-endian, signed
//   +--+-----+--+------+--+---------+
//
// A Void of n bytes, n >= 2, its content zero:    n <= 128: |EC|1 sz| 0 ... |     n > 128: |EC|01 sz| 0 ... |
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/limits.h"

namespace assent::matroska {

enum class ElementId : std::uint32_t {
  ebml = 0x1A45DFA3,
  ebml_version = 0x4286,
  ebml_read_version = 0x42F7,
  ebml_max_id_length = 0x42F2,
  ebml_max_size_length = 0x42F3,
  doc_type = 0x4282,
  doc_type_version = 0x4287,
  doc_type_read_version = 0x4285,
  segment = 0x18538067,
  info = 0x1549A966,
  segment_uuid = 0x73A4,
  timestamp_scale = 0x2AD7B1,
  date_utc = 0x4461,
  title = 0x7BA9,
  muxing_app = 0x4D80,
  writing_app = 0x5741,
  tracks = 0x1654AE6B,
  track_entry = 0xAE,
  track_number = 0xD7,
  track_uid = 0x73C5,
  track_type = 0x83,
  flag_lacing = 0x9C,
  language = 0x22B59C,
  codec_id = 0x86,
  codec_private = 0x63A2,
  seek_pre_roll = 0x56BB,
  audio = 0xE1,
  sampling_frequency = 0xB5,
  channels = 0x9F,
  bit_depth = 0x6264,
  cluster = 0x1F43B675,
  timestamp = 0xE7,
  simple_block = 0xA3,
  tags = 0x1254C367,
  tag = 0x7373,
  targets = 0x63C0,
  simple_tag = 0x67C8,
  tag_name = 0x45A3,
  tag_string = 0x4487,
  void_element = 0xEC,
};

inline constexpr std::size_t kClusterSizeAt = 4;  // offsets from the Cluster's first byte
inline constexpr std::size_t kClusterContentAt = 6;
inline constexpr std::size_t kTimestampValueAt = 8;
inline constexpr std::size_t kClusterHead = 16;
inline constexpr std::size_t kSimpleBlockHead = 7;
inline constexpr std::size_t kSimpleBlockFields = 4;  // track, time, flags: counted in the SimpleBlock's size
static_assert(kClusterHead == limits::kClusterHeadBytes);
static_assert(kSimpleBlockHead == limits::kSimpleBlockHeadBytes);

inline constexpr std::size_t kSize1Max = 0x7E;  // 0x7F, all ones, means "unknown"
inline constexpr std::size_t kSize2Max = 0x3FFE;
inline constexpr std::uint16_t kSize2Mask = 0x3FFF;  // of a size of two bytes, which begins with 01
inline constexpr std::uint8_t kSize3Mark = 0x20;     // before a size of two bytes: then it takes three
static_assert(limits::kFrameBytes <= kSize2Max);
inline constexpr std::size_t kVoid1Max = 2 + kSize1Max;  // longest Void with a size of one byte

inline constexpr std::uint8_t kTrack = 0x81;  // track number 1 as a variable-length integer
inline constexpr std::uint8_t kKeyFrame = 0x80;
inline constexpr std::uint64_t kUnknownSize = 0x01FFFFFFFFFFFFFF;  // the Segment's size: eight bytes, all ones
inline constexpr std::uint64_t kScaleNs = 1000000;                 // TimestampScale: one millisecond

inline constexpr std::string_view kDocType = "matroska";
inline constexpr std::uint8_t kDocTypeVersion = 4;
inline constexpr std::uint8_t kDocTypeReadVersion = 2;  // SimpleBlocks came with 2
inline constexpr std::string_view kCodecIdAcm = "A_MS/ACM";
inline constexpr std::string_view kCodecIdLinear = "A_PCM/INT/BIG";
inline constexpr std::string_view kCodecIdOpus = "A_OPUS";
inline constexpr std::string_view kCodecIdRtp = "A_ASSENT/RTP";

// WAVEFORMATEX in the CodecPrivate of A_MS/ACM, little-endian:
//   u16 tag | u16 channels | u32 samples/s | u32 bytes/s | u16 bytes a frame | u16 bits a sample | u16 0
inline constexpr std::size_t kWaveFormatBytes = 18;
inline constexpr std::uint16_t kWaveTagPcma = 0x0006;
inline constexpr std::uint16_t kWaveTagPcmu = 0x0007;
inline constexpr std::uint16_t kWaveTagG729 = 0x0083;
inline constexpr std::uint16_t kWaveTagG722 = 0x028F;

inline constexpr std::string_view kOpusHeadMagic = "OpusHead";  // RFC 7845 section 5.1
inline constexpr std::uint64_t kOpusPreRollNs = 80'000'000;     // what a decoder needs to settle after a seek

}  // namespace assent::matroska
