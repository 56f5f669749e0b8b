// Pkcs11Module: a share in a PKCS#11 module, the library that speaks to tokens.
//
// A module is initialised once in a process, whoever uses it: so shares of one library are counted, here, for the whole
// process. The first initialises it, the last finalises it; a module that something else in the process initialised (a
// TLS library, through p11-kit) is used as it is and never finalised. The library stays loaded until the process ends,
// because modules leave threads and exit handlers behind.
//
// Any thread; what `functions` gives may be called by any thread, too, as the module is asked to lock. Errors:
// Errc::unavailable when the library cannot be loaded or will not start, Errc::unsupported when it cannot be shared by
// threads, Errc::conflict from restart. They name the library.
#pragma once

#include <p11-kit/pkcs11.h>

#include <filesystem>

#include "base/result.h"

namespace assent {

class Pkcs11Module {
 public:
  static Result<Pkcs11Module> load(const std::filesystem::path& path);
  Pkcs11Module(Pkcs11Module&& other) noexcept;
  Pkcs11Module& operator=(Pkcs11Module&&) = delete;
  ~Pkcs11Module();

  const CK_FUNCTION_LIST& functions() const { return *functions_; }

  // Ends every session and begins anew: some modules see a token that was away only then. Errc::conflict when others
  // share the module. When it will not start again, its functions say CKR_CRYPTOKI_NOT_INITIALIZED until a restart
  // does.
  Result<void> restart();

 private:
  Pkcs11Module(std::filesystem::path path, void* library, const CK_FUNCTION_LIST* functions);

  std::filesystem::path path_;
  void* library_;  // null after a move
  const CK_FUNCTION_LIST* functions_;
};

}  // namespace assent
