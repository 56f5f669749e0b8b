// A SoftHSM2 token of its own for a test, in a temporary folder, and what the test does to it past Pkcs11RootKey.
//
// SoftHSM reads SOFTHSM2_CONF when it is initialised: so one SoftHsmToken at a time, and it outlives what uses it.
#pragma once

#include <p11-kit/pkcs11.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "crypto/pkcs11_root_key.h"

namespace assent {

std::filesystem::path softhsm_module();  // empty: SoftHSM2 is not installed
bool softhsm_is_missing();               // and then the test says so

class SoftHsmToken {
 public:
  static constexpr std::string_view kLabel = "assent test";

  SoftHsmToken();
  ~SoftHsmToken();
  SoftHsmToken(const SoftHsmToken&) = delete;
  SoftHsmToken& operator=(const SoftHsmToken&) = delete;

  const Pkcs11Settings& settings() const { return settings_; }
  std::filesystem::path tokens() const { return folder_ / "tokens"; }
  const std::filesystem::path& folder() const { return folder_; }
  void make_token(std::string_view label) const;
  void write_pin(const std::string& text) const;  // mode 0600

 private:
  std::filesystem::path folder_;
  Pkcs11Settings settings_;
};

// A session on the token of that label, by the plain interface.
class RawSession {
 public:
  explicit RawSession(const Pkcs11Settings& settings);
  ~RawSession();
  RawSession(const RawSession&) = delete;
  RawSession& operator=(const RawSession&) = delete;

  struct KeyShape {
    Bytes id;
    Bytes value;  // empty: the token draws it
    CK_ULONG key_bytes = 32;
    CK_BBOOL sensitive = CK_TRUE;
    CK_BBOOL extractable = CK_FALSE;
  };
  void add_key(const std::string& label, KeyShape shape);
  std::vector<CK_OBJECT_HANDLE> find(const std::string& label);
  // What asking for the attribute is answered, and its first byte.
  CK_RV ask(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, CK_BYTE& first);
  void close_all_sessions();  // everybody's in this process
  CK_RV session_state();      // CKR_OK while it is there

 private:
  void* library_ = nullptr;
  CK_FUNCTION_LIST* functions_ = nullptr;
  bool is_initialized_here_ = false;
  CK_SLOT_ID slot_ = 0;
  CK_SESSION_HANDLE session_ = CK_INVALID_HANDLE;
};

}  // namespace assent
