#include "softhsm_token.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>

#include "catch.h"

namespace assent {
namespace {

constexpr const char* kPin = "4711-pin";

template <typename Value>
CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, Value& value) {
  return {type, &value, sizeof value};
}

CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, ByteView bytes) {
  return {type, const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
}

CK_SLOT_ID slot_of(const CK_FUNCTION_LIST& functions, const std::string& label) {
  std::array<CK_SLOT_ID, 16> slots;
  CK_ULONG count = 0;
  REQUIRE(functions.C_GetSlotList(CK_TRUE, nullptr, &count) == CKR_OK);  // only this lets SoftHSM see new ones
  count = slots.size();
  REQUIRE(functions.C_GetSlotList(CK_TRUE, slots.data(), &count) == CKR_OK);
  for (std::size_t i = 0; i < count; ++i) {
    CK_TOKEN_INFO token{};
    REQUIRE(functions.C_GetTokenInfo(slots[i], &token) == CKR_OK);
    if (std::string(reinterpret_cast<const char*>(token.label), sizeof token.label).find(label) == 0) return slots[i];
  }
  FAIL("no token " << label);
  return 0;
}

}  // namespace

std::filesystem::path softhsm_module() {
  for (const char* path : {"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"}) {
    if (std::filesystem::exists(path)) return path;
  }
  return {};
}

bool softhsm_is_missing() {
  if (!softhsm_module().empty()) return false;
  WARN("skipped: SoftHSM2 is not installed (package softhsm2)");
  return true;
}

SoftHsmToken::SoftHsmToken() {
  char name[] = "/tmp/assent-softhsm-XXXXXX";
  REQUIRE(::mkdtemp(name) != nullptr);
  folder_ = name;
  std::filesystem::create_directory(tokens());
  std::ofstream(folder_ / "softhsm2.conf") << "directories.tokendir = " << tokens().string() << "\n"
                                           << "objectstore.backend = file\nlog.level = ERROR\n";
  REQUIRE(::setenv("SOFTHSM2_CONF", (folder_ / "softhsm2.conf").c_str(), 1) == 0);
  settings_.module = softhsm_module();
  settings_.token_label = kLabel;
  settings_.pin_file = folder_ / "pin";
  write_pin(std::string(kPin) + "\n");
  make_token(kLabel);
}

SoftHsmToken::~SoftHsmToken() {
  ::unsetenv("SOFTHSM2_CONF");
  std::filesystem::remove_all(folder_);
}

void SoftHsmToken::make_token(std::string_view label) const {
  const std::string command = "softhsm2-util --init-token --free --label '" + std::string(label) +
                              "' --so-pin 12345678 --pin " + kPin + " > '" + (folder_ / "made").string() + "' 2>&1";
  REQUIRE(std::system(command.c_str()) == 0);
}

void SoftHsmToken::write_pin(const std::string& text) const {
  struct stat before {};
  struct stat now {};
  ::stat(settings_.pin_file.c_str(), &before);
  do {  // until the change time shows it: file systems count in steps of some milliseconds
    std::ofstream(settings_.pin_file) << text;
    REQUIRE(::chmod(settings_.pin_file.c_str(), 0600) == 0);
    REQUIRE(::stat(settings_.pin_file.c_str(), &now) == 0);
  } while (now.st_ctim.tv_sec == before.st_ctim.tv_sec && now.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
}

RawSession::RawSession(const Pkcs11Settings& settings) {
  library_ = ::dlopen(settings.module.c_str(), RTLD_NOW | RTLD_LOCAL);
  REQUIRE(library_ != nullptr);
  const auto get = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library_, "C_GetFunctionList"));
  REQUIRE(get != nullptr);
  REQUIRE(get(&functions_) == CKR_OK);
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  const CK_RV initialized = functions_->C_Initialize(&arguments);
  is_initialized_here_ = initialized == CKR_OK;
  REQUIRE((is_initialized_here_ || initialized == CKR_CRYPTOKI_ALREADY_INITIALIZED));
  slot_ = slot_of(*functions_, settings.token_label);
  REQUIRE(functions_->C_OpenSession(slot_, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session_) == CKR_OK);
  std::string pin = kPin;
  const CK_RV logged_in = functions_->C_Login(session_, CKU_USER, reinterpret_cast<CK_BYTE*>(pin.data()), pin.size());
  REQUIRE((logged_in == CKR_OK || logged_in == CKR_USER_ALREADY_LOGGED_IN));
}

RawSession::~RawSession() {
  functions_->C_CloseSession(session_);
  if (is_initialized_here_) functions_->C_Finalize(nullptr);
  ::dlclose(library_);
}

void RawSession::add_key(const std::string& label, KeyShape shape) {
  CK_OBJECT_CLASS kind = CKO_SECRET_KEY;
  CK_KEY_TYPE type = CKK_AES;
  CK_BBOOL yes = CK_TRUE;
  const bool is_made_there = shape.value.empty();
  std::array<CK_ATTRIBUTE, 11> attributes = {
      attribute(CKA_CLASS, kind),
      attribute(CKA_KEY_TYPE, type),
      is_made_there ? attribute(CKA_VALUE_LEN, shape.key_bytes) : attribute(CKA_VALUE, ByteView(shape.value)),
      attribute(CKA_TOKEN, yes),
      attribute(CKA_PRIVATE, yes),
      attribute(CKA_ENCRYPT, yes),
      attribute(CKA_DECRYPT, yes),
      attribute(CKA_SENSITIVE, shape.sensitive),
      attribute(CKA_EXTRACTABLE, shape.extractable),
      attribute(CKA_ID, ByteView(shape.id)),
      attribute(CKA_LABEL, bytes_of(label))};
  CK_MECHANISM mechanism = {CKM_AES_KEY_GEN, nullptr, 0};
  CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
  const CK_RV code = is_made_there
                         ? functions_->C_GenerateKey(session_, &mechanism, attributes.data(), attributes.size(), &made)
                         : functions_->C_CreateObject(session_, attributes.data(), attributes.size(), &made);
  REQUIRE(code == CKR_OK);
}

std::vector<CK_OBJECT_HANDLE> RawSession::find(const std::string& label) {
  CK_ATTRIBUTE wanted = attribute(CKA_LABEL, bytes_of(label));
  REQUIRE(functions_->C_FindObjectsInit(session_, &wanted, 1) == CKR_OK);
  std::vector<CK_OBJECT_HANDLE> found(16);
  CK_ULONG count = 0;
  REQUIRE(functions_->C_FindObjects(session_, found.data(), found.size(), &count) == CKR_OK);
  REQUIRE(functions_->C_FindObjectsFinal(session_) == CKR_OK);
  found.resize(count);
  return found;
}

CK_RV RawSession::ask(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, CK_BYTE& first) {
  std::array<CK_BYTE, 64> value{};
  CK_ATTRIBUTE asked = {type, value.data(), value.size()};
  const CK_RV code = functions_->C_GetAttributeValue(session_, key, &asked, 1);
  first = value[0];
  return code;
}

void RawSession::close_all_sessions() { REQUIRE(functions_->C_CloseAllSessions(slot_) == CKR_OK); }

CK_RV RawSession::session_state() {
  CK_SESSION_INFO about{};
  return functions_->C_GetSessionInfo(session_, &about);
}

}  // namespace assent
