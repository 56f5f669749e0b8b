#include "crypto/pkcs11_module.h"

#include <dlfcn.h>

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "crypto/pkcs11_codes.h"

namespace assent {
namespace {

struct Shared {
  int shares = 0;
  bool is_initialized_by_us = false;
};

// By the library's handle, which is the same by whatever path it was loaded. The one thing here that belongs to the
// process: PKCS#11 has one state a library a process, and whoever finalises it takes it from everybody.
struct SharedModules {
  std::mutex mutex;
  std::map<void*, Shared> by_library;
};

SharedModules& shared_modules() {
  static SharedModules modules;
  return modules;
}

std::string named(const std::filesystem::path& path) { return "PKCS#11 module " + path.string(); }

Result<void> initialize(const std::filesystem::path& path, const CK_FUNCTION_LIST& functions, Shared& shared) {
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  const CK_RV code = functions.C_Initialize(&arguments);
  if (code == CKR_CRYPTOKI_ALREADY_INITIALIZED) return {};
  if (code != CKR_OK) return pkcs11_error(named(path), "start", code);
  shared.is_initialized_by_us = true;
  return {};
}

void finalize(const CK_FUNCTION_LIST& functions, Shared& shared) {
  if (std::exchange(shared.is_initialized_by_us, false)) functions.C_Finalize(nullptr);
}

std::string last_loading_error() {
  const char* why = ::dlerror();
  return why != nullptr ? why : "unknown error";
}

}  // namespace

Pkcs11Module::Pkcs11Module(std::filesystem::path path, void* library, const CK_FUNCTION_LIST* functions)
    : path_(std::move(path)), library_(library), functions_(functions) {}

Pkcs11Module::Pkcs11Module(Pkcs11Module&& other) noexcept
    : path_(std::move(other.path_)), library_(std::exchange(other.library_, nullptr)), functions_(other.functions_) {}

Result<Pkcs11Module> Pkcs11Module::load(const std::filesystem::path& path) {
  const auto cannot = [&](const std::string& why) {
    return error(Errc::unavailable, named(path) + ": cannot be loaded: " + why +
                                        "; give the path of the library that came with the token, and install it");
  };
  auto& modules = shared_modules();
  const std::lock_guard lock(modules.mutex);
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return cannot(last_loading_error());
  const auto get_functions = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
  if (get_functions == nullptr) {
    ::dlclose(library);
    return cannot("it is no PKCS#11 module (it has no C_GetFunctionList)");
  }
  CK_FUNCTION_LIST* functions = nullptr;
  if (const CK_RV code = get_functions(&functions); code != CKR_OK || functions == nullptr) {
    return pkcs11_error(named(path), "ask for its functions", code != CKR_OK ? code : CKR_GENERAL_ERROR);
  }
  Shared& shared = modules.by_library[library];
  if (shared.shares == 0) {
    if (auto initialized = initialize(path, *functions, shared); !initialized) return initialized.error();
  }
  ++shared.shares;
  return Pkcs11Module(path, library, functions);
}

Pkcs11Module::~Pkcs11Module() {
  if (library_ == nullptr) return;
  auto& modules = shared_modules();
  const std::lock_guard lock(modules.mutex);
  Shared& shared = modules.by_library[library_];
  if (--shared.shares == 0) finalize(*functions_, shared);
}

Result<void> Pkcs11Module::restart() {
  auto& modules = shared_modules();
  const std::lock_guard lock(modules.mutex);
  Shared& shared = modules.by_library[library_];
  if (shared.shares != 1) {
    return error(Errc::conflict, named(path_) + ": is not restarted while others in this process use it");
  }
  finalize(*functions_, shared);
  return initialize(path_, *functions_, shared);
}

}  // namespace assent
