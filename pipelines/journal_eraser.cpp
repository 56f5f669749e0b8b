#include "pipelines/journal_eraser.h"

#include <chrono>
#include <future>
#include <memory>

namespace assent {
namespace {

constexpr std::chrono::seconds kPatience(30);

template <typename T>
std::optional<T> wait_for(std::future<T>& answer) {
  if (answer.wait_for(kPatience) != std::future_status::ready) return std::nullopt;
  return answer.get();
}

Error too_slow(const char* what) {
  return error(Errc::unavailable,
               std::string(what) + " takes longer than it should: the erasure goes on at the next start");
}

}  // namespace

Result<void> EngineJournalEraser::erase(RecordingId recording, std::span<const SegmentId> stored) {
  auto dropped = std::make_shared<std::promise<std::vector<SegmentId>>>();
  auto dropping = dropped->get_future();
  settler_.drop(recording, [dropped](std::vector<SegmentId> segments) { dropped->set_value(std::move(segments)); });
  auto segments = wait_for(dropping);
  if (!segments) return too_slow("dropping what was not stored yet");

  segments->insert(segments->end(), stored.begin(), stored.end());
  for (const SegmentId segment : *segments) {
    auto punched = std::make_shared<std::promise<Result<void>>>();
    auto punching = punched->get_future();
    journal_.punch(segment, [punched](Result<void> result) { punched->set_value(std::move(result)); });
    auto result = wait_for(punching);
    if (!result) return too_slow("punching the journal");
    if (!*result) return *result;
  }
  return {};
}

}  // namespace assent
