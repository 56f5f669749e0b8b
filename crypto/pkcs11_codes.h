// What a PKCS#11 module answers (OASIS PKCS #11 2.40, section 5.1), as an Error: the code by its name, where, and what
// an operator can do. Any thread.
#pragma once

#include <p11-kit/pkcs11.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace assent {

// "PKCS#11 token "x" (/usr/lib/m.so): encrypt: CKR_DEVICE_REMOVED (0x32): plug the token in again". Errc::denied when
// the PIN was refused, Errc::unsupported when the token cannot do it at all, else Errc::unavailable.
Error pkcs11_error(std::string_view where, std::string_view doing, CK_RV code);

}  // namespace assent
