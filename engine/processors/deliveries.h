// Deliveries: tells processors what the outbox holds for them, and closes the erasures that waited for them only.
//
// What to send when is DeliveryQueue's decision, one for each processor; here is the thread that asks for it, sends,
// and puts on record what became of it. That is on record before the next event of that call or person goes out, so
// after a death what is sent once more is at most what was under way: each event comes at least once, under the same
// id.
//
// One thread for all processors: requests go out side by side, and one that does not answer holds up nobody but itself.
// It looks whether the catalog has something new (a number in memory), so nobody who books waits for it or wakes it.
// A processor that is not in the file any more is told nothing; what waits for it stays open until it is there again or
// is waived.
//
// `set_targets`, `counts`, `wake`: any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/time.h"
#include "engine/catalog/catalog_writer.h"
#include "engine/processors/delivery_queue.h"
#include "engine/processors/http_poster.h"

namespace assent {

struct DeliveryTarget {
  std::string name;
  std::string url;
  DeliveryLimits limits;
  bool operator==(const DeliveryTarget&) const = default;
};

// Since the start; they only go up.
struct DeliveryCounts {
  std::string processor;
  std::uint64_t delivered = 0;  // taken, an erasure's acceptance included
  std::uint64_t failed = 0;     // attempts
  std::uint64_t dead = 0;       // given up
};

class Deliveries {
 public:
  struct Parts {  // outlive the deliveries
    Catalog& catalog;
    CatalogWriter& writer;
    std::function<std::uint64_t()> outbox_version;  // another number after each change (SqliteCatalog)
    // The signature header of a body to this processor, now; nothing: it has no secret any more.
    std::function<std::optional<std::string>(const std::string& processor, std::string_view body, WallTime now)> sign;
    std::function<void(const std::string&)> report;  // what an operator should read, for the log
    std::function<Now()> clock = read_clocks;
  };
  Deliveries(Parts parts, std::vector<DeliveryTarget> targets);
  ~Deliveries();  // drops what is under way; it is sent again by the next start
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;

  void set_targets(std::vector<DeliveryTarget> targets);
  std::vector<DeliveryCounts> counts() const;

 private:
  struct Sent {
    std::string processor;
    DeliveryRow row;
  };
  using Targets = std::map<std::string, DeliveryTarget>;

  void run();
  void take_targets();
  bool load();
  void give_up_overdue();
  void send();
  void note(const std::vector<HttpAnswer>& answers);
  bool complete_erasures();
  void count(const std::string& processor, const DeliveryOutcome& outcome);
  milliseconds patience(MonoTime now) const;

  Parts parts_;
  HttpPoster poster_;
  // The thread's own.
  Targets targets_;
  std::map<std::string, DeliveryQueue> queues_;
  std::map<std::uint64_t, Sent> under_way_;
  std::uint64_t next_number_ = 1;
  MonoTime relook_ = MonoTime::min();  // when overdue confirmations are looked for, and what failed is tried again

  mutable std::mutex mutex_;  // guards what follows
  std::optional<std::vector<DeliveryTarget>> new_targets_;
  std::map<std::string, DeliveryCounts> counts_;
  std::atomic<bool> stopping_{false};  // set by the owner (release), read by the thread (acquire)
  std::thread thread_;                 // last: it uses all of the above
};

}  // namespace assent
