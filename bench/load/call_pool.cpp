#include "bench/load/call_pool.h"

#include <cmath>
#include <thread>

namespace assent::load {
namespace {

// A recorder sweeps its sockets every few milliseconds: a count that stays the same for so long is final.
constexpr milliseconds kStillTime = 250ms;
constexpr seconds kStillPatience = 20s;

}  // namespace

CallPool::CallPool(const CallSettings& settings, Player& player) : settings_(settings), player_(player) {
  for (std::size_t i = 0; i < kWorkers + kReplacers; ++i) {
    apis_.push_back(std::make_unique<EngineApi>(settings.api, settings.token));
  }
}

void CallPool::note(const Error& failure) {
  const std::lock_guard lock(mutex_);
  ++failures_;
  if (first_failures_.size() < kFailuresKept) first_failures_.push_back(failure.what);
}

void CallPool::for_each_live(const std::string& doing, ProgressBar& progress, const Work& work) {
  std::vector<PlayedCall*> live;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& call : calls_) {
      if (!call->ended) live.push_back(call.get());
    }
  }
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> done{0};
  std::vector<std::thread> threads;
  for (std::size_t worker = 0; worker < std::min(kWorkers, live.size()); ++worker) {
    threads.emplace_back([&, worker] {
      for (std::size_t i = next++; i < live.size(); i = next++) {
        work(*live[i], *apis_[worker]);
        ++done;
      }
    });
  }
  while (done < live.size()) {
    progress.show(doing, {done, live.size()});
    std::this_thread::sleep_for(20ms);
  }
  for (std::thread& thread : threads) thread.join();
}

void CallPool::create(PlayedCall& call, EngineApi& api) {
  auto made = api.create_call(settings_.codec, settings_.srtp);
  if (!made) {
    call.ended = true;
    return note(made.error());
  }
  call.made = std::move(*made);
}

void CallPool::create_all(ProgressBar& progress) {
  for (std::size_t i = 0; i < settings_.calls; ++i) {
    calls_.push_back(std::make_unique<PlayedCall>());
    // Evenly among the others.
    const double before = std::floor(static_cast<double>(i) * settings_.opt_in_rate);
    calls_.back()->consented = std::floor(static_cast<double>(i + 1) * settings_.opt_in_rate) > before;
  }
  for_each_live("creating", progress, [this](PlayedCall& call, EngineApi& api) { create(call, api); });
  const std::size_t legs = settings_.calls * kLegsPerCall;
  std::size_t at = 0;
  for (const auto& call : calls_) {
    if (call->ended) continue;
    for (std::size_t i = 0; i < kLegsPerCall; ++i) {
      call->legs[i].number = player_.add(call->made.legs[i], {legs, at++}, call->made.srtp[i]);
    }
  }
}

void CallPool::grant_all(ProgressBar& progress) {
  for_each_live("opting in", progress, [this](PlayedCall& call, EngineApi& api) {
    if (!call.consented) return;
    if (auto done = api.grant(call.made.id); !done) note(done.error());
  });
}

void CallPool::end(PlayedCall& call, EngineApi& api) {
  call.ended = true;
  auto recording = api.end(call.made.id);
  if (!recording) return note(recording.error());
  call.recording = std::move(*recording);
}

void CallPool::end_all(ProgressBar& progress) {
  for_each_live("ending", progress, [this](PlayedCall& call, EngineApi& api) {
    for (PlayedLeg& leg : call.legs) leg.packets = player_.packets(leg.number);
    end(call, api);
  });
}

void CallPool::count_all() {
  const auto patience = read_mono() + kStillPatience;
  std::uint64_t before = ~std::uint64_t{0};
  while (read_mono() < patience) {
    const auto received = api().packets_received();
    if (!received) return note(received.error());
    if (*received == before) break;
    before = *received;
    std::this_thread::sleep_for(kStillTime);
  }
  const auto counts = api().all_counts();
  if (!counts) return note(counts.error());
  for (const auto& call : calls_) {
    if (call->ended) continue;
    if (const auto found = counts->find(call->made.id); found != counts->end()) call->counts = found->second;
  }
}

// ---- calls that come and go -----------------------------------------------------------------------------------------

void CallPool::replace_while(double calls_per_second, const std::function<bool()>& goes_on) {
  if (calls_per_second <= 0) return;
  const MonoTime start = read_mono();
  const nanoseconds interval(static_cast<std::int64_t>(1e9 / calls_per_second));
  std::atomic<std::int64_t> next{1};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kReplacers; ++i) {
    threads.emplace_back([&, i] {
      while (goes_on()) {
        const MonoTime due = start + next++ * interval;
        while (goes_on() && read_mono() < due) std::this_thread::sleep_for(std::min<nanoseconds>(interval, 5ms));
        if (goes_on()) replace_oldest(*apis_[kWorkers + i]);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

void CallPool::replace_oldest(EngineApi& api) {
  PlayedCall* old = nullptr;
  {
    const std::lock_guard lock(mutex_);
    while (oldest_ < calls_.size() && calls_[oldest_]->ended) ++oldest_;
    if (oldest_ == calls_.size()) return;
    old = calls_[oldest_++].get();
  }
  for (PlayedLeg& leg : old->legs) leg.packets = player_.end(leg.number);
  std::this_thread::sleep_for(kStillTime);  // what is under way or in a socket is counted, too
  if (auto counts = api.counts(old->made.id)) {
    old->counts = *counts;
  } else {
    note(counts.error());
  }
  end(*old, api);

  auto fresh = std::make_unique<PlayedCall>();
  fresh->consented = old->consented;
  create(*fresh, api);
  if (fresh->ended) return;
  if (fresh->consented) {
    if (auto done = api.grant(fresh->made.id); !done) note(done.error());
  }
  const std::size_t legs = settings_.calls * kLegsPerCall;
  for (std::size_t i = 0; i < kLegsPerCall; ++i) {
    fresh->legs[i].number =
        player_.add(fresh->made.legs[i], {legs, old->legs[i].number.value % legs}, fresh->made.srtp[i]);
  }
  const std::lock_guard lock(mutex_);
  calls_.push_back(std::move(fresh));
}

}  // namespace assent::load
