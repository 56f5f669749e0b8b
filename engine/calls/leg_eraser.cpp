#include "engine/calls/leg_eraser.h"

#include <algorithm>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/limits.h"
#include "engine/catalog/erasure_record.h"
#include "engine/catalog/forget_patiently.h"
#include "engine/catalog/leg_erasure.h"

namespace assent {
namespace {

constexpr std::chrono::seconds kPatience(30);
// Erasures that are taken together: who withdraws meanwhile waits for no more than these, some hundreds of objects.
constexpr std::size_t kTogether = 16;

// What other threads answer to several questions that were asked before the first answer is waited for.
class Answers {
 public:
  // To be called once, on any thread; it may outlive this.
  std::function<void(const Result<void>&)> another() {
    auto promise = std::make_shared<std::promise<Result<void>>>();
    futures_.push_back(promise->get_future());
    return [promise](const Result<void>& answer) { promise->set_value(answer); };
  }
  // One that is an error, from who always answers in the end. The last is waited for first: mostly the others have come
  // by then, and nobody was woken for each of them.
  Result<void> wait() {
    Result<void> all;
    for (auto future = futures_.rbegin(); future != futures_.rend(); ++future) {
      if (auto answer = future->get(); !answer) all = answer;
    }
    return all;
  }
  // Errc::unavailable: one does not come.
  Result<void> wait(const char* what) {
    for (auto future = futures_.rbegin(); future != futures_.rend(); ++future) {
      if (future->wait_for(kPatience) == std::future_status::ready) continue;
      return error(Errc::unavailable, std::string(what) + " takes longer than it should");
    }
    return wait();
  }

 private:
  std::vector<std::future<Result<void>>> futures_;
};

}  // namespace

struct LegEraser::Step {
  LegErasure erasure;
  std::vector<SegmentRow> stored = {};
  std::vector<ErasureConfirmation> confirmed = {};
  Result<void> outcome = {};
};

LegEraser::LegEraser(Parts parts) : parts_(std::move(parts)), thread_([this] { run(); }) {}

LegEraser::~LegEraser() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void LegEraser::request(const LegErasure& erasure) {
  {
    const std::lock_guard lock(mutex_);
    if (!known_.insert(erasure.id).second) return;
    waiting_.push_back(erasure);
    under_way_.insert(erasure.call);
  }
  changed_.notify_all();
}

Result<void> LegEraser::resume() {
  const auto rows = parts_.catalog.unfinished_erasures();
  if (!rows) return rows.error();
  for (const ErasureRow& row : *rows) {
    const auto call = parse_id<CallId>(row.target_id);
    if (row.target_kind == kLegErasureKind && call) request({row.id, *call, {}});
  }
  return {};
}

Result<void> LegEraser::wait_for(CallId call, std::chrono::seconds patience) {
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, patience, [&] { return !under_way_.contains(call); })) return {};
  return error(Errc::unavailable,
               "the keys are destroyed and nothing can be heard any more; removing what was stored goes on");
}

void LegEraser::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    std::vector<Step> steps;
    for (; !waiting_.empty() && steps.size() < kTogether; waiting_.pop_front()) {
      steps.push_back({std::move(waiting_.front())});
    }
    std::vector<std::pair<ErasureId, CallId>> taken;
    for (const Step& step : steps) taken.emplace_back(step.erasure.id, step.erasure.call);
    lock.unlock();
    carry_out(steps);
    for (const Step& step : steps) {
      if (step.outcome) continue;
      parts_.report("the erasure " + to_text(step.erasure.id) +
                    " is not done, and is taken up again at the next start: " + step.outcome.error().what);
    }
    lock.lock();
    for (const auto& [erasure, call] : taken) {
      under_way_.erase(under_way_.find(call));
      known_.erase(erasure);
    }
    changed_.notify_all();
  }
}

