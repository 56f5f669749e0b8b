// SegmentSource: the packets of one leg's segments in time order, for whoever plays or exports.
//
// It never yields a packet of a frame that did not verify: such a frame is a hole in time, as loss is, and is listed in
// `damages`. It decides nothing about what a consumer does with damage. One thread at a time. Errors: Errc::not_found
// (a destroyed key, an object that is gone), Errc::io.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "codecs/matroska/segment_head.h"
#include "engine/catalog/catalog.h"
#include "engine/store/leg_keys.h"
#include "engine/store/segment_store.h"
#include "engine/store/segment_verify.h"

namespace assent {

struct LegPacket {
  WallTime at;
  Codec codec;
  ByteView payload;  // until the next call
};

struct LegDamage {
  SegmentId segment;
  SegmentDamage damage;
};

class SegmentSource {
 public:
  // The rows of one leg; those in quarantine are left out. The store outlives the source.
  SegmentSource(SegmentStore& store, std::vector<SegmentRow> segments, LegKeys keys);
  ~SegmentSource();
  SegmentSource(SegmentSource&&) noexcept;
  SegmentSource& operator=(SegmentSource&&) noexcept;

  Result<std::optional<LegPacket>> next();        // nothing: the end
  const std::vector<LegDamage>& damages() const;  // so far

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assent
