// LeaseWatch: tells when the ledger has not answered for as long as `consent.lease`, so that gates are suspended, and
// when that is over: to people at once, and to the ledger as soon as it can be written.
//
// One record for the whole engine, not one a call: a lapse is of the catalog's disk and concerns every open gate at
// once, and thousands of records would be the first load of a disk that has just come back. What a call lost by it is
// told by its recording: gaps, to the packet.
//
// It suspends nothing itself: each shard sees the lease for itself. One thread makes and destroys it, before the
// catalog's writer; a lapse that is going on then is handed to the writer as it stands.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/step_thread.h"
#include "engine/catalog/catalog_writer.h"

namespace assent {

class LeaseWatch {
 public:
  using Tell = std::function<void(const std::string&)>;

  // `tell` gets a sentence when something changes; the watch's thread.
  LeaseWatch(CatalogWriter& writer, Tell tell);
  ~LeaseWatch();
  LeaseWatch(const LeaseWatch&) = delete;
  LeaseWatch& operator=(const LeaseWatch&) = delete;

 private:
  struct Lapse {
    WallTime from;
    WallTime to;
  };
  // Lapses that are being put on record, and what became of it, which the writer's thread says; it may outlive the
  // watch.
  struct Recording {
    enum class State { under_way, done, failed };
    std::vector<Lapse> lapses;
    std::atomic<State> state{State::under_way};
  };

  MonoTime look(MonoTime now);
  void tell_of_lapse() const;
  Lapse end_lapse();
  void put_on_record();
  void post_untold();

  CatalogWriter& writer_;
  const Tell tell_;
  std::optional<WallTime> lapsed_at_;  // of the lapse that has been told
  std::vector<Lapse> untold_;          // not on record yet
  std::shared_ptr<Recording> recording_;
  WakeSignal wake_;
  std::optional<StepThread> thread_;  // last: it uses all of the above
};

}  // namespace assent
