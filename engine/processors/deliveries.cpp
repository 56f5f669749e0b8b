#include "engine/processors/deliveries.h"

#include <pthread.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "crypto/random.h"
#include "engine/catalog/erasure_record.h"

namespace assent {
namespace {

// Of its time at most one part in so many goes into looking at what waits, however much that is.
constexpr int kLookShare = 10;

std::uint32_t random_number() {
  const auto bytes = random_32();
  std::uint32_t number = 0;
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

}  // namespace

Deliveries::Deliveries(Parts parts, std::vector<DeliveryTarget> targets)
    : parts_(std::move(parts)), new_targets_(std::move(targets)), thread_([this] { run(); }) {}

Deliveries::~Deliveries() {
  stopping_.store(true, std::memory_order_release);
  poster_.wake();
  thread_.join();
}

void Deliveries::set_targets(std::vector<DeliveryTarget> targets) {
  {
    const std::lock_guard lock(mutex_);
    new_targets_ = std::move(targets);
  }
  poster_.wake();
}

std::vector<DeliveryCounts> Deliveries::counts() const {
  const std::lock_guard lock(mutex_);
  std::vector<DeliveryCounts> all;
  for (const auto& [name, counts] : counts_) all.push_back(counts);
  return all;
}

// ---- the thread ---------------------------------------------------------------------------------------------------

void Deliveries::run() {
  pthread_setname_np(pthread_self(), "assent-deliver");
  std::optional<std::uint64_t> seen;
  MonoTime look_from = MonoTime::min();
  bool is_whole = false;  // else it is tried again at the next relook
  while (!stopping_.load(std::memory_order_acquire)) {
    take_targets();
    const MonoTime now = parts_.clock().mono;
    const std::uint64_t version = parts_.outbox_version();
    const bool is_relook = now >= relook_;
    if (is_relook) {
      relook_ = now + limits::kDeliveryRelook;
      give_up_overdue();
    }
    if (now >= look_from && (seen != version || (is_relook && !is_whole))) {
      seen = version;
      const bool loaded = load();
      is_whole = complete_erasures() && loaded;
      const MonoTime looked = parts_.clock().mono;
      look_from = looked + kLookShare * (looked - now);
    }
    send();
    const auto answers = poster_.wait(patience(parts_.clock().mono));
    if (!answers.empty()) note(answers);
  }
}

void Deliveries::take_targets() {
  std::optional<std::vector<DeliveryTarget>> fresh;
  {
    const std::lock_guard lock(mutex_);
    fresh = std::exchange(new_targets_, std::nullopt);
    if (!fresh) return;
    for (const DeliveryTarget& target : *fresh) counts_[target.name].processor = target.name;
  }
  targets_.clear();
  for (DeliveryTarget& target : *fresh) {
    const auto [queue, is_new] = queues_.try_emplace(target.name, target.limits);
    if (!is_new) queue->second.set_limits(target.limits);
    const std::string name = target.name;
    targets_.emplace(name, std::move(target));
  }
  std::erase_if(queues_, [this](const auto& queue) { return !targets_.contains(queue.first); });
  (void)load();
}

bool Deliveries::load() {
  bool loaded = true;
  for (auto& [name, queue] : queues_) {
    auto rows = parts_.catalog.deliveries(name, DeliveryState::pending, limits::kDeliveryWindow);
    loaded = loaded && rows;
    if (rows) queue.load(*std::move(rows));
  }
  return loaded;
}

// A processor that took an erasure and says nothing more is an operator's concern.
void Deliveries::give_up_overdue() {
  std::vector<Booking> bookings;
  const WallTime now = parts_.clock().wall;
  for (const auto& [name, queue] : queues_) {
    const auto rows = parts_.catalog.deliveries(name, DeliveryState::accepted, limits::kDeliveryWindow);
    if (!rows) continue;
    for (const DeliveryRow& row : *rows) {
      if (now - row.tried.value_or(row.created) < queue.limits().confirm) continue;
      bookings.emplace_back(booking::NoteDelivery{row.event, name, DeliveryState::dead, now, row.attempts,
                                                  "it accepted the erasure, and has not confirmed it"});
      count(name, {DeliveryState::dead, row.attempts, {}});
    }
  }
  if (!bookings.empty()) (void)parts_.writer.book_and_wait(std::move(bookings));
}

void Deliveries::send() {
  const Now now = parts_.clock();
  for (auto& [name, queue] : queues_) {
    const DeliveryTarget& target = targets_.at(name);
    while (auto row = queue.next(now.mono)) {
      const std::uint64_t number = next_number_++;
      HttpPost post{number, target.url, {}, row->body_json, target.limits.timeout};
      const auto signature = parts_.sign(name, row->body_json, now.wall);
      if (signature) {
        post.headers = {"Content-Type: application/json", "User-Agent: assent",
                        "Expect:", "Assent-Event: " + to_text(row->event), "Assent-Signature: " + *signature};
      }
      under_way_[number] = {name, *std::move(row)};
      if (signature) {
        poster_.start(std::move(post));
      } else {
        note({{number, 0, "there is no secret to sign with"}});
      }
    }
  }
}

void Deliveries::note(const std::vector<HttpAnswer>& answers) {
  const Now now = parts_.clock();
  std::vector<Booking> bookings;
  std::vector<std::pair<Sent, DeliveryOutcome>> outcomes;
  for (const HttpAnswer& answer : answers) {
    const auto found = under_way_.find(answer.number);
    if (found == under_way_.end()) continue;
    Sent sent = std::move(found->second);
    under_way_.erase(found);
    const auto target = targets_.find(sent.processor);
    const DeliveryLimits limits = target == targets_.end() ? DeliveryLimits{} : target->second.limits;
    DeliveryOutcome outcome = outcome_of(sent.row, {answer.status, answer.trouble}, limits, now.wall);
    bookings.emplace_back(booking::NoteDelivery{sent.row.event, sent.processor, outcome.state, now.wall,
                                                outcome.attempts, outcome.error});
    outcomes.emplace_back(std::move(sent), std::move(outcome));
  }
  const auto booked = parts_.writer.book_and_wait(std::move(bookings));
  for (auto& [sent, outcome] : outcomes) {
    const auto queue = queues_.find(sent.processor);
    // What is not on record did not happen: it is sent again.
    if (!booked) outcome = {DeliveryState::pending, sent.row.attempts, outcome.error};
    if (booked) count(sent.processor, outcome);
    if (outcome.state == DeliveryState::dead) {
      parts_.report("the processor " + sent.processor + " could not be told of " + sent.row.kind + " (event " +
                    to_text(sent.row.event) + ") in " + std::to_string(outcome.attempts) +
                    " attempts: " + outcome.error + "; `assent processors` shows what is open, and tries again");
    }
    if (queue == queues_.end()) continue;
    const milliseconds pause = pause_after(outcome.attempts, queue->second.limits(), random_number());
    queue->second.answered(sent.row.event, outcome, now.mono + pause);
  }
}

bool Deliveries::complete_erasures() {
  const auto waiting = parts_.catalog.waiting_erasures();
  if (!waiting) return false;
  bool is_whole = true;
  for (const ErasureRow& row : *waiting) {
    std::vector<Booking> bookings;
    const auto closed = complete_erasure(parts_.catalog, row, parts_.clock().wall, bookings);
    if (closed && !*closed) continue;
    const auto booked = closed ? parts_.writer.book_and_wait(std::move(bookings)) : Result<void>(closed.error());
    if (!booked) {
      is_whole = false;
      parts_.report("the erasure " + to_text(row.id) +
                    " could not be closed, and is tried again: " + booked.error().what);
    }
  }
  return is_whole;
}

void Deliveries::count(const std::string& processor, const DeliveryOutcome& outcome) {
  const std::lock_guard lock(mutex_);
  DeliveryCounts& counts = counts_[processor];
  counts.processor = processor;
  if (!outcome.error.empty()) ++counts.failed;
  if (outcome.state == DeliveryState::dead) ++counts.dead;
  if (outcome.state != DeliveryState::dead && outcome.state != DeliveryState::pending) ++counts.delivered;
}

// Without a processor only what an operator does can change anything.
milliseconds Deliveries::patience(MonoTime now) const {
  nanoseconds most = queues_.empty() ? nanoseconds(limits::kDeliveryRelook) : nanoseconds(limits::kDeliveryLook);
  for (const auto& [name, queue] : queues_) {
    if (const auto due = queue.due()) most = std::min(most, std::max(*due - now, nanoseconds(0)));
  }
  return std::chrono::ceil<milliseconds>(most);
}

}  // namespace assent
