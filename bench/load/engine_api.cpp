#include "bench/load/engine_api.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "crypto/random.h"

namespace assent::load {
namespace {

using Json = nlohmann::json;

Error unexpected(const std::string& reply) {
  return error(Errc::corrupt, "an unexpected reply: " + reply.substr(0, 300));
}

LegCount count_of(const Json& call) {
  LegCount count;
  for (const Json& leg : call.at("legs")) {
    count.packets += leg.at("packets").get<std::uint64_t>();
    count.lost += leg.at("lost").get<std::uint64_t>();
  }
  return count;
}

// A reply read by `take`, which may throw what the JSON library throws.
template <typename T, typename Take>
Result<T> read(const Result<std::string>& reply, Take take) {
  if (!reply) return reply.error();
  try {
    return Result<T>(take(Json::parse(*reply)));
  } catch (const Json::exception&) {
    return unexpected(*reply);
  }
}

SharedSrtpTerms new_terms(SrtpSuite suite) {
  Bytes drawn(key_bytes(suite) + salt_bytes(suite));
  random_bytes(drawn);
  SrtpTerms terms{suite, {}};
  terms.keys.push_back(*SrtpMasterKey::create(suite, drawn));
  return std::make_shared<const SrtpTerms>(std::move(terms));
}

Json json_of(const SrtpTerms& terms) {
  return {{"suite", std::string(name_of(terms.suite))}, {"key", to_base64(terms.keys.front().reveal())}};
}

}  // namespace

Result<MadeCall> EngineApi::create_call(CodecName codec, std::optional<SrtpSuite> srtp) {
  const Json codec_body = {
      {"name", std::string(name_of(codec))}, {"payload_type", codec == CodecName::pcma ? 8 : 0}, {"clock_rate", 8000}};
  Json body = {{"ref", "load"}, {"participants", Json::array()}, {"legs", Json::array()}};
  std::array<SharedSrtpTerms, kLegsPerCall> terms;
  for (std::size_t i = 0; i < kLegsPerCall; ++i) {
    const char* const party = kParties[i];
    body["participants"].push_back({{"ref", party}, {"role", party}, {"subject", std::string("load-") + party}});
    body["legs"].push_back({{"label", party}, {"participant", party}, {"codec", codec_body}});
    if (!srtp) continue;
    terms[i] = new_terms(*srtp);
    body["legs"].back()["srtp"] = json_of(*terms[i]);
  }
  return read<MadeCall>(http_.post("/v1/calls", body.dump()), [&terms](const Json& reply) {
    MadeCall made;
    made.srtp = terms;
    made.id = reply.at("id").get<std::string>();
    for (std::size_t i = 0; i < kLegsPerCall; ++i) {
      const Json& leg = reply.at("legs").at(i);
      const auto to = parse_address(leg.at("address").get<std::string>(), leg.at("port").get<std::uint16_t>());
      if (to) made.legs[i] = *to;
    }
    return made;
  });
}

Result<void> EngineApi::grant(const std::string& call) {
  for (const char* party : kParties) {
    const Json body = {{"participant", party}, {"decision", "granted"}, {"signal", {{"type", "api"}}}};
    if (auto done = http_.post("/v1/calls/" + call + "/consent", body.dump()); !done) return done.error();
  }
  return {};
}

Result<LegCount> EngineApi::counts(const std::string& call) {
  return read<LegCount>(http_.get("/v1/calls/" + call), count_of);
}

Result<CallCounts> EngineApi::all_counts() {
  return read<CallCounts>(http_.get("/v1/calls"), [](const Json& reply) {
    CallCounts counts;
    for (const Json& call : reply.at("calls")) counts.emplace(call.at("id").get<std::string>(), count_of(call));
    return counts;
  });
}

Result<std::optional<std::string>> EngineApi::end(const std::string& call) {
  return read<std::optional<std::string>>(http_.remove("/v1/calls/" + call), [](const Json& reply) {
    const Json& recording = reply.at("recording");
    return recording.is_null() ? std::nullopt : std::optional(recording.get<std::string>());
  });
}

Result<std::uint64_t> EngineApi::packets_received() {
  const auto reply = http_.get("/metrics");
  if (!reply) return reply.error();
  // A line a shard: assent_packets_total{shard="0"} 1234
  static constexpr std::string_view kName = "\nassent_packets_total{";
  double packets = 0;
  auto at = reply->find(kName);
  if (at == std::string::npos) return unexpected(*reply);
  for (; at != std::string::npos; at = reply->find(kName, at + 1)) {
    const auto value = reply->find("} ", at);
    if (value == std::string::npos) return unexpected(*reply);
    packets += std::strtod(reply->c_str() + value + 2, nullptr);
  }
  return static_cast<std::uint64_t>(packets);
}

Result<Bytes> EngineApi::audio(const std::string& recording, const std::string& leg) {
  const auto reply = http_.get("/v1/recordings/" + recording + "/audio?purpose=quality&format=mka&legs=" + leg);
  if (!reply) return reply.error();
  const ByteView bytes = bytes_of(*reply);
  return Bytes(bytes.begin(), bytes.end());
}

}  // namespace assent::load
