#include "engine/control/srtp_input.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "crypto/srtp_sdes.h"
#include "crypto/srtp_session.h"
#include "crypto/wipe.h"
#include "engine/control/json_object.h"

namespace assent {
namespace {

using nlohmann::json;

class Reader {
 public:
  Reader(std::vector<FieldError>& faults, bool& no_memory) : faults_(faults), no_memory_(no_memory) {}

  SharedSrtpTerms read(const json& value, const std::string& pointer) {
    return value.is_string() ? read_line(value.get_ref<const std::string&>(), pointer) : read_object(value, pointer);
  }

 private:
  SharedSrtpTerms read_line(const std::string& line, const std::string& pointer) {
    auto sdes = parse_srtp_sdes(line);
    if (!sdes) return fault(pointer, sdes.error());
    return std::make_shared<const SrtpTerms>(SrtpTerms{sdes->suite, std::move(sdes->keys)});
  }

  SharedSrtpTerms read_object(const json& value, const std::string& pointer) {
    const std::size_t faults_before = faults_.size();
    JsonObject object(value, pointer, faults_);
    if (object.optional_value("fingerprint") != nullptr) return read_fingerprint(object, faults_before);
    const std::string name = object.text("suite");
    const auto suite = srtp_suite_named(name);
    if (!suite && !name.empty()) object.fault("suite", "must be one of " + suite_names());
    SrtpTerms terms{suite.value_or(SrtpTerms{}.suite), {}};
    is_suite_known_ = suite.has_value();
    if (object.optional_value("keys") == nullptr) {
      add_key(object, terms);
    } else {
      if (object.optional_value("key") != nullptr) object.fault("keys", "cannot be there beside key");
      std::size_t index = 0;
      for (const json* each : object.array("keys", {1, limits::kSrtpMasterKeys})) {
        JsonObject key(*each, object.pointer_to("keys") + "/" + std::to_string(index++), faults_);
        add_key(key, terms);
        key.finish();
      }
    }
    object.finish();
    if (faults_.size() != faults_before) return nullptr;
    if (auto sound = check_srtp_keys(terms.suite, terms.keys); !sound) return fault(pointer, sound.error());
    return std::make_shared<const SrtpTerms>(std::move(terms));
  }

  SharedSrtpTerms read_fingerprint(JsonObject& object, std::size_t faults_before) {
    auto peer = parse_dtls_fingerprint(object.text("fingerprint"));
    if (!peer) object.fault("fingerprint", peer.error().what);
    for (const char* told : {"suite", "key", "keys", "mki"}) {
      if (object.optional_value(told) != nullptr) object.fault(told, "cannot be there beside fingerprint");
    }
    object.finish();
    if (faults_.size() != faults_before) return nullptr;
    return std::make_shared<const SrtpTerms>(SrtpTerms{{}, {}, *std::move(peer)});
  }

  void add_key(JsonObject& object, SrtpTerms& terms) {
    std::string text = object.text("key");
    auto secret = from_base64(text);
    wipe(text);
    const auto mki = from_hex(object.optional_text("mki").value_or(""));
    if (!mki) object.fault("mki", "must be hexadecimal digits, two a byte");
    if (!secret) object.fault("key", "must be base64 with its padding, of the master key and then the salt");
    if (!secret || !mki || !is_suite_known_) return;
    auto key = SrtpMasterKey::create(terms.suite, *secret, *mki);
    wipe(*secret);
    if (key) {
      terms.keys.push_back(std::move(*key));
    } else {
      fault(object.pointer_to("key"), key.error());
    }
  }

  static std::string suite_names() {
    std::string names;
    for (const SrtpSuite suite : kSrtpSuites) names += (names.empty() ? "" : ", ") + std::string(name_of(suite));
    return names;
  }

  SharedSrtpTerms fault(const std::string& pointer, const Error& why) {
    no_memory_ = no_memory_ || why.code == Errc::exhausted;
    faults_.push_back({pointer, why.what});
    return nullptr;
  }

  std::vector<FieldError>& faults_;
  bool& no_memory_;
  bool is_suite_known_ = false;  // or nobody knows how long its keys are
};

}  // namespace

SharedSrtpTerms read_srtp(const json& value, const std::string& pointer, std::vector<FieldError>& faults,
                          bool& no_memory) {
  return Reader(faults, no_memory).read(value, pointer);
}

}  // namespace assent
