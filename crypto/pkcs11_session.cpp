#include "crypto/pkcs11_session.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "crypto/aes_gcm.h"
#include "crypto/pkcs11_codes.h"
#include "crypto/random.h"
#include "crypto/secret_buffer.h"

namespace assent {
namespace {

// PKCS#11 has no const: what it only reads is passed by the same pointers as what it writes.
CK_BYTE* unconst(ByteView bytes) { return const_cast<CK_BYTE*>(bytes.data()); }

CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, ByteView bytes) { return {type, unconst(bytes), bytes.size()}; }

template <typename Value>
CK_ATTRIBUTE attribute_of(CK_ATTRIBUTE_TYPE type, Value& value) {
  return {type, &value, sizeof value};
}

bool is_told(const CK_ATTRIBUTE& attribute) { return attribute.ulValueLen != CK_UNAVAILABLE_INFORMATION; }

CK_GCM_PARAMS gcm_parameters(std::span<std::uint8_t, kGcmIvBytes> iv, ByteView aad) {
  return {iv.data(), iv.size(), 8 * iv.size(), unconst(aad), aad.size(), 8 * kGcmTagBytes};
}

CK_MECHANISM gcm(CK_GCM_PARAMS& parameters) { return {CKM_AES_GCM, &parameters, sizeof parameters}; }

// Padded with spaces to 32 bytes.
std::string label_of(const CK_TOKEN_INFO& token) {
  const std::string_view padded(reinterpret_cast<const char*>(token.label), sizeof token.label);
  return std::string(padded.substr(0, padded.find_last_not_of(' ') + 1));
}

Result<std::vector<CK_SLOT_ID>> slots_with_tokens(const CK_FUNCTION_LIST& functions, std::string_view where) {
  std::vector<CK_SLOT_ID> slots;
  for (CK_RV code = CKR_BUFFER_TOO_SMALL; code == CKR_BUFFER_TOO_SMALL;) {
    CK_ULONG count = 0;
    code = functions.C_GetSlotList(CK_TRUE, nullptr, &count);
    if (code == CKR_OK) {
      slots.resize(count);
      code = functions.C_GetSlotList(CK_TRUE, slots.data(), &count);
      slots.resize(std::min<std::size_t>(count, slots.size()));
    }
    // A token that was plugged in between the two is what makes it too small.
    if (code != CKR_OK && code != CKR_BUFFER_TOO_SMALL) return pkcs11_error(where, "look for its slot", code);
  }
  return slots;
}

Result<CK_SLOT_ID> find_slot(const CK_FUNCTION_LIST& functions, std::string_view where, std::string_view label) {
  const auto slots = slots_with_tokens(functions, where);
  if (!slots) return slots.error();
  std::vector<CK_SLOT_ID> found;
  std::string others;
  for (const CK_SLOT_ID slot : *slots) {
    CK_TOKEN_INFO token{};
    // A slot whose token does not answer is as one without: it may not be the one.
    if (functions.C_GetTokenInfo(slot, &token) != CKR_OK || (token.flags & CKF_TOKEN_INITIALIZED) == 0) continue;
    if (label_of(token) == label)
      found.push_back(slot);
    else
      others += (others.empty() ? "\"" : ", \"") + label_of(token) + "\"";
  }
  if (found.size() == 1) return found.front();
  if (found.size() > 1) {
    return error(Errc::conflict, std::string(where) + ": " + std::to_string(found.size()) +
                                     " tokens have that label; give each its own, or take the others out");
  }
  return error(Errc::unavailable, std::string(where) + ": no token there has that label (" +
                                      (others.empty() ? "there is none at all" : "there is " + others) +
                                      "); plug it in, bring its network back, or give the right label and module");
}

}  // namespace

Pkcs11Session::Pkcs11Session(const CK_FUNCTION_LIST& functions, std::string where, CK_SESSION_HANDLE session)
    : functions_(&functions), where_(std::move(where)), session_(session) {}

Pkcs11Session::Pkcs11Session(Pkcs11Session&& other) noexcept
    : functions_(other.functions_),
      where_(std::move(other.where_)),
      session_(std::exchange(other.session_, CK_INVALID_HANDLE)) {}

Pkcs11Session::~Pkcs11Session() {
  if (session_ != CK_INVALID_HANDLE) functions_->C_CloseSession(session_);
}

Error Pkcs11Session::fault(std::string_view doing, CK_RV code) const { return pkcs11_error(where_, doing, code); }

