#include "engine/processors/delivery_queue.h"

#include <set>

#include "catch.h"

namespace assent {
namespace {

constexpr MonoTime kMono{1000s};
constexpr WallTime kWall{1790000000s};
const TenantId kTenant = new_id<TenantId>(kWall);

DeliveryRow row_of(std::optional<CallId> call, std::optional<SubjectId> subject, std::string kind = "consent.granted") {
  DeliveryRow row;
  row.event = new_id<EventId>(kWall);
  row.processor = "stt";
  row.kind = std::move(kind);
  row.tenant = kTenant;
  row.call = call;
  row.subject = subject;
  row.created = row.queued = kWall;
  return row;
}

std::vector<EventId> all_that_go(DeliveryQueue& queue, MonoTime now = kMono) {
  std::vector<EventId> sent;
  while (const auto row = queue.next(now)) sent.push_back(row->event);
  return sent;
}

const DeliveryOutcome kTaken{DeliveryState::delivered, 1, {}};
const DeliveryOutcome kFailed{DeliveryState::pending, 1, "it answered 500"};

struct Two {
  CallId call = new_id<CallId>(kWall);
  CallId other = new_id<CallId>(kWall);
  SubjectId anna = new_id<SubjectId>(kWall);
  SubjectId bert = new_id<SubjectId>(kWall);
};

}  // namespace

TEST_CASE("events of one call go out one at a time, in order, and others beside them") {
  const Two two;
  const DeliveryRow granted = row_of(two.call, two.anna);
  const DeliveryRow withdrawn = row_of(two.call, two.anna, "consent.withdrawn");
  const DeliveryRow elsewhere = row_of(two.other, two.bert);
  DeliveryQueue queue{DeliveryLimits{}};
  queue.load({granted, withdrawn, elsewhere});
  CHECK(all_that_go(queue) == std::vector<EventId>{granted.event, elsewhere.event});
  CHECK_FALSE(queue.due());
  queue.answered(elsewhere.event, kTaken, kMono);
  CHECK(all_that_go(queue).empty());
  queue.answered(granted.event, kTaken, kMono);
  CHECK(all_that_go(queue) == std::vector<EventId>{withdrawn.event});
  queue.answered(withdrawn.event, kTaken, kMono);
  CHECK(queue.empty());
}

TEST_CASE("what failed holds back what comes after it, for its pause, and nothing else") {
  const Two two;
  const DeliveryRow granted = row_of(two.call, two.anna);
  const DeliveryRow withdrawn = row_of(two.call, two.anna, "consent.withdrawn");
  DeliveryQueue queue{DeliveryLimits{}};
  queue.load({granted, withdrawn});
  REQUIRE(all_that_go(queue).size() == 1);
  queue.answered(granted.event, kFailed, kMono + 2s);
  CHECK(queue.due() == kMono + 2s);
  CHECK(all_that_go(queue, kMono + 1999ms).empty());
  const DeliveryRow elsewhere = row_of(two.other, two.bert);
  queue.load({granted, withdrawn, elsewhere});
  CHECK(all_that_go(queue, kMono) == std::vector<EventId>{elsewhere.event});
  CHECK(all_that_go(queue, kMono + 2s) == std::vector<EventId>{granted.event});
}

TEST_CASE("the erasure of a person waits for what was said in their calls, and what is said later waits for it") {
  const Two two;
  const DeliveryRow in_one = row_of(two.call, two.anna);
  const DeliveryRow in_other = row_of(two.other, two.anna);
  const DeliveryRow erased = row_of({}, two.anna, "erasure.subject");
  const DeliveryRow after = row_of(new_id<CallId>(kWall), two.anna);
  DeliveryQueue queue{DeliveryLimits{}};
  queue.load({in_one, in_other, erased, after});
  CHECK(all_that_go(queue) == std::vector<EventId>{in_one.event});  // of one person, one at a time
  queue.answered(in_one.event, kTaken, kMono);
  CHECK(all_that_go(queue) == std::vector<EventId>{in_other.event});
  queue.answered(in_other.event, kTaken, kMono);
  CHECK(all_that_go(queue) == std::vector<EventId>{erased.event});
  queue.answered(erased.event, {DeliveryState::accepted, 1, {}}, kMono);
  CHECK(all_that_go(queue) == std::vector<EventId>{after.event});
}

TEST_CASE("the erasure of a tenant waits for everything of it, and for nothing of another") {
  const Two two;
  const DeliveryRow before = row_of(two.call, two.anna);
  const DeliveryRow erased = row_of({}, {}, "erasure.tenant");
  const DeliveryRow after = row_of(two.other, two.bert);
  DeliveryRow others = row_of(new_id<CallId>(kWall), new_id<SubjectId>(kWall));
  others.tenant = new_id<TenantId>(kWall);
  DeliveryQueue queue{DeliveryLimits{}};
  queue.load({before, erased, after, others});
  CHECK(all_that_go(queue) == std::vector<EventId>{before.event, others.event});
  queue.answered(before.event, kTaken, kMono);
  CHECK(all_that_go(queue) == std::vector<EventId>{erased.event});
  queue.answered(erased.event, {DeliveryState::confirmed, 1, {}}, kMono);
  CHECK(all_that_go(queue) == std::vector<EventId>{after.event});
}

TEST_CASE("what has been given up holds nobody back") {
  const Two two;
  const DeliveryRow granted = row_of(two.call, two.anna);
  const DeliveryRow withdrawn = row_of(two.call, two.anna, "consent.withdrawn");
  DeliveryQueue queue{DeliveryLimits{}};
  queue.load({granted, withdrawn});
  REQUIRE(all_that_go(queue).size() == 1);
  queue.answered(granted.event, {DeliveryState::dead, 30, "it answered 500"}, kMono);
  CHECK(all_that_go(queue) == std::vector<EventId>{withdrawn.event});
}

TEST_CASE("no more than a few requests are under way at once") {
  DeliveryQueue queue{DeliveryLimits{}};
  std::vector<DeliveryRow> rows;
  for (int i = 0; i < 20; ++i) rows.push_back(row_of(new_id<CallId>(kWall), new_id<SubjectId>(kWall)));
  queue.load(rows);
  CHECK(all_that_go(queue).size() == limits::kProcessorRequests);
  CHECK_FALSE(queue.due());
  queue.answered(rows.front().event, kTaken, kMono);
  CHECK(queue.due() == MonoTime::min());
  CHECK(all_that_go(queue).size() == 1);
}

TEST_CASE("what was settled elsewhere is not sent, and what is being sent is not sent twice") {
  const Two two;
  const DeliveryRow one = row_of(two.call, two.anna);
  const DeliveryRow other = row_of(two.other, two.bert);
  DeliveryQueue queue{DeliveryLimits{}};
  queue.load({one, other});
  REQUIRE(queue.next(kMono)->event == one.event);
  queue.load({one});  // the other was waived
  CHECK(all_that_go(queue).empty());
  queue.load({});  // this one was confirmed while it was on its way
  CHECK_FALSE(queue.empty());
  queue.answered(one.event, kFailed, kMono);
  queue.load({});
  CHECK(queue.empty());
}

TEST_CASE("who asks for another try means now") {
  const Two two;
  DeliveryRow row = row_of(two.call, two.anna);
  DeliveryQueue queue{DeliveryLimits{}};
  queue.load({row});
  REQUIRE(queue.next(kMono));
  queue.answered(row.event, kFailed, kMono + 1h);
  queue.load({row});
  CHECK(all_that_go(queue).empty());
  row.queued += 1min;
  queue.load({row});
  CHECK(all_that_go(queue).size() == 1);
}

TEST_CASE("pauses double up to the longest, and are spread over half of that") {
  const DeliveryLimits limits{1s, 2s, 1h};
  CHECK(pause_after(1, limits, 0) == 1s);
  CHECK(pause_after(1, limits, UINT32_MAX) == 2s);
  CHECK(pause_after(2, limits, UINT32_MAX) == 4s);
  CHECK(pause_after(12, limits, UINT32_MAX) == 1h);
  CHECK(pause_after(4000000000, limits, 0) == 30min);
  std::set<milliseconds> different;
  for (std::uint32_t random = 0; random < 100; ++random) different.insert(pause_after(5, limits, random * 40000000));
  CHECK(different.size() == 100);
}

TEST_CASE("a consent's change is taken by any 2xx") {
  const DeliveryRow row = row_of({}, {});
  for (const unsigned status : {200U, 201U, 202U, 204U, 299U}) {
    CHECK(outcome_of(row, {status, {}}, {}, kWall).state == DeliveryState::delivered);
  }
  for (const unsigned status : {100U, 301U, 400U, 410U, 500U}) {
    const auto outcome = outcome_of(row, {status, {}}, {}, kWall);
    CHECK(outcome.state == DeliveryState::pending);
    CHECK(outcome.attempts == 1);
    CHECK(outcome.error == "it answered " + std::to_string(status));
  }
  CHECK(outcome_of(row, {0, "timed out"}, {}, kWall).error == "timed out");
}

TEST_CASE("an erasure is confirmed by 200 and 204, accepted by 202, and by nothing else") {
  const DeliveryRow row = row_of({}, {}, "erasure.subject");
  CHECK(outcome_of(row, {200, {}}, {}, kWall).state == DeliveryState::confirmed);
  CHECK(outcome_of(row, {204, {}}, {}, kWall).state == DeliveryState::confirmed);
  CHECK(outcome_of(row, {202, {}}, {}, kWall).state == DeliveryState::accepted);
  for (const unsigned status : {201U, 203U, 206U, 302U, 404U, 500U}) {
    CHECK(outcome_of(row, {status, {}}, {}, kWall).state == DeliveryState::pending);
  }
}

TEST_CASE("after so many attempts, or so long, it is given up") {
  DeliveryRow row = row_of({}, {});
  DeliveryLimits limits;
  limits.attempts = 3;
  limits.give_up = 1h;
  row.attempts = 1;
  CHECK(outcome_of(row, {500, {}}, limits, kWall).state == DeliveryState::pending);
  row.attempts = 2;
  CHECK(outcome_of(row, {500, {}}, limits, kWall).state == DeliveryState::dead);
  row.attempts = 0;
  CHECK(outcome_of(row, {500, {}}, limits, kWall + 1h - 1ns).state == DeliveryState::pending);
  CHECK(outcome_of(row, {500, {}}, limits, kWall + 1h).state == DeliveryState::dead);
  CHECK(outcome_of(row, {200, {}}, limits, kWall + 2h).state == DeliveryState::delivered);
}

}  // namespace assent
