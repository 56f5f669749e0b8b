// LegEraser: removes what was sealed of legs whose keys a withdrawal has destroyed (on_withdraw = erase).
//
// Nothing of it can be heard from the moment the keys are gone, which was durable before this begins; here its bytes
// go, too: opened copies of the keys dropped, the catalog's file made to forget, every page punched out of the journal,
// every object removed from the store and looked for again, then the erasure is booked as done. What fails stays open
// and is taken up again at the next start. Of several that wait, some are taken together: the catalog forgets once for
// all of them, and what they book is committed together.
//
// Its own thread, since every step waits for a disk. `request`: any thread, never blocks. `wait_for`: control threads.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/calls/shard_storage.h"
#include "engine/catalog/catalog_writer.h"
#include "engine/catalog/erasure_record.h"
#include "engine/catalog/key_ring.h"
#include "engine/shard/live_call.h"
#include "engine/store/segment_store.h"

namespace assent {

class LegEraser {
 public:
  struct Parts {  // outlive the eraser
    Catalog& catalog;
    CatalogWriter& writer;
    KeyRing& keys;
    SegmentStore& store;
    std::vector<ShardStorage> shards;
    std::function<void(const std::string&)> report;  // what went wrong, for the log
  };
  explicit LegEraser(Parts parts);
  ~LegEraser();  // ends after the erasures it is in
  LegEraser(const LegEraser&) = delete;
  LegEraser& operator=(const LegEraser&) = delete;

  void request(const LegErasure& erasure);  // one that is under way already is not begun again
  // At start: goes on with what was not done.
  Result<void> resume();
  // Returns when nothing of the call waits to be erased. Errc::unavailable when that takes longer than `patience`.
  Result<void> wait_for(CallId call, std::chrono::seconds patience);

 private:
  struct Step;  // of one of those taken together

  void run();
  void carry_out(std::vector<Step>& steps);
  void drop_held(std::vector<Step>& steps);
  Result<std::vector<SegmentRow>> segments_to_remove(const LegErasure& erasure);
  void let_through(const std::vector<SegmentId>& segments);
  Result<void> remove(Step& step);
  Result<void> punch(const std::vector<SegmentId>& segments);
  Result<std::vector<Booking>> done_bookings(const Step& step);

  Parts parts_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<LegErasure> waiting_;
  std::multiset<CallId> under_way_;
  std::set<ErasureId> known_;  // those of them
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace assent