Result<Pkcs11Session> Pkcs11Session::start(const Pkcs11Module& module, std::string where, std::string_view token_label,
                                           PinFile& pin_file) {
  const CK_FUNCTION_LIST& functions = module.functions();
  const auto slot = find_slot(functions, where, token_label);
  if (!slot) return slot.error();
  CK_SESSION_HANDLE handle = CK_INVALID_HANDLE;
  const CK_RV code = functions.C_OpenSession(*slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &handle);
  if (code != CKR_OK) return pkcs11_error(where, "open a session", code);
  Pkcs11Session session(functions, std::move(where), handle);
  if (auto logged_in = session.log_in(*slot, pin_file); !logged_in) return logged_in.error();
  return session;
}

Result<void> Pkcs11Session::log_in(CK_SLOT_ID slot, PinFile& pin_file) const {
  const auto pin = pin_file.read();
  if (!pin) return error(pin.error().code, where_ + ": log in: " + pin.error().what);
  CK_TOKEN_INFO token{};
  if (functions_->C_GetTokenInfo(slot, &token) == CKR_OK && (token.flags & CKF_USER_PIN_FINAL_TRY) != 0) {
    // Whatever starts the engine again and again would lock the token for good.
    return error(Errc::denied, where_ + ": log in: wrong PINs were tried, and one more would lock the token; log in " +
                                   "with its vendor's own tool and the right PIN, put that into the PIN file, and " +
                                   "start again");
  }
  const CK_RV code = functions_->C_Login(session_, CKU_USER, pin->reveal().data(), pin->reveal().size());
  if (code == CKR_OK || code == CKR_USER_ALREADY_LOGGED_IN) return {};
  const Error refused = fault("log in", code);
  if (refused.code == Errc::denied) pin_file.note_refused(*pin);
  return refused;
}

Result<std::vector<Pkcs11Key>> Pkcs11Session::find_keys(std::string_view label) const {
  CK_OBJECT_CLASS kind = CKO_SECRET_KEY;
  CK_BBOOL yes = CK_TRUE;
  std::array<CK_ATTRIBUTE, 3> wanted = {attribute_of(CKA_CLASS, kind), attribute_of(CKA_TOKEN, yes),
                                        attribute(CKA_LABEL, bytes_of(label))};
  if (const CK_RV code = functions_->C_FindObjectsInit(session_, wanted.data(), wanted.size()); code != CKR_OK) {
    return fault("look for keys", code);
  }
  std::vector<CK_OBJECT_HANDLE> handles;
  CK_RV code = CKR_OK;
  for (CK_ULONG count = 1; code == CKR_OK && count > 0;) {
    std::array<CK_OBJECT_HANDLE, 16> some;
    count = 0;
    code = functions_->C_FindObjects(session_, some.data(), some.size(), &count);
    if (code == CKR_OK) handles.insert(handles.end(), some.begin(), some.begin() + std::min(count, some.size()));
  }
  const CK_RV ended = functions_->C_FindObjectsFinal(session_);
  if (code != CKR_OK || ended != CKR_OK) return fault("look for keys", code != CKR_OK ? code : ended);
  std::vector<Pkcs11Key> keys;
  for (const CK_OBJECT_HANDLE handle : handles) {
    auto key = describe_key(handle);
    if (!key) return key.error();
    keys.push_back(*std::move(key));
  }
  return keys;
}

Result<Pkcs11Key> Pkcs11Session::describe_key(CK_OBJECT_HANDLE key) const {
  std::array<CK_BYTE, 64> id;
  CK_KEY_TYPE type = 0;
  CK_ULONG key_bytes = 0;
  CK_BBOOL sensitive = CK_FALSE;
  CK_BBOOL extractable = CK_TRUE;
  std::array<CK_ATTRIBUTE, 5> asked = {attribute(CKA_ID, id), attribute_of(CKA_KEY_TYPE, type),
                                       attribute_of(CKA_VALUE_LEN, key_bytes), attribute_of(CKA_SENSITIVE, sensitive),
                                       attribute_of(CKA_EXTRACTABLE, extractable)};
  const CK_RV code = functions_->C_GetAttributeValue(session_, key, asked.data(), asked.size());
  // These say that some are not told; the others are.
  const bool is_answer = code == CKR_OK || code == CKR_ATTRIBUTE_SENSITIVE || code == CKR_ATTRIBUTE_TYPE_INVALID ||
                         code == CKR_BUFFER_TOO_SMALL;
  if (!is_answer) return fault("look at a key", code);
  Pkcs11Key described;
  described.handle = key;
  if (is_told(asked[0])) described.id.assign(id.begin(), id.begin() + std::min(asked[0].ulValueLen, id.size()));
  if (is_told(asked[1])) described.type = type;
  if (is_told(asked[2])) described.key_bytes = key_bytes;
  if (is_told(asked[3])) described.is_sensitive = sensitive == CK_TRUE;
  if (is_told(asked[4])) described.is_extractable = extractable != CK_FALSE;
  return described;
}