// One that fails leaves the others be.
void LegEraser::carry_out(std::vector<Step>& steps) {
  drop_held(steps);
  for (Step& step : steps) {
    let_through(step.erasure.segments);
    auto stored = segments_to_remove(step.erasure);
    if (!stored) {
      step.outcome = stored.error();
      continue;
    }
    step.stored = *std::move(stored);
  }
  // The keys of all of them were destroyed before this was asked for.
  const auto forgotten = forget_patiently(parts_.writer);
  const WallTime forgotten_at = read_clocks().wall;
  std::vector<std::pair<Step*, Answers>> posted;
  std::size_t waiting = 0;
  const auto wait_for_posted = [&] {
    for (auto& [step, answers] : posted) step->outcome = answers.wait();
    posted.clear();
    waiting = 0;
  };
  for (Step& step : steps) {
    if (step.outcome) step.outcome = forgotten;
    if (step.outcome) step.confirmed.push_back({"catalog", forgotten_at});
    if (step.outcome) step.outcome = remove(step);
    if (!step.outcome) continue;
    auto bookings = done_bookings(step);
    if (!bookings) {
      step.outcome = bookings.error();
      continue;
    }
    waiting += bookings->size();
    Answers answers;
    step.outcome = parts_.writer.post(*std::move(bookings), answers.another());
    if (step.outcome) posted.emplace_back(&step, std::move(answers));
    if (waiting >= limits::kErasureBookings) wait_for_posted();
  }
  wait_for_posted();
}

// A hold came before the withdrawal: the keys are there, and the erasure waits.
void LegEraser::drop_held(std::vector<Step>& steps) {
  std::erase_if(steps, [this](const Step& step) {
    const auto row = parts_.catalog.erasure(step.erasure.id);
    return row && *row && (*row)->held;
  });
}

// The stored segments of the call's legs whose keys are gone; drops what is still opened of these keys.
Result<std::vector<SegmentRow>> LegEraser::segments_to_remove(const LegErasure& erasure) {
  const auto legs = parts_.catalog.legs(erasure.call);
  if (!legs) return legs.error();
  std::set<LegId> gone;
  for (const LegRow& leg : *legs) {
    const auto key = parts_.catalog.key(leg.key);
    if (!key) return key.error();
    if (*key) continue;
    parts_.keys.evict(leg.key);
    gone.insert(leg.id);
  }
  std::vector<SegmentRow> found;
  const auto recording = parts_.catalog.recording_of(erasure.call);
  if (!recording) return recording.error();
  if (!*recording) return found;
  auto segments = parts_.catalog.segments((*recording)->id);
  if (!segments) return segments.error();
  std::copy_if(segments->begin(), segments->end(), std::back_inserter(found),
               [&](const SegmentRow& row) { return gone.contains(row.leg); });
  return found;
}

// What is on its way from the seal queue to the store is let through, so that it is known where it lies. That it may
// not arrive whole does not matter any more.
void LegEraser::let_through(const std::vector<SegmentId>& segments) {
  Answers answers;
  for (const ShardStorage& shard : parts_.shards) shard.settler.when_settled(segments, answers.another());
  (void)answers.wait("settling");
}

Result<void> LegEraser::remove(Step& step) {
  std::vector<SegmentId> segments = step.erasure.segments;
  std::vector<std::string> objects;
  for (const SegmentRow& row : step.stored) {
    segments.push_back(row.id);
    objects.push_back(row.object);
  }
  if (auto punched = punch(segments); !punched) return punched;
  step.confirmed.push_back({"journal", read_clocks().wall});
  if (auto removed = parts_.store.remove_all(objects); !removed) return removed;
  step.confirmed.push_back({"store", read_clocks().wall});
  return {};
}

Result<void> LegEraser::punch(const std::vector<SegmentId>& segments) {
  Answers answers;
  for (const SegmentId segment : segments) {
    for (const ShardStorage& shard : parts_.shards) shard.journal.punch(segment, answers.another());
  }
  return answers.wait("punching the journal");
}

// In the transaction in which the segments go, so that how many they were is known whenever the engine dies.
Result<std::vector<Booking>> LegEraser::done_bookings(const Step& step) {
  const WallTime now = read_clocks().wall;
  const std::size_t objects = step.stored.size();
  const auto row = parts_.catalog.erasure(step.erasure.id);
  if (!row) return row.error();
  if (!*row) return error(Errc::not_found, "the erasure is not on record");
  ErasureClosing closing{**row, step.erasure.call, step.confirmed, objects};
  auto steps = nlohmann::json::parse(closing.row.steps_json, nullptr, false);
  if (!steps.is_array()) steps = nlohmann::json::array();
  steps.push_back(
      {{"at", to_rfc3339(now)}, {"step", "objects"}, {"what", std::to_string(objects) + " objects removed"}});
  closing.row.steps_json = steps.dump();
  closing.row.done = now;
  std::vector<Booking> bookings;
  for (const SegmentRow& each : step.stored) bookings.emplace_back(booking::RemoveSegment{each.id});
  if (auto ended = close_erasure(parts_.catalog, closing, bookings); !ended) return ended.error();
  return bookings;
}

}  // namespace assent
