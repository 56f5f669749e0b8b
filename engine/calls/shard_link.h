// ShardLink: the two-way street between a shard and the rest of the engine.
//
// `ask` sends a question to the shard's thread and waits for the answer. As the shard's CallRecord it hands bookings to
// the catalog's writer and brings the outcome back to the shard's thread.
//
// `ask`: any control thread, never the shard's. book, erase: the shard's thread; they do not block.
#pragma once

#include <chrono>
#include <functional>
#include <utility>
#include <vector>

#include "base/answer.h"
#include "base/result.h"
#include "engine/catalog/catalog_writer.h"
#include "engine/shard/shard.h"

namespace assent {

class ShardLink final : public CallRecord {
 public:
  // What erases the ciphertext of legs whose keys a withdrawal has destroyed; must not block.
  using EraseLegs = std::function<void(const LegErasure&)>;

  ShardLink(CatalogWriter& writer, EraseLegs erase) : writer_(writer), erase_(std::move(erase)) {}

  // The shard is made after its record, so it is connected once it is there, before anything is asked or booked.
  void connect(ShardInbox& inbox) { inbox_ = &inbox; }

  // Calls answer(shard, now, reply) on the shard's thread, where `reply` may be kept and called later, and waits until
  // it has been called. Errc::exhausted when too many wait already; Errc::unavailable when no answer comes in
  // `patience`.
  template <typename T>
  Result<T> ask(std::function<void(Shard&, Now, std::function<void(Result<T>)>)> answer,
                std::chrono::seconds patience = std::chrono::seconds(10)) {
    auto result = await_answer<Result<T>>(
        [&](std::function<void(Result<T>)> reply) {
          const bool taken =
              inbox_->offer([reply, answer = std::move(answer)](Shard& shard, Now now) { answer(shard, now, reply); });
          if (!taken) reply(error(Errc::exhausted, "too many requests wait for the calls' thread: try again"));
        },
        patience);
    if (result) return *std::move(result);
    return error(Errc::unavailable, "the calls' thread has not answered in time; what was asked may still happen");
  }
  // The same for an answer that is there at once.
  template <typename T>
  Result<T> ask_now(std::function<Result<T>(Shard&, Now)> answer) {
    return ask<T>([answer = std::move(answer)](Shard& shard, Now now, const std::function<void(Result<T>)>& reply) {
      reply(answer(shard, now));
    });
  }

  void book(CallId call, std::vector<Booking> bookings, std::function<void(Result<void>, Now)> done) override;
  void erase(const LegErasure& erasure) override { erase_(erasure); }

 private:
  CatalogWriter& writer_;
  EraseLegs erase_;
  ShardInbox* inbox_ = nullptr;
};

}  // namespace assent
