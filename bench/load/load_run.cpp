#include "bench/load/load_run.h"

#include <thread>

#include "bench/load/recording_match.h"

namespace assent::load {
namespace {

double seconds_since(MonoTime start) { return std::chrono::duration<double>(read_mono() - start).count(); }

ProcessUse difference(const ProcessUse& before, const ProcessUse& after) {
  ProcessUse used = after;
  used.all = {};
  for (auto& [name, use] : used.by_thread) {
    if (const auto found = before.by_thread.find(name); found != before.by_thread.end()) {
      use.cpu -= found->second.cpu;
      use.wait -= found->second.wait;
    }
    used.all.cpu += use.cpu;
    used.all.wait += use.wait;
  }
  return used;
}

void play(const RunSettings& settings, Player& player, CallPool& pool, ProgressBar& progress) {
  player.start(settings.duration);
  const MonoTime start = read_mono();
  // Replacing needs time for its last call: what it has begun, the end of the play waits for.
  const auto last_replaced = start + settings.duration - 1s;
  std::thread replacing([&] { pool.replace_while(settings.churn, [&] { return read_mono() < last_replaced; }); });
  bool granted = settings.opt_in_delay.count() == 0;
  while (read_mono() < start + settings.duration) {
    std::this_thread::sleep_for(100ms);
    const double played = seconds_since(start);
    if (!granted && played >= static_cast<double>(settings.opt_in_delay.count())) {
      granted = true;
      pool.grant_all(progress);
    }
    progress.show("playing", {static_cast<std::size_t>(played), static_cast<std::size_t>(settings.duration.count())});
  }
  replacing.join();
}

void sum_up(const CallPool& pool, RunReport& report) {
  for (const auto& call : pool.calls()) {
    report.received += call->counts.packets;
    report.engine_lost += call->counts.lost;
    if (call->recording) ++report.recordings;
    if (call->consented && !call->made.id.empty() && !call->recording) ++report.missing_recordings;
    if (!call->consented && call->recording) ++report.unasked_recordings;
  }
}

std::string sentence(const RecordingMatch& match, const std::string& of) {
  return of + ": " + std::to_string(match.packets) + " packets as sent, " + std::to_string(match.missing) +
         " missing, " + std::to_string(match.foreign) + " that were not sent so, times up to " +
         std::to_string(match.shift.count()) + " ms off";
}

// A receiver places a new source by its arrival, and end to end behind the one before where the two overlap: by as much
// as packets are held back.
milliseconds shift_allowed(const PlayerSettings& player) {
  const StreamShape& shape = player.shape;
  if (shape.source_change.count() == 0) return RecordingMatch::kUnit;
  const milliseconds overtaken = player.impairments.reorder > 0 ? player.impairments.overtaken : milliseconds(0);
  return RecordingMatch::kUnit + shape.burst * shape.packet_time + player.impairments.jitter + overtaken;
}

void compare(const RunSettings& settings, const PlayedCall& call, CallPool& pool, RunReport& report) {
  const PlayerSettings& player = settings.player;
  const PayloadPattern pattern(player.seed);
  for (std::size_t i = 0; i < kLegsPerCall; ++i) {
    const LegNumber leg = call.legs[i].number;
    const std::string name = "recording " + *call.recording + ", " + kParties[i];
    ++report.sampled_legs;
    const auto audio = pool.api().audio(*call.recording, kParties[i]);
    if (!audio) {
      report.mismatches.push_back(name + ": " + audio.error().what);
      continue;
    }
    const auto blocks = matroska_blocks(*audio);
    if (!blocks) {
      report.mismatches.push_back(name + ": " + blocks.error().what);
      continue;
    }
    const SentLeg sent{leg, StreamPlan(player.shape, player.seed, leg), player.shape.payload_bytes(),
                       arriving(NetworkPath(player.impairments, player.seed, leg), call.legs[i].packets)};
    const RecordingMatch match = match_recording(*blocks, sent, pattern);
    report.compared_packets += match.packets;
    // A call that came with the last moment has sent nothing, and nothing is what must be there.
    const bool silent = sent.arrived.empty() && blocks->empty();
    const bool whole =
        silent || (match.is_whole(shift_allowed(player)) && (match.skipped == 0 || settings.opt_in_delay.count() > 0));
    if (!whole) report.mismatches.push_back(sentence(match, name));
  }
}

void compare_sample(const RunSettings& settings, CallPool& pool, RunReport& report, ProgressBar& progress) {
  std::vector<const PlayedCall*> recorded;
  for (const auto& call : pool.calls()) {
    if (call->recording) recorded.push_back(call.get());
  }
  const std::size_t count = std::min(settings.sample, recorded.size());
  for (std::size_t i = 0; i < count; ++i) {
    progress.show("comparing", {i, count});
    compare(settings, *recorded[i * recorded.size() / count], pool, report);
  }
}

}  // namespace

Result<RunReport> run_load(const RunSettings& settings, ProgressBar& progress) {
  PlayerSettings playing = settings.player;
  // Calls that end and calls in their place are there at the same time for a moment.
  playing.legs = 2 * kLegsPerCall * settings.calls.calls;
  auto player = Player::create(playing);
  if (!player) return player.error();
  CallPool pool(settings.calls, **player);
  if (const auto reached = pool.api().packets_received(); !reached) return reached.error();

  RunReport report;
  report.calls = settings.calls.calls;
  report.duration = settings.duration;
  report.packet_time = settings.player.shape.packet_time;
  const MonoTime begun = read_mono();
  pool.create_all(progress);
  if (settings.opt_in_delay.count() == 0) pool.grant_all(progress);
  report.setup_seconds = seconds_since(begun);

  ProcessUse before;
  if (settings.engine) before = use_of(*settings.engine);
  play(settings, **player, pool, progress);
  report.player = (*player)->finish();
  if (settings.engine) report.used = difference(before, use_of(*settings.engine));
  pool.count_all();

  const MonoTime ending = read_mono();
  pool.end_all(progress);
  report.teardown_seconds = seconds_since(ending);
  report.replaced_calls = pool.calls().size() - settings.calls.calls;
  sum_up(pool, report);
  compare_sample(settings, pool, report, progress);
  report.failures = pool.failures();
  report.first_failures = pool.first_failures();
  return report;
}

}  // namespace assent::load
