// Pkcs11Roots: the root keys on a token as they were last seen, and the session on it. It decides which keys may be
// roots, and what is tried when the token does not answer.
//
// One object, any thread: everything is asked for within ask(), which lets in one thread at a time. Errors as in
// crypto/pkcs11_root_key.h.
#pragma once

#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "crypto/pin_file.h"
#include "crypto/pkcs11_module.h"
#include "crypto/pkcs11_root_key.h"
#include "crypto/pkcs11_session.h"

namespace assent {

class Pkcs11Roots {
 public:
  struct Root {
    KeyId id;
    CK_OBJECT_HANDLE handle;
  };
  enum class WhenMissing { refuse, make };

  Pkcs11Roots(const Pkcs11Settings& settings, Pkcs11Module module);

  // Before anything else, once.
  Result<void> open(WhenMissing when_missing);

  const std::string& where() const { return where_; }
  KeyId newest_id() const;

  // Gives what attempt() gives, a Result. When that is Errc::unavailable, another session is opened, and it is called
  // once more. What follows may be called only by an attempt.
  template <typename Attempt>
  auto ask(const Attempt& attempt) -> decltype(attempt());

  Result<void> look_again();  // Errc::unavailable when there is none any more; those seen before are kept then
  const std::vector<Root>& oldest_first() const { return oldest_first_; }  // at least one
  const Root* find(KeyId id) const;
  const Pkcs11Session& session() const { return *session_; }
  Result<void> make();                         // it is the newest then
  Result<void> prove(const Root& root) const;  // that the token gives back with it what it took

 private:
  template <typename Attempt>
  auto ask_locked(const Attempt& attempt) -> decltype(attempt());
  Result<void> open_locked(WhenMissing when_missing);
  Result<void> start_session();
  Result<void> start_session_and_look();
  Result<void> reopen();
  Result<std::vector<Root>> search() const;

  const Pkcs11Settings settings_;
  const std::string where_;
  mutable std::mutex mutex_;  // of what follows
  Pkcs11Module module_;
  PinFile pin_file_;
  std::optional<Pkcs11Session> session_;
  std::vector<Root> oldest_first_;
};

template <typename Attempt>
auto Pkcs11Roots::ask(const Attempt& attempt) -> decltype(attempt()) try {
  const std::lock_guard lock(mutex_);
  auto result = ask_locked(attempt);
  if (result || result.error().code == Errc::corrupt || result.error().code == Errc::exhausted) return result;
  // For a caller a PIN that is refused now is a token that does not answer now, as for any other reason.
  return error(Errc::unavailable, result.error().what);
} catch (const std::bad_alloc&) {
  return error(Errc::exhausted, "the memory reserved for keys is used up");
}

template <typename Attempt>
auto Pkcs11Roots::ask_locked(const Attempt& attempt) -> decltype(attempt()) {
  if (session_) {
    auto result = attempt();
    if (result || result.error().code != Errc::unavailable) return result;
  }
  if (auto reopened = reopen(); !reopened) return reopened.error();
  return attempt();
}

}  // namespace assent
