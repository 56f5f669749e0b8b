// JournaledSegment: which pages of a segment are durable in the journal, and the object they make together.
//
// Pages come in any order; one that comes again replaces the earlier one (after a failed sync the later copy is the
// good one). The segment is complete when its header, its final frame and every frame before that are there. The object
// is then header | frames | final frame, each cut to its length; it is read page by page, never held as a whole.
//
// Values; one thread at a time.
#pragma once

#include <boost/container/flat_map.hpp>
#include <cstdint>
#include <optional>

#include "engine/journal/journal_reader.h"
#include "engine/store/object_bytes.h"

namespace assent {

class JournaledSegment {
 public:
  void add(const DurablePage& page);

  bool is_complete() const;
  const std::optional<JournalPlace>& header() const { return header_; }
  // One block of memory that grows at its end, as pages nearly always do: a call in progress has some hundred of them.
  using Frames = boost::container::flat_map<std::uint32_t, JournalPlace>;
  const Frames& frames() const { return frames_; }        // by seq, the final one too
  std::uint32_t final_seq() const { return final_seq_; }  // 0: not yet there

 private:
  std::optional<JournalPlace> header_;
  Frames frames_;
  std::uint32_t final_seq_ = 0;
};

// The length of the final frame that begins a page; Errc::corrupt when it cannot be one.
Result<std::size_t> final_frame_bytes(PageView page);

class JournaledObject final : public ObjectBytes {
 public:
  // The segment is complete. Errc::corrupt when its header or its final frame cannot be what they should; neither is
  // verified. The segment and the reader outlive the object.
  static Result<JournaledObject> open(const JournaledSegment& segment, JournalReader& reader);

  std::uint64_t size_bytes() const override { return size_bytes_; }
  Result<std::size_t> read_at(std::uint64_t offset_bytes, ByteSpan to) override;

  ByteView header() const { return header_; }

 private:
  JournaledObject(const JournaledSegment& segment, JournalReader& reader) : segment_(&segment), reader_(&reader) {}

  const JournaledSegment* segment_;
  JournalReader* reader_;
  Bytes header_;
  std::size_t final_bytes_ = 0;
  std::uint64_t size_bytes_ = 0;
  std::uint32_t loaded_seq_ = 0;  // which frame page_ holds; 0: none
  Page page_{};
};

}  // namespace assent
