#include "engine/processors/delivery_queue.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "engine/catalog/processor_event.h"

namespace assent {
namespace {

// What a row must wait for: earlier ones of its call, its person, and of its tenant where that is erased.
class Earlier {
 public:
  bool holds_back(const DeliveryRow& row) const {
    if (row.call && calls_.contains(*row.call)) return true;
    if (row.subject && subjects_.contains(*row.subject)) return true;
    return is_of_tenant(row) ? tenants_.contains(row.tenant) : erased_tenants_.contains(row.tenant);
  }
  void add(const DeliveryRow& row) {
    if (row.call) calls_.insert(*row.call);
    if (row.subject) subjects_.insert(*row.subject);
    tenants_.insert(row.tenant);
    if (is_of_tenant(row)) erased_tenants_.insert(row.tenant);
  }

 private:
  static bool is_of_tenant(const DeliveryRow& row) { return !row.call && !row.subject; }

  std::set<CallId> calls_;
  std::set<SubjectId> subjects_;
  std::set<TenantId> tenants_;
  std::set<TenantId> erased_tenants_;
};

bool is_taken(const DeliveryRow& row, unsigned status, DeliveryState& state) {
  if (!is_erasure(row.kind)) {
    state = DeliveryState::delivered;
    return status / 100 == 2;
  }
  state = status == 202 ? DeliveryState::accepted : DeliveryState::confirmed;
  return status == 200 || status == 202 || status == 204;
}

}  // namespace

milliseconds pause_after(std::uint32_t attempts, const DeliveryLimits& limits, std::uint32_t random) {
  milliseconds pause = limits.retry_first;
  for (std::uint32_t i = 1; i < attempts && pause < limits.retry_longest; ++i) pause *= 2;
  pause = std::min(pause, limits.retry_longest);
  const milliseconds half = pause / 2;
  return half + milliseconds(static_cast<std::int64_t>(random) * (pause - half).count() / UINT32_MAX);
}

DeliveryOutcome outcome_of(const DeliveryRow& row, const DeliveryAnswer& answer, const DeliveryLimits& limits,
                           WallTime now) {
  DeliveryOutcome outcome{DeliveryState::pending, row.attempts + 1, {}};
  if (answer.status != 0 && is_taken(row, answer.status, outcome.state)) return outcome;
  outcome.error = answer.status == 0 ? answer.trouble : "it answered " + std::to_string(answer.status);
  const bool given_up = outcome.attempts >= limits.attempts || now - row.queued >= limits.give_up;
  outcome.state = given_up ? DeliveryState::dead : DeliveryState::pending;
  return outcome;
}

void DeliveryQueue::load(std::vector<DeliveryRow> pending) {
  std::vector<Entry> entries;
  std::set<EventId> listed;
  std::map<EventId, const Entry*> before;
  for (const Entry& entry : entries_) before[entry.row.event] = &entry;
  for (DeliveryRow& row : pending) {
    listed.insert(row.event);
    const auto known = before.find(row.event);
    Entry entry{std::move(row), MonoTime::min(), false};
    if (known != before.end()) {
      // Who asked for another try means now.
      if (entry.row.queued == known->second->row.queued) entry.from = known->second->from;
      entry.under_way = known->second->under_way;
    }
    entries.push_back(std::move(entry));
  }
  // What is being sent and not pending any more was settled meanwhile; its answer is still to come.
  std::vector<Entry> all;
  for (Entry& entry : entries_) {
    if (entry.under_way && !listed.contains(entry.row.event)) all.push_back(std::move(entry));
  }
  std::move(entries.begin(), entries.end(), std::back_inserter(all));
  entries_ = std::move(all);
}

std::optional<DeliveryRow> DeliveryQueue::next(MonoTime now) {
  if (under_way() >= limits::kProcessorRequests) return std::nullopt;
  Earlier earlier;
  for (Entry& entry : entries_) {
    if (!entry.under_way && entry.from <= now && !earlier.holds_back(entry.row)) {
      entry.under_way = true;
      return entry.row;
    }
    earlier.add(entry.row);
  }
  return std::nullopt;
}

void DeliveryQueue::answered(EventId event, const DeliveryOutcome& outcome, MonoTime again) {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.row.event == event; });
  if (found == entries_.end()) return;
  if (outcome.state != DeliveryState::pending) {
    entries_.erase(found);
    return;
  }
  found->under_way = false;
  found->from = again;
  found->row.attempts = outcome.attempts;
}

std::optional<MonoTime> DeliveryQueue::due() const {
  if (under_way() >= limits::kProcessorRequests) return std::nullopt;
  std::optional<MonoTime> due;
  Earlier earlier;
  for (const Entry& entry : entries_) {
    if (!entry.under_way && !earlier.holds_back(entry.row) && (!due || entry.from < *due)) due = entry.from;
    earlier.add(entry.row);
  }
  return due;
}

std::size_t DeliveryQueue::under_way() const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.under_way; }));
}

}  // namespace assent
