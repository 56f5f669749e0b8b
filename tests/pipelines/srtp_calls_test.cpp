// SRTP legs through the whole of the calls: made, changed, shown, and kept for a restart, and refused without a trace.
#include <algorithm>

#include "catch.h"
#include "engine/calls/call_memory.h"
#include "engine/catalog/person_fields.h"
#include "must.h"
#include "shards_rig.h"

namespace assent {
namespace {

constexpr const char* kPipeline = R"(
[listen]
rtp_ports = "27700-27799"
[capacity]
calls = 10
[media]
sockets = "per-leg"
[consent]
hold = "1s"
[journal]
file_size = "4MiB"
sealed_pages = 1024
[memory]
backing = "locked"
)";

SharedSrtpTerms terms_of(SrtpSuite suite, std::uint8_t number, std::size_t keys = 1) {
  SrtpTerms terms{suite, {}};
  for (std::size_t i = 0; i < keys; ++i) {
    const Bytes mki = keys == 1 ? Bytes{} : Bytes{static_cast<std::uint8_t>(i)};
    terms.keys.push_back(must(SrtpMasterKey::create(suite, Bytes(key_bytes(suite) + salt_bytes(suite), number), mki)));
  }
  return std::make_shared<const SrtpTerms>(std::move(terms));
}

constexpr SrtpSuite kUsual = SrtpSuite::aes_cm_128_hmac_sha1_80;

struct Rig : ShardsRig {
  Rig() : ShardsRig(kPipeline) {}

  Result<CallView> create_with(const SharedSrtpTerms& terms) {
    CallSpec spec = call_of(1);
    spec.legs[0].srtp = terms;
    return calls->create_call(spec, caller);
  }
  Result<CallView> change(CallId call, const std::string& label, const SharedSrtpTerms& terms) {
    LegsSpec spec;
    spec.changes = {{label, std::nullopt, terms}};
    return calls->change_legs(call, spec, caller);
  }
  // What a restart would find.
  LegMedia kept(CallId call) {
    const auto row = *must(catalog->call(call));
    const auto key = must(keys->open(row.key));
    return must(leg_media_from(must(open_leg_media(*key.key, must(catalog->legs(call)).at(0)))));
  }
};

}  // namespace

TEST_CASE("a call's SRTP keys are kept for a restart, its new ones in their place, and its view has none") {
  Rig rig;
  const CallView made = must(rig.create_with(terms_of(kUsual, 1)));
  REQUIRE(made.legs[0].srtp);
  CHECK(made.legs[0].srtp->suite == "AES_CM_128_HMAC_SHA1_80");
  CHECK(rig.kept(made.id).srtp->keys[0].reveal()[0] == 1);
  CHECK(rig.kept(made.id).ports->rtp == made.legs[0].port);

  const CallView changed = must(rig.change(made.id, "leg-0", terms_of(SrtpSuite::aead_aes_128_gcm, 2)));
  CHECK(changed.legs[0].srtp->suite == "AEAD_AES_128_GCM");
  CHECK(rig.kept(made.id).srtp->suite == SrtpSuite::aead_aes_128_gcm);
  CHECK(rig.kept(made.id).srtp->keys[0].reveal()[0] == 2);

  // Another source, and the keys stay.
  REQUIRE(rig.calls->change_leg(made.id, made.legs[0].id, {made.legs[0].payloads, parse_endpoint("192.0.2.1:4000")}));
  CHECK(rig.kept(made.id).source == parse_endpoint("192.0.2.1:4000"));
  CHECK(rig.kept(made.id).srtp->keys[0].reveal()[0] == 2);

  const auto wrong = rig.change(made.id, "nobody", terms_of(kUsual, 3));
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == Errc::invalid);
  CHECK_THAT(wrong.error().what, Catch::Contains("no leg \"nobody\""));
}

TEST_CASE("a leg that was plain may get keys, and is plain until then") {
  Rig rig;
  const CallView made = must(rig.create());
  CHECK_FALSE(made.legs[0].srtp);
  CHECK(rig.kept(made.id).srtp == nullptr);
  CHECK(must(rig.change(made.id, "leg-0", terms_of(kUsual, 1))).legs[0].srtp);
  CHECK(rig.kept(made.id).srtp != nullptr);
}

TEST_CASE("calls whose keys do not fit the locked memory are refused as exhausted, and leave nothing behind") {
  if (srtp_means_here() != SrtpMeans::batched) return;
  Rig rig;
  const SharedSrtpTerms many = terms_of(kUsual, 1, limits::kSrtpMasterKeys);
  std::vector<CallId> made;
  Result<CallView> refused = error(Errc::invalid, "");
  for (int i = 0; i < 10; ++i) {
    refused = rig.create_with(many);
    if (!refused) break;
    made.push_back(refused->id);
  }
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::exhausted);
  // For 20 legs there is room for 54 keys.
  CHECK(made.size() == limits::srtp_keys_for(20) / limits::kSrtpMasterKeys);
  CHECK(must(rig.calls->calls()).size() == made.size());
  must(rig.calls->end_call(made.back(), rig.caller));
  CHECK(rig.create_with(many));
}

}  // namespace assent
