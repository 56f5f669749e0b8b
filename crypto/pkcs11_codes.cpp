#include "crypto/pkcs11_codes.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace assent {
namespace {

struct Code {
  CK_RV number;
  std::string_view name;
  Errc errc;
  std::string_view advice;
};

constexpr std::string_view kSeeItsLog = "the module says no more than that; its own log may say why";
constexpr std::string_view kPlugIn = "plug the token in again, or bring its network back";
constexpr std::string_view kAskAgain = "a new session is opened when it is next needed; if this stays, restart assent";
constexpr std::string_view kKeyGone = "the token does not have that key any more";
constexpr std::string_view kSuchKeys =
    "the token must make AES keys of 256 bits that are sensitive and not extractable";
constexpr std::string_view kMechanisms = "the token must offer CKM_AES_KEY_GEN and CKM_AES_GCM: enable them there";
constexpr std::string_view kWrongPin = "put the token's user PIN into the PIN file; tokens lock after a few wrong ones";
constexpr std::string_view kUnlockPin = "its security officer has to set a new user PIN";
constexpr std::string_view kWritable = "let the token be written to: replacing the root makes and destroys keys there";
constexpr std::string_view kThreads = "a module that threads can use is needed";
constexpr std::string_view kVendor = "the vendor's manual says what that is";

// What one that works may answer, too, when it is asked by us. The rest is told by number.
constexpr Code kCodes[] = {
    {CKR_CANCEL, "CKR_CANCEL", Errc::unavailable, "somebody at the token said no; ask again"},
    {CKR_HOST_MEMORY, "CKR_HOST_MEMORY", Errc::unavailable, "the module has no memory left"},
    {CKR_SLOT_ID_INVALID, "CKR_SLOT_ID_INVALID", Errc::unavailable, kPlugIn},
    {CKR_GENERAL_ERROR, "CKR_GENERAL_ERROR", Errc::unavailable, kSeeItsLog},
    {CKR_FUNCTION_FAILED, "CKR_FUNCTION_FAILED", Errc::unavailable, kSeeItsLog},
    {CKR_ARGUMENTS_BAD, "CKR_ARGUMENTS_BAD", Errc::unavailable, "a module of PKCS#11 2.40 or later is needed"},
    {CKR_NEED_TO_CREATE_THREADS, "CKR_NEED_TO_CREATE_THREADS", Errc::unavailable, kThreads},
    {CKR_CANT_LOCK, "CKR_CANT_LOCK", Errc::unsupported, kThreads},
    {CKR_ATTRIBUTE_READ_ONLY, "CKR_ATTRIBUTE_READ_ONLY", Errc::unsupported, kSuchKeys},
    {CKR_ATTRIBUTE_SENSITIVE, "CKR_ATTRIBUTE_SENSITIVE", Errc::unavailable, kSeeItsLog},
    {CKR_ATTRIBUTE_TYPE_INVALID, "CKR_ATTRIBUTE_TYPE_INVALID", Errc::unsupported, kSuchKeys},
    {CKR_ATTRIBUTE_VALUE_INVALID, "CKR_ATTRIBUTE_VALUE_INVALID", Errc::unsupported, kSuchKeys},
    {CKR_ACTION_PROHIBITED, "CKR_ACTION_PROHIBITED", Errc::unavailable, "the token's own rules forbid it"},
    {CKR_DATA_INVALID, "CKR_DATA_INVALID", Errc::unavailable, kSeeItsLog},
    {CKR_DATA_LEN_RANGE, "CKR_DATA_LEN_RANGE", Errc::unavailable, kSeeItsLog},
    {CKR_DEVICE_ERROR, "CKR_DEVICE_ERROR", Errc::unavailable, "the token has a fault; its own log may say which"},
    {CKR_DEVICE_MEMORY, "CKR_DEVICE_MEMORY", Errc::unavailable, "the token is full: remove what is not needed"},
    {CKR_DEVICE_REMOVED, "CKR_DEVICE_REMOVED", Errc::unavailable, kPlugIn},
    {CKR_ENCRYPTED_DATA_INVALID, "CKR_ENCRYPTED_DATA_INVALID", Errc::unavailable, kSeeItsLog},
    {CKR_ENCRYPTED_DATA_LEN_RANGE, "CKR_ENCRYPTED_DATA_LEN_RANGE", Errc::unavailable, kSeeItsLog},
    {CKR_FUNCTION_CANCELED, "CKR_FUNCTION_CANCELED", Errc::unavailable, kAskAgain},
    {CKR_FUNCTION_NOT_SUPPORTED, "CKR_FUNCTION_NOT_SUPPORTED", Errc::unsupported, kMechanisms},
    {CKR_KEY_HANDLE_INVALID, "CKR_KEY_HANDLE_INVALID", Errc::unavailable, kKeyGone},
    {CKR_KEY_SIZE_RANGE, "CKR_KEY_SIZE_RANGE", Errc::unsupported, kSuchKeys},
    {CKR_KEY_TYPE_INCONSISTENT, "CKR_KEY_TYPE_INCONSISTENT", Errc::unsupported, kSuchKeys},
    {CKR_KEY_FUNCTION_NOT_PERMITTED, "CKR_KEY_FUNCTION_NOT_PERMITTED", Errc::unsupported,
     "the key must have CKA_ENCRYPT and CKA_DECRYPT; name another label, so that a right one is made"},
    {CKR_MECHANISM_INVALID, "CKR_MECHANISM_INVALID", Errc::unsupported, kMechanisms},
    {CKR_MECHANISM_PARAM_INVALID, "CKR_MECHANISM_PARAM_INVALID", Errc::unsupported, kMechanisms},
    {CKR_OBJECT_HANDLE_INVALID, "CKR_OBJECT_HANDLE_INVALID", Errc::unavailable, kKeyGone},
    {CKR_OPERATION_ACTIVE, "CKR_OPERATION_ACTIVE", Errc::unavailable, kAskAgain},
    {CKR_OPERATION_NOT_INITIALIZED, "CKR_OPERATION_NOT_INITIALIZED", Errc::unavailable, kAskAgain},
    {CKR_PIN_INCORRECT, "CKR_PIN_INCORRECT", Errc::denied, kWrongPin},
    {CKR_PIN_INVALID, "CKR_PIN_INVALID", Errc::denied, kWrongPin},
    {CKR_PIN_LEN_RANGE, "CKR_PIN_LEN_RANGE", Errc::denied, kWrongPin},
    {CKR_PIN_EXPIRED, "CKR_PIN_EXPIRED", Errc::unavailable, "set a new user PIN on the token, and in the PIN file"},
    {CKR_PIN_LOCKED, "CKR_PIN_LOCKED", Errc::unavailable, kUnlockPin},
    {CKR_SESSION_CLOSED, "CKR_SESSION_CLOSED", Errc::unavailable, kAskAgain},
    {CKR_SESSION_COUNT, "CKR_SESSION_COUNT", Errc::unavailable, "the token has no session left: close others' first"},
    {CKR_SESSION_HANDLE_INVALID, "CKR_SESSION_HANDLE_INVALID", Errc::unavailable, kAskAgain},
    {CKR_SESSION_READ_ONLY, "CKR_SESSION_READ_ONLY", Errc::unavailable, kWritable},
    {CKR_SESSION_READ_WRITE_SO_EXISTS, "CKR_SESSION_READ_WRITE_SO_EXISTS", Errc::unavailable,
     "log the security officer out of the token"},
    {CKR_TEMPLATE_INCOMPLETE, "CKR_TEMPLATE_INCOMPLETE", Errc::unsupported, kSuchKeys},
    {CKR_TEMPLATE_INCONSISTENT, "CKR_TEMPLATE_INCONSISTENT", Errc::unsupported, kSuchKeys},
    {CKR_TOKEN_NOT_PRESENT, "CKR_TOKEN_NOT_PRESENT", Errc::unavailable, kPlugIn},
    {CKR_TOKEN_NOT_RECOGNIZED, "CKR_TOKEN_NOT_RECOGNIZED", Errc::unavailable, "that token is not initialised"},
    {CKR_TOKEN_WRITE_PROTECTED, "CKR_TOKEN_WRITE_PROTECTED", Errc::unavailable, kWritable},
    {CKR_USER_NOT_LOGGED_IN, "CKR_USER_NOT_LOGGED_IN", Errc::unavailable, kAskAgain},
    {CKR_USER_PIN_NOT_INITIALIZED, "CKR_USER_PIN_NOT_INITIALIZED", Errc::unavailable, kUnlockPin},
    {CKR_USER_ANOTHER_ALREADY_LOGGED_IN, "CKR_USER_ANOTHER_ALREADY_LOGGED_IN", Errc::unavailable,
     "log the security officer out of the token"},
    {CKR_USER_TOO_MANY_TYPES, "CKR_USER_TOO_MANY_TYPES", Errc::unavailable, "log others out of the token"},
    {CKR_BUFFER_TOO_SMALL, "CKR_BUFFER_TOO_SMALL", Errc::unsupported, kSeeItsLog},
    {CKR_CRYPTOKI_NOT_INITIALIZED, "CKR_CRYPTOKI_NOT_INITIALIZED", Errc::unavailable, kAskAgain},
    {CKR_FIPS_SELF_TEST_FAILED, "CKR_FIPS_SELF_TEST_FAILED", Errc::unavailable, "the token has a fault"},
    {CKR_LIBRARY_LOAD_FAILED, "CKR_LIBRARY_LOAD_FAILED", Errc::unavailable, "install what the module needs"},
    {CKR_FUNCTION_REJECTED, "CKR_FUNCTION_REJECTED", Errc::unavailable, "the token's own rules forbid it"},
};

std::string hex(CK_RV number) {
  std::string digits;
  do {
    digits.insert(digits.begin(), "0123456789abcdef"[number % 16]);
    number /= 16;
  } while (number != 0);
  return "0x" + digits;
}

}  // namespace

Error pkcs11_error(std::string_view where, std::string_view doing, CK_RV code) {
  const auto* const known =
      std::find_if(std::begin(kCodes), std::end(kCodes), [&](const Code& each) { return each.number == code; });
  std::string what = std::string(where) + ": " + std::string(doing) + ": ";
  if (known == std::end(kCodes)) {
    const bool is_vendors = (code & CKR_VENDOR_DEFINED) != 0;
    what += (is_vendors ? "CKR_VENDOR_DEFINED + " + hex(code & ~CKR_VENDOR_DEFINED) : "code " + hex(code)) + ": ";
    return error(Errc::unavailable, what + std::string(is_vendors ? kVendor : kSeeItsLog));
  }
  what += std::string(known->name) + " (" + hex(code) + "): " + std::string(known->advice);
  return error(known->errc, std::move(what));
}

}  // namespace assent
