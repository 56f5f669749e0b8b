#include "engine/control/processor_desk.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "engine/catalog/processor_event.h"

namespace assent {
namespace {

Error no_such_processor() { return error(Errc::not_found, "there is no processor of this name"); }

template <typename Counted>
void add(Counted& counted, const DeliveryCount& count) {
  if (count.state == DeliveryState::pending) counted.pending += count.count;
  if (count.state == DeliveryState::accepted) counted.accepted += count.count;
  if (count.state == DeliveryState::dead) counted.dead += count.count;
}

}  // namespace

Result<std::vector<ProcessorView>> ProcessorDesk::list() {
  auto rows = parts_.catalog.processors();
  if (!rows) return rows.error();
  const auto counts = parts_.catalog.delivery_counts();
  if (!counts) return counts.error();
  std::vector<ProcessorView> views;
  for (ProcessorRow& row : *rows) {
    ProcessorView view;
    view.row = std::move(row);
    for (const DeliveryCount& count : *counts) {
      if (count.processor != view.row.name) continue;
      add(view, count);
      view.oldest = std::min(view.oldest.value_or(count.oldest), count.oldest);
    }
    auto dead = parts_.catalog.deliveries(view.row.name, DeliveryState::dead, limits::kDeadLettersShown);
    if (!dead) return dead.error();
    view.dead_letters = *std::move(dead);
    const auto pending = parts_.catalog.deliveries(view.row.name, DeliveryState::pending, limits::kDeadLettersShown);
    if (!pending) return pending.error();
    const std::vector<DeliveryRow>& dead_letters = view.dead_letters;
    for (const auto* open : {&dead_letters, &*pending}) {
      for (const DeliveryRow& one : *open) {
        if (!one.tried || one.last_error.empty()) continue;
        if (!view.last_failed || *one.tried > *view.last_failed->tried) view.last_failed = one;
      }
    }
    views.push_back(std::move(view));
  }
  return views;
}

Result<ProcessorView> ProcessorDesk::show(const std::string& name) {
  auto views = list();
  if (!views) return views.error();
  for (ProcessorView& view : *views) {
    if (view.row.name == name) return std::move(view);
  }
  return no_such_processor();
}

Result<ProcessorView> ProcessorDesk::retry(const std::string& name) {
  if (auto there = show(name); !there) return there;
  const WallTime now = parts_.clock().wall;
  if (auto booked = parts_.writer.book_and_wait({booking::RetryDeliveries{name, now}}); !booked) return booked.error();
  return show(name);
}

Result<ProcessorView> ProcessorDesk::waive(const std::string& name, const WaiveSpec& spec, const Caller& caller) {
  if (auto there = show(name); !there) return there;
  const WallTime now = parts_.clock().wall;
  auto booked = parts_.writer.book_and_wait(
      {booking::WaiveDeliveries{name, spec.erasure, spec.reason, "token:" + caller.token_id, now}});
  if (!booked) return booked.error();
  return show(name);
}

Result<DeliveryRow> ProcessorDesk::confirm(const std::string& name, EventId event) {
  auto row = parts_.catalog.delivery(name, event);
  if (!row) return row.error();
  if (!*row) return error(Errc::not_found, "this processor has been told of no event of this id");
  if (!is_erasure((*row)->kind)) {
    return error(Errc::conflict, "the event tells of a consent: answering it is all that is asked");
  }
  if (is_settled((*row)->state)) return **row;
  const WallTime now = parts_.clock().wall;
  auto booked = parts_.writer.book_and_wait({booking::NoteDelivery{event, name, DeliveryState::confirmed, now, 0, {}}});
  if (!booked) return booked.error();
  row = parts_.catalog.delivery(name, event);
  if (!row) return row.error();
  if (!*row) return error(Errc::corrupt, "what was just confirmed is not on record");
  return **row;
}

Result<VerifiedSignal, Problem> ProcessorDesk::verify(const std::string& name, const HttpRequest& request) {
  return parts_.keys.verify(name, request, parts_.clock().wall);
}

// One that cannot be read is left out, as of shards that do not answer.
std::vector<ProcessorCounters> ProcessorDesk::counters() {
  const auto rows = parts_.catalog.processors();
  const auto counts = parts_.catalog.delivery_counts();
  std::vector<ProcessorCounters> all;
  if (!rows || !counts) return all;
  const auto since_start = parts_.counts();
  const WallTime now = parts_.clock().wall;
  for (const ProcessorRow& row : *rows) {
    ProcessorCounters one;
    one.processor = row.name;
    for (const DeliveryCount& count : *counts) {
      if (count.processor != row.name) continue;
      add(one, count);
      one.oldest_seconds = std::max(one.oldest_seconds, std::chrono::duration<double>(now - count.oldest).count());
    }
    for (const DeliveryCounts& counted : since_start) {
      if (counted.processor == row.name) one.since_start = counted;
    }
    const bool is_gone = row.removed && one.pending + one.accepted + one.dead == 0;
    if (!is_gone) all.push_back(std::move(one));
  }
  return all;
}

std::string trouble_of(const DeliveryRow& row, const ProcessorRow* processor) {
  if (is_settled(row.state)) return {};
  if (processor != nullptr && processor->removed) {
    return "it is not in the pipeline file any more: put it back, or waive what it has not confirmed";
  }
  if (row.state == DeliveryState::accepted) return "it has accepted the erasure, and not confirmed it yet";
  if (row.last_error.empty()) return "it has not been told yet";
  return row.last_error;
}

}  // namespace assent
