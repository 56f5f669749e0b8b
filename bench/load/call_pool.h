// CallPool: the calls of a load, from their creation to their recordings.
//
// Owns the connections to the API and what is known of every call; borrows the player, which sends the calls' packets.
// Works on many calls at once, a connection a thread. A failure does not end a load, it is counted and the first few
// are kept. One thread calls it, and threads of `replace_while` beside it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bench/load/engine_api.h"
#include "bench/load/player.h"
#include "bench/load/progress_bar.h"

namespace assent::load {

struct CallSettings {
  Endpoint api;
  std::string token;
  std::size_t calls = 1;
  double opt_in_rate = 1;  // share of the calls that everybody consents to
  CodecName codec = CodecName::pcmu;
  std::optional<SrtpSuite> srtp;
};

struct PlayedLeg {
  LegNumber number;
  std::size_t packets = 0;  // lost ones included; known once the leg has ended
};

struct PlayedCall {
  MadeCall made;
  bool consented = false;
  bool ended = false;
  std::array<PlayedLeg, kLegsPerCall> legs;
  LegCount counts;
  std::optional<std::string> recording;  // once it has ended
};

class CallPool {
 public:
  CallPool(const CallSettings& settings, Player& player);

  // Each shows how far it is.
  void create_all(ProgressBar& progress);
  void grant_all(ProgressBar& progress);
  void end_all(ProgressBar& progress);

  // Ends the oldest calls and puts new ones in their place, so many a second, as long as `goes_on` says so.
  void replace_while(double calls_per_second, const std::function<bool()>& goes_on);

  // Waits until the engine has received what was sent, then asks what each leg received.
  void count_all();

  // Every call there has been.
  const std::vector<std::unique_ptr<PlayedCall>>& calls() const { return calls_; }
  EngineApi& api() { return *apis_.front(); }
  std::uint64_t failures() const { return failures_; }
  const std::vector<std::string>& first_failures() const { return first_failures_; }
  void note(const Error& failure);

 private:
  static constexpr std::size_t kWorkers = 32;
  // A call takes a replacer for half a second, most of it waiting: for the last packets, and until all is stored.
  static constexpr std::size_t kReplacers = 64;
  static constexpr std::size_t kFailuresKept = 5;

  using Work = std::function<void(PlayedCall&, EngineApi&)>;
  void for_each_live(const std::string& doing, ProgressBar& progress, const Work& work);
  void create(PlayedCall& call, EngineApi& api);
  void replace_oldest(EngineApi& api);
  void end(PlayedCall& call, EngineApi& api);

  CallSettings settings_;
  Player& player_;
  std::vector<std::unique_ptr<EngineApi>> apis_;  // one a worker, then one a replacer

  std::mutex mutex_;  // of all below
  std::vector<std::unique_ptr<PlayedCall>> calls_;
  std::size_t oldest_ = 0;  // calls before it were replaced
  std::uint64_t failures_ = 0;
  std::vector<std::string> first_failures_;
};

}  // namespace assent::load
