// Published vectors: RFC 3711 appendix B, RFC 6188 7, RFC 7714 16 and 17. Those of RFC 7714 begin with the keys of a
// session, so they are held against what stands below the engines, and those of its RTCP against the construction that
// srtp_session_test.cpp then judges libsrtp by.
#include <algorithm>
#include <string>

#include "catch.h"
#include "crypto/srtp_cipher.h"
#include "crypto/srtp_frame.h"
#include "rtcp_oracle.h"

using namespace assent;

namespace {

Bytes hex(std::string text) {
  std::erase(text, ' ');
  return from_hex(text).value();
}

SrtpMasterKey master(SrtpSuite suite, const std::string& key_and_salt) {
  return std::move(SrtpMasterKey::create(suite, hex(key_and_salt))).value();
}

Bytes derived(const SrtpMasterKey& from, SrtpLabel label, std::size_t bytes) {
  Bytes out(bytes);
  derive_srtp(from, label, out);
  return out;
}

struct Rig {
  SrtpCipher cipher = std::move(SrtpCipher::create(ArenaBacking::locked_memory)).value();
  std::unique_ptr<SrtpSchedules> schedules = std::move(SrtpSchedules::create(1, ArenaBacking::locked_memory)).value();
  SrtpSchedules::Place place = schedules->take();
};

bool cannot_run() {
  if (SrtpCipher::is_available()) return false;
  WARN("SKIPPED: ipsec-mb is not there, or not made for this processor");
  return true;
}

}  // namespace

