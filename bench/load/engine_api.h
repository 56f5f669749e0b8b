// EngineApi: what a load needs of the engine's HTTP API, as values. One thread; blocks.
//
// Errors: those of HttpClient, and Errc::corrupt where a reply is not what the API promises.
#pragma once

#include <array>
#include <optional>
#include <unordered_map>

#include "base/bytes.h"
#include "bench/load/http_client.h"
#include "codecs/codec.h"
#include "crypto/srtp_terms.h"

namespace assent::load {

inline constexpr std::array<const char*, 2> kParties = {"agent", "customer"};  // each with a leg of that label
inline constexpr std::size_t kLegsPerCall = kParties.size();

struct MadeCall {
  std::string id;
  std::array<Endpoint, kLegsPerCall> legs;
  std::array<SharedSrtpTerms, kLegsPerCall> srtp;  // drawn for it; null: plain RTP
};

struct LegCount {
  std::uint64_t packets = 0;
  std::uint64_t lost = 0;
};
using CallCounts = std::unordered_map<std::string, LegCount>;  // by call, over its legs

class EngineApi {
 public:
  EngineApi(const Endpoint& api, const std::string& token) : http_(api, token) {}

  Result<MadeCall> create_call(CodecName codec, std::optional<SrtpSuite> srtp);
  Result<void> grant(const std::string& call);  // for every party
  Result<LegCount> counts(const std::string& call);
  Result<CallCounts> all_counts();
  Result<std::optional<std::string>> end(const std::string& call);            // the recording, if there is one
  Result<std::uint64_t> packets_received();                                   // since the engine's start
  Result<Bytes> audio(const std::string& recording, const std::string& leg);  // Matroska

 private:
  HttpClient http_;
};

}  // namespace assent::load
