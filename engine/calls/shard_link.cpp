#include "engine/calls/shard_link.h"

namespace assent {

void ShardLink::book(CallId, std::vector<Booking> bookings, std::function<void(Result<void>, Now)> done) {
  auto shared = std::make_shared<std::function<void(Result<void>, Now)>>(std::move(done));
  auto deliver = [this, shared](const Result<void>& result) {
    inbox_->deliver([shared, result](Shard&, Now now) { (*shared)(result, now); });
  };
  // A refused post never calls back, so its refusal takes the same way, later.
  if (auto posted = writer_.post(std::move(bookings), deliver); !posted) deliver(posted);
}

}  // namespace assent
