#include "pipelines/shard_unit.h"

#include <utility>

namespace assent {

// The settler's and the journal's side of a segment's life, as the shard tells it.
class ShardUnit::SettlerFeed final : public SegmentObserver {
 public:
  explicit SettlerFeed(Settler& settler) : settler_(settler) {}
  void segment_opened(const SegmentOpened& segment) override {
    settler_.register_segment({segment.id, segment.owner.recording, segment.owner.call, segment.owner.leg,
                               segment.number, segment.started, segment.use});
  }
  void segment_closed(SegmentId segment, WallTime ended) override { settler_.set_ended(segment, ended); }

 private:
  Settler& settler_;
};

ShardUnit::ShardUnit(const Parts& parts, Own&& own)
    : parts_(parts), share_(own.share), blocks_(std::move(own.arena)), pages_(own.share.sealed_pages) {}

ShardUnit::~ShardUnit() = default;

Result<std::unique_ptr<ShardUnit>> ShardUnit::start(const Parts& parts, Own own) {
  const JournalStart begin = own.journal;
  std::unique_ptr<ShardUnit> unit(new ShardUnit(parts, std::move(own)));
  if (auto started = unit->start_storage(begin); !started) return started.error();
  if (auto started = unit->start_calls(); !started) return started.error();
  return unit;
}

std::string ShardUnit::thread_name(const char* what) const {
  return what + std::string("-") + std::to_string(share_.id.value);
}

Result<void> ShardUnit::start_storage(JournalStart begin) {
  JournalOptions options;
  options.folder = parts_.journal_folder;
  options.shard = share_.id;
  options.first_file = begin.file;
  options.first_batch = begin.batch;
  options.file_bytes = parts_.settings.journal.file_bytes;
  options.commit_interval = parts_.settings.journal.commit_interval;
  options.queue_pages = share_.sealed_pages;
  const JournalListener listener{[this](std::span<const DurablePage> durable) { settler_->on_durable(durable); },
                                 [this](std::span<const SegmentId> touched) { settler_->on_quarantine(touched); }};
  auto created = JournalWriter::create(parts_.disk, options, listener);
  if (!created) return created.error();
  journal_ = std::move(*created);
  reader_.emplace(parts_.disk, parts_.journal_folder, share_.id);
  settler_.emplace(
      SettlerParts{parts_.store,
                   *reader_,
                   [this](std::vector<Booking> bookings) { return parts_.writer.book_and_wait(std::move(bookings)); },
                   [this](SegmentId segment) { journal_->release(segment); },
                   [this] { journal_->flush(); },
                   parts_.leg_keys,
                   {},
                   {},
                   [this] {
                     if (parts_.overload.storing_stops()) return SettlePace::not_at_all;
                     return parts_.overload.settling_waits() ? SettlePace::giving_way : SettlePace::freely;
                   },
                   read_mono});
  feed_ = std::make_unique<SettlerFeed>(*settler_);
  settler_thread_.emplace(thread_name("settler"), settler_->wake(), [this, begun = false](MonoTime now) mutable {
    if (!std::exchange(begun, true)) run_behind_others();
    return settler_->step(now);
  });
  journal_thread_.emplace(thread_name("journal"), journal_->wake(),
                          [this](MonoTime now) { return journal_->step(now); });
  return {};
}

Result<void> ShardUnit::start_calls() {
  const PipelineSettings& settings = parts_.settings;
  seal_queue_.emplace(blocks_);
  sealer_.emplace(
      *seal_queue_, pages_, [this](std::span<SealedPage> pages) { ASSENT_CHECK(journal_->queue().push(pages)); },
      Sealer::Settings{settings.seal.workers});
  auto ports = PortRange::create(share_.rtp_ports);
  if (!ports) return ports.error();
  auto opened = parts_.sources.source(share_.id.value, std::move(*ports), blocks_);
  if (!opened) return opened.error();
  source_ = std::move(*opened);
  auto srtp = make_srtp_engine(srtp_means_here(), share_.calls * settings.capacity.legs_per_call, blocks_.backing());
  if (!srtp) return srtp.error();
  srtp_ = std::move(*srtp);

  link_.emplace(parts_.writer, parts_.erase);
  shard_.emplace(
      Shard::Parts{blocks_, *seal_queue_, *sealer_, *feed_, *source_, *srtp_, *link_, parts_.purposes,
                   parts_.writer.lease(), [this](FinishedCall call) { parts_.abandoned(share_.id, std::move(call)); },
                   read_mono, parts_.handshake},
      Shard::Settings{settings.media.rtcp, settings.media.reorder_window, settings.media.idle_timeout,
                      settings.seal.max_delay, settings.seal.segment_time, share_.calls, settings.media.inband_dtmf});
  shard_->inbox().wake_with(shard_wake_);
  link_->connect(shard_->inbox());
  const auto sweep = [this](MonoTime) {
    const Now now = read_clocks();
    shard_->step(now);
    return now.mono + parts_.settings.media.sweep;
  };
  shard_thread_.emplace(thread_name("shard"), shard_wake_, sweep, share_.cpu);
  return {};
}

void ShardUnit::limit_hold(nanoseconds most) {
  shard_->inbox().deliver([most](Shard& shard, Now) { shard.limit_hold(most); });
}

void ShardUnit::end_calls(LiveCall::Ending how) {
  shard_->inbox().deliver([how](Shard& shard, Now now) { shard.end_all(how, now); });
}

bool ShardUnit::is_idle() {
  const auto idle = link_->ask_now<bool>([](Shard& shard, Now) -> Result<bool> { return shard.is_idle(); });
  return idle && *idle;
}

void ShardUnit::stop_calls() {
  shard_thread_.reset();
  sealer_.reset();
}

void ShardUnit::stop_storage() {
  settler_thread_.reset();
  journal_thread_.reset();
}

}  // namespace assent
