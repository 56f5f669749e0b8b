// The SDK team's known answers for committing suites: framed and not, signed and not, in several implementations'
// hands.
#include <map>
#include <string>
#include <vector>

#include "catch.h"
#include "crypto/constant_time.h"
#include "crypto/message_reader.h"
#include "vectors.h"

using namespace assent;
using assent::test::base64_field;

namespace {

DataKeys data_key_of(const nlohmann::json& vector) {
  return [key = base64_field(vector, "decrypted-dek")](const MessageHeader&) -> Result<SecretKey, MessageFault> {
    return SecretKey::from_bytes(key).value();
  };
}

void check_header(const nlohmann::json& vector, const Bytes& message) {
  const auto header = parse_header(message);
  REQUIRE(header);
  const Bytes header_bytes(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(header->bytes()));
  CHECK(header_bytes == base64_field(vector, "header"));
  CHECK(to_base64(header->message_id) == vector.at("message-id"));
  // Of a message that lies about its commitment, the vector gives the true one.
  if (vector.at("status") == true) CHECK(to_base64(header->commit_key) == vector.at("commitment"));
  const std::map<std::string, std::string> context(header->context.begin(), header->context.end());
  if (vector.contains("encryption-context")) CHECK(context == vector.at("encryption-context").get<decltype(context)>());
  if (vector.contains("content-encryption-key") && vector.at("status") == true) {
    const auto keys = derive_content_keys(SecretKey::from_bytes(base64_field(vector, "decrypted-dek")).value(),
                                          header->message_id, header->suite);
    CHECK(to_base64(keys.content.reveal()) == vector.at("content-encryption-key"));
  }
}

void check_plaintexts(const nlohmann::json& vector, const Bytes& message) {
  auto reader = MessageReader::open(source_of(message), data_key_of(vector));
  REQUIRE(reader);
  std::vector<std::string> frames;
  for (;;) {
    const auto frame = reader->next();
    if (!frame) FAIL(to_error(frame.error()).what);
    if (!*frame) break;
    frames.push_back(text_of((*frame)->plain));
  }
  const auto expected = vector.at("plaintext-frames").get<std::vector<std::string>>();
  const auto joined = [](const std::vector<std::string>& parts) {
    std::string all;
    for (const std::string& part : parts) all += part;
    return all;
  };
  CHECK(joined(frames) == joined(expected));
  // An empty final frame is not listed, and some vectors give the whole text as one although it has frames of one byte.
  if (!frames.empty() && frames.back().empty()) frames.pop_back();
  if (expected.size() > 1) CHECK(frames == expected);
}

}  // namespace

TEST_CASE("all known answers of the AWS Encryption SDK's committing suites behave as labelled") {
  const auto vectors = test::load_vectors("esdk_commitment_kat.json");
  if (!vectors) return;
  int read = 0;
  int refused = 0;
  for (const auto& vector : vectors->at("tests")) {
    INFO(vector.at("comment").get<std::string>());
    const Bytes message = base64_field(vector, "ciphertext");
    check_header(vector, message);
    if (vector.at("status") == true) {
      check_plaintexts(vector, message);
      ++read;
    } else {
      const auto outcome = read_through(message, data_key_of(vector));
      REQUIRE_FALSE(outcome);
      CHECK(outcome.error().kind == FaultKind::commitment_mismatch);
      CHECK(vector.at("exception") == "EXCEPTION: Invalid commitment");
      ++refused;
    }
  }
  CHECK(read == 41);
  CHECK(refused == 5);
}

TEST_CASE("a signed known answer with its signature, footer or content changed is refused") {
  const auto vectors = test::load_vectors("esdk_commitment_kat.json");
  if (!vectors) return;
  int signed_messages = 0;
  for (const auto& vector : vectors->at("tests")) {
    const Bytes message = base64_field(vector, "ciphertext");
    if (vector.at("status") != true || message[1] != 0x05) continue;
    INFO(vector.at("comment").get<std::string>());
    Bytes damaged = message;
    damaged.back() ^= 1;
    CHECK(read_through(damaged, data_key_of(vector)).error().kind == FaultKind::bad_signature);
    CHECK(read_through(ByteView(message).first(message.size() - 1), data_key_of(vector)).error().kind ==
          FaultKind::truncated);
    damaged = message;
    damaged.push_back(0);
    CHECK(read_through(damaged, data_key_of(vector)).error().kind == FaultKind::trailing_bytes);
    ++signed_messages;
  }
  CHECK(signed_messages > 10);
}

TEST_CASE("an unframed known answer that claims to be huge is refused before anything is allocated") {
  const auto vectors = test::load_vectors("esdk_commitment_kat.json");
  if (!vectors) return;
  int unframed = 0;
  for (const auto& vector : vectors->at("tests")) {
    Bytes message = base64_field(vector, "ciphertext");
    const auto header = parse_header(message);
    if (vector.at("status") != true || header->content != MessageContent::unframed) continue;
    message[header->bytes() + 12] = 0x7F;
    CHECK(read_through(message, data_key_of(vector)).error().kind == FaultKind::over_limit);
    ++unframed;
  }
  CHECK(unframed == 7);
}