Result<void> Pkcs11Session::make_key(std::string_view label, KeyId id) const {
  CK_OBJECT_CLASS kind = CKO_SECRET_KEY;
  CK_KEY_TYPE type = CKK_AES;
  CK_ULONG key_bytes = SecretKey::kBytes;
  CK_BBOOL yes = CK_TRUE;
  CK_BBOOL no = CK_FALSE;
  std::array<CK_ATTRIBUTE, 16> wanted = {
      attribute_of(CKA_CLASS, kind),          attribute_of(CKA_KEY_TYPE, type),
      attribute_of(CKA_VALUE_LEN, key_bytes), attribute_of(CKA_TOKEN, yes),
      attribute_of(CKA_PRIVATE, yes),         attribute_of(CKA_SENSITIVE, yes),
      attribute_of(CKA_ENCRYPT, yes),         attribute_of(CKA_DECRYPT, yes),
      attribute_of(CKA_EXTRACTABLE, no),      attribute_of(CKA_WRAP, no),
      attribute_of(CKA_UNWRAP, no),           attribute_of(CKA_SIGN, no),
      attribute_of(CKA_VERIFY, no),           attribute_of(CKA_DERIVE, no),
      attribute(CKA_ID, id.view()),           attribute(CKA_LABEL, bytes_of(label)),
  };
  CK_MECHANISM generate = {CKM_AES_KEY_GEN, nullptr, 0};
  CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
  const CK_RV code = functions_->C_GenerateKey(session_, &generate, wanted.data(), wanted.size(), &made);
  if (code != CKR_OK) return fault("make a key", code);
  return {};
}

Result<void> Pkcs11Session::destroy_key(CK_OBJECT_HANDLE key) const {
  if (const CK_RV code = functions_->C_DestroyObject(session_, key); code != CKR_OK) {
    return fault("destroy a key", code);
  }
  return {};
}

Result<Bytes> Pkcs11Session::seal(CK_OBJECT_HANDLE key, ByteView aad, ByteView plain) const {
  Bytes sealed(plain.size() + kSealedOverhead);
  const std::span<std::uint8_t, kGcmIvBytes> iv(sealed.data(), kGcmIvBytes);
  const ByteSpan cipher = ByteSpan(sealed).subspan(kGcmIvBytes);
  random_bytes(iv);
  // The IV is taken from where the module leaves it: some draw their own and write it there.
  CK_GCM_PARAMS parameters = gcm_parameters(iv, aad);
  CK_MECHANISM mechanism = gcm(parameters);
  if (const CK_RV code = functions_->C_EncryptInit(session_, &mechanism, key); code != CKR_OK) {
    return fault("begin to encrypt", code);
  }
  CK_ULONG size = cipher.size();
  const CK_RV code = functions_->C_Encrypt(session_, unconst(plain), plain.size(), cipher.data(), &size);
  if (code != CKR_OK) return fault("encrypt", code);
  if (size != cipher.size()) return fault("encrypt, as it gave another length than GCM has", CKR_GENERAL_ERROR);
  return sealed;
}

Result<void> Pkcs11Session::unseal(CK_OBJECT_HANDLE key, ByteView aad, ByteView sealed, ByteSpan plain) const {
  ASSENT_CHECK(sealed.size() == plain.size() + kSealedOverhead);
  std::array<std::uint8_t, kGcmIvBytes> iv;
  std::copy_n(sealed.begin(), iv.size(), iv.begin());
  const ByteView cipher = sealed.subspan(iv.size());
  CK_GCM_PARAMS parameters = gcm_parameters(iv, aad);
  CK_MECHANISM mechanism = gcm(parameters);
  if (const CK_RV code = functions_->C_DecryptInit(session_, &mechanism, key); code != CKR_OK) {
    return fault("begin to decrypt", code);
  }
  // SoftHSM wants room for the tag, too, before it decrypts: so not into `plain` itself.
  const SecretBuffer room(cipher.size());
  CK_ULONG size = room.reveal().size();
  const CK_RV code = functions_->C_Decrypt(session_, unconst(cipher), cipher.size(), room.reveal().data(), &size);
  if (code != CKR_OK) return fault("decrypt", code);
  if (size != plain.size()) return fault("decrypt, as it gave another length than GCM has", CKR_GENERAL_ERROR);
  std::copy_n(room.reveal().begin(), size, plain.begin());
  return {};
}

}  // namespace assent
