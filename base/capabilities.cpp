#include "base/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace assent {
namespace {

constexpr unsigned number_of(Capability capability) {
  switch (capability) {
    case Capability::net_admin: return CAP_NET_ADMIN;
    case Capability::bpf: return CAP_BPF;
  }
  return CAP_LAST_CAP;
}

// The bounding set says what executing a file may give. Without CAP_SETPCAP it cannot be made smaller; then no file
// that is executed may give anything.
Result<void> bound(unsigned number) {
  if (prctl(PR_CAPBSET_READ, number, 0, 0, 0) != 1) return {};
  if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0) return {};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) return {};
  return os_error("give up a capability for programs started later", errno);
}

}  // namespace

Result<void> give_up(std::initializer_list<Capability> capabilities) {
  __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (syscall(SYS_capget, &head, sets.data()) != 0) return os_error("read the capabilities", errno);
  for (const Capability capability : capabilities) {
    const unsigned number = number_of(capability);
    if (auto bounded = bound(number); !bounded) return bounded;
    __user_cap_data_struct& set = sets.at(number / 32);
    const std::uint32_t others = ~(1U << (number % 32));
    set.effective &= others;
    set.permitted &= others;
    set.inheritable &= others;
  }
  // What is neither permitted nor inheritable leaves the ambient set by itself.
  if (syscall(SYS_capset, &head, sets.data()) != 0) return os_error("give up capabilities", errno);
  return {};
}

}  // namespace assent