TEST_CASE("session keys are derived as in RFC 3711 B.3") {
  const auto from =
      master(SrtpSuite::aes_cm_128_hmac_sha1_80, "E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6");
  CHECK(derived(from, SrtpLabel::rtp_encryption, 16) == hex("C61E7A93744F39EE10734AFE3FF7A087"));
  CHECK(derived(from, SrtpLabel::rtp_salt, 14) == hex("30CBBC08863D8C85D49DB34A9AE1"));
  CHECK(derived(from, SrtpLabel::rtp_authentication, 94) ==
        hex("CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA48F0A0ACF3C34E2359E6CDBCE E049646C43D9327AD175578EF7227098"
            "6371C10C9A369AC2F94A8C5FBCDDDC25 6D6E919A48B610EF17C2041E47403576 6B68642C59BBFC2F34DB60DBDFB2"));
  const auto derived_keys = SrtpSessionKeys::derive(from, SrtpProtocol::rtp);
  const SrtpKeyView keys = derived_keys.view();
  CHECK(std::ranges::equal(keys.encryption, hex("C61E7A93744F39EE10734AFE3FF7A087")));
  CHECK(std::ranges::equal(keys.salt, hex("30CBBC08863D8C85D49DB34A9AE1")));
  CHECK(std::ranges::equal(keys.authentication, hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4")));
}

TEST_CASE("session keys of 256 bits are derived as in RFC 6188 7.2") {
  const auto from =
      master(SrtpSuite::aes_256_cm_hmac_sha1_80,
             "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6 3b04803de51ee7c96423ab5b78d2");
  CHECK(derived(from, SrtpLabel::rtp_encryption, 32) ==
        hex("5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4"));
  CHECK(derived(from, SrtpLabel::rtp_salt, 14) == hex("fa31791685ca444a9e07c6c64e93"));
  CHECK(derived(from, SrtpLabel::rtp_authentication, 20) == hex("fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"));
}

TEST_CASE("the keystreams of AES-CM are those of RFC 3711 B.2 and RFC 6188 7.1") {
  if (cannot_run()) return;
  struct Vector {
    SrtpSuite suite;
    const char* key;
    const char* begin;
    const char* end;
  };
  const auto& vector = GENERATE(values<Vector>({
      {SrtpSuite::aes_cm_128_hmac_sha1_80, "2B7E151628AED2A6ABF7158809CF4F3C",
       "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0",
       "EC8CDF7398607CB0F2D21675EA9EA1E4 362B7C3C6773516318A077D7FC5073AE 6A2CC3787889374FBEB4C81B17BA6C44"},
      {SrtpSuite::aes_256_cm_hmac_sha1_80, "57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98",
       "92bdd28a93c3f52511c677d08b5515a4 9da71b2378a854f67050756ded165bac 63c4868b7096d88421b563b8c94c9a31",
       "cea518c90fd91ced9cbb18c078a54711 3dbc4814f4da5f00a08772b63c6a046d 6eb246913062a16891433e97dd01a57f"},
  }));
  Rig rig;
  const Bytes key = hex(vector.key);
  const Bytes salt = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD");
  const Bytes unused(20);
  rig.cipher.expand({vector.suite, key, salt, unused}, *rig.place);
  Bytes stream(std::size_t{0xFF02} * 16);
  SrtpCipherJob job{.keys = rig.place.get(), .packet = stream.data(), .payload_at = 0};
  job.payload_bytes = static_cast<std::uint32_t>(stream.size());
  job.iv = srtp_cm_iv(rig.place->salt, 0, SrtpIndex(0));
  SrtpCipherJob* jobs[] = {&job};
  rig.cipher.crypt(vector.suite, jobs);
  CHECK(Bytes(stream.begin(), stream.begin() + 48) == hex(vector.begin));
  CHECK(Bytes(stream.end() - 48, stream.end()) == hex(vector.end));
}

TEST_CASE("RTP is sealed and opened as in RFC 7714 16") {
  if (cannot_run()) return;
  struct Vector {
    SrtpSuite suite;
    const char* key;
    const char* sealed;
  };
  const auto& vector = GENERATE(values<Vector>({
      {SrtpSuite::aead_aes_128_gcm, "000102030405060708090a0b0c0d0e0f",
       "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"
       "899d7f27beb16a9152cf765ee4390cce"},
      {SrtpSuite::aead_aes_256_gcm, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
       "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b"
       "7aa3db36dfffd6b0f9bb7878d7a76c13"},
  }));
  Rig rig;
  const Bytes key = hex(vector.key);
  const Bytes salt = hex("517569642070726f2071756f");
  rig.cipher.expand({vector.suite, key, salt, {}}, *rig.place);
  const std::string text = "Gallia est omnis divisa in partes tres";
  const Bytes header = hex("8040f17b8041f8d35501a0b2");
  Bytes packet = header;
  append(packet, bytes_of(text));

  const auto frame = srtp_frame_of(packet).value();
  CHECK(frame.ssrc == 0x5501a0b2);
  CHECK(frame.sequence.value == 0xf17b);
  REQUIRE(frame.payload_at == 12);
  SrtpCipherJob job{.keys = rig.place.get(), .packet = packet.data(), .payload_at = 12};
  job.payload_bytes = static_cast<std::uint32_t>(text.size());
  job.iv = srtp_gcm_iv(rig.place->salt, frame.ssrc, index_of(SrtpRollover(0), frame.sequence));
  job.aad = header;
  CHECK(Bytes(job.iv.begin(), job.iv.begin() + 12) == hex("51753c6580c2726f20718414"));

  rig.cipher.seal(vector.suite, job);
  Bytes sealed(packet.begin() + 12, packet.end());
  append(sealed, ByteView(job.tag).first(16));
  CHECK(sealed == hex(vector.sealed));

  const auto tag = job.tag;
  rig.cipher.open(vector.suite, job);
  CHECK(job.tag == tag);
  CHECK(text_of(ByteView(packet).subspan(12)) == text);
}

TEST_CASE("RTCP is sealed as in RFC 7714 17") {
  const Bytes plain =
      hex("81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef "
          "deadbeef");
  const Bytes salt = hex("517569642070726f2071756f");
  const Bytes key = hex("000102030405060708090a0b0c0d0e0f");
  CHECK(
      test::seal_rtcp_gcm(key, salt, plain, 0x5d4) ==
      hex("81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded "
          "0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4"));
}
