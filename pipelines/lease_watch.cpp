#include "pipelines/lease_watch.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "pipelines/quantity.h"

namespace assent {
namespace {

std::string text_of(nanoseconds time) { return duration_text(std::chrono::round<milliseconds>(time)); }

}  // namespace

LeaseWatch::LeaseWatch(CatalogWriter& writer, Tell tell) : writer_(writer), tell_(std::move(tell)) {
  thread_.emplace("lease", wake_, [this](MonoTime now) { return look(now); });
}

LeaseWatch::~LeaseWatch() {
  thread_.reset();
  if (lapsed_at_) end_lapse();
  // What was posted the writer has; it takes everything in order, so that all of it comes before the engine's end.
  const bool failed = recording_ != nullptr && recording_->state == Recording::State::failed;
  if (failed) untold_.insert(untold_.begin(), recording_->lapses.begin(), recording_->lapses.end());
  post_untold();
}

MonoTime LeaseWatch::look(MonoTime now) {
  const LedgerLease& lease = writer_.lease();
  const auto lapsed_at = lease.lapsed_at();
  if (lapsed_at && !lapsed_at_) {
    lapsed_at_ = lapsed_at;
    tell_of_lapse();
  }
  const bool is_over = lease.is_over(read_clocks());
  if (lapsed_at_ && !is_over) {
    const Lapse lapse = end_lapse();
    tell_("consent: the ledger answers; what was suspended is open again after " + text_of(lapse.to - lapse.from));
  }
  if (!is_over) put_on_record();
  return now + limits::kLeaseLook;
}

void LeaseWatch::tell_of_lapse() const {
  const auto trouble = writer_.trouble();
  tell_("consent: the ledger has not answered for " + text_of(writer_.lease().length()) +
        " (consent.lease): open gates are suspended, and nothing more is recorded until it does" +
        (trouble ? "; catalog: " + trouble->what : ""));
}

LeaseWatch::Lapse LeaseWatch::end_lapse() {
  const Lapse lapse{*std::exchange(lapsed_at_, std::nullopt), read_clocks().wall};
  writer_.lease().end_lapse();
  if (untold_.size() < limits::kUntoldLapses) {
    untold_.push_back(lapse);
  } else {
    untold_.back().to = lapse.to;
  }
  return lapse;
}

void LeaseWatch::put_on_record() {
  if (recording_ != nullptr) {
    const auto state = recording_->state.load();
    if (state == Recording::State::under_way) return;
    if (state == Recording::State::failed) {
      untold_.insert(untold_.begin(), recording_->lapses.begin(), recording_->lapses.end());
    }
    recording_.reset();
  }
  post_untold();
}

void LeaseWatch::post_untold() {
  if (untold_.empty()) return;
  std::vector<Booking> bookings;
  for (const Lapse& lapse : untold_) {
    const nlohmann::json body{{"from", to_rfc3339(lapse.from)}, {"gates", "suspended"}, {"to", to_rfc3339(lapse.to)}};
    bookings.emplace_back(booking::AddLedger{{LedgerKind::gate, lapse.to, std::nullopt, body.dump()}});
  }
  auto recording = std::make_shared<Recording>();
  recording->lapses = untold_;
  const auto posted = writer_.post(std::move(bookings), [recording](const Result<void>& done) {
    recording->state = done ? Recording::State::done : Recording::State::failed;
  });
  if (!posted) return;  // with the next look
  untold_.clear();
  recording_ = std::move(recording);
}

}  // namespace assent
