// BlockPool: hands out the pages of the secure arena, one block each, and wipes every block that comes back.
//
// A block is one memory page: 32 bytes of bookkeeping and 4064 bytes of plaintext. The same page receives a datagram,
// or is filled with a leg's packets, waits in the ring, and is encrypted; when its BlockRef dies the page is wiped
// (OPENSSL_cleanse) before anyone can have it again, a received datagram over what it wrote. So audio cannot be
// forgotten: dropping a block is wiping it.
//
//      0        4        8       10     11  12          16       24       32                      4096
//      +--------+--------+-------+------+---+-----------+--------+--------+-----------------------+
//      | epoch  | seq    | fill  | kind | c | full      | first  | end    | plaintext             |
//      +--------+--------+-------+------+---+-----------+--------+--------+-----------------------+
//
// Any thread may take and return blocks: the free list is a lock-free stack (takers: the shard; returners: the shard
// and the seal workers, some at once). The thread that receives, which takes and returns a block with every packet, is
// the pool's home: it keeps a few free blocks to itself, so that a packet costs no locked instruction, which would wait
// for every store before it to leave the core. A pool never grows.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <thread>

#include "base/coarse_time.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/secure_arena.h"

namespace assent {

enum class BlockKind : std::uint8_t {
  packets,   // clusters of a leg's packets
  header,    // the message header (frame 0)
  head,      // frame 1: the Matroska head, no audio
  final,     // the last frame: the leg's counts
  datagram,  // as received: nothing but the first fill_bytes of plaintext was written since the block was taken
};

struct BlockHead {
  std::uint32_t consent_epoch = 0;  // of the leg's permit when the block was admitted
  std::uint32_t frame_seq = 0;      // set at admission, from 1
  std::uint16_t fill_bytes = 0;     // plaintext bytes used; a final frame is exactly this long
  BlockKind kind = BlockKind::packets;
  std::uint8_t codec_number = 0;  // of the packets in it, as its leg counts them (SegmentWriter::number_of)
  CoarseTime full_at;             // when it went to be sealed
  std::int64_t first_ns = 0;      // wall time of the first sample, ns since 1970
  std::int64_t end_ns = 0;        // wall time just after the last sample
};
static_assert(sizeof(BlockHead) == limits::kBlockHeadBytes);

struct Block {
  BlockHead head;
  std::array<std::uint8_t, limits::kFrameBytes> plain;
};
static_assert(sizeof(Block) == limits::kPageBytes);

class BlockPool;

// Owns one block; its destruction wipes the page and returns it to the pool.
struct BlockReturner {
  BlockPool* pool = nullptr;
  void operator()(Block* block) const noexcept;
};
using BlockRef = std::unique_ptr<Block, BlockReturner>;

class BlockPool {
 public:
  explicit BlockPool(SecureArena arena);
  ~BlockPool();  // every block must have come back
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  BlockRef take();  // empty when every block is in use
  // A block that crossed a queue as a bare pointer gets its owner back.
  BlockRef adopt(Block* block) { return BlockRef(block, BlockReturner{this}); }

  // Blocks that one thread has done with, each wiped as it comes, and all returned together: to the free list that is
  // one exchange, where other threads contend for it. At most kSealBurst.
  class Returns {
   public:
    explicit Returns(BlockPool& pool) : pool_(pool) {}
    ~Returns();
    Returns(const Returns&) = delete;
    Returns& operator=(const Returns&) = delete;
    void add(BlockRef block);

   private:
    BlockPool& pool_;
    std::array<std::uint32_t, limits::kSealBurst> wiped_{};
    std::size_t count_ = 0;
  };

  // The calling thread is the pool's home from now on; before the pool is shared, and once.
  void make_home_here();

  std::size_t capacity_blocks() const { return capacity_; }
  std::size_t in_use_blocks() const;
  ArenaBacking backing() const;

 private:
  friend struct BlockReturner;
  struct State;
  bool is_home() const { return home_ == std::this_thread::get_id(); }
  void give_back(Block* block) noexcept;
  Block* take_near();
  void give_back_near(Block* block) noexcept;
  Block* at(std::uint32_t index) const { return first_ + index; }
  std::uint32_t index_of(const Block* block) const { return static_cast<std::uint32_t>(block - first_); }

  std::unique_ptr<State> state_;
  Block* first_ = nullptr;
  std::size_t capacity_ = 0;

  std::thread::id home_;                                   // none: no thread is
  std::array<std::uint32_t, limits::kNearBlocks> near_{};  // the home's own free blocks
  std::size_t near_count_ = 0;
};

}  // namespace assent
