#include "engine/ingest/port_steering.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "base/limits.h"
#include "engine/ingest/port_range.h"

namespace assent {
namespace {

static_assert(sizeof(std::atomic<std::uint8_t>) == 1 && std::atomic<std::uint8_t>::is_always_lock_free);

// ---- the program ----------------------------------------------------------------------------------------------------

// Registers of the kernel's machine. A call takes r1 to r3 and answers in r0; it keeps r6 and r7, and none of the
// others.
enum Register : std::uint8_t { r0, r1, r2, r3, kContext = 6, kSocket = 7, kStack = 10 };

constexpr bpf_insn instruction(unsigned code, Register to, Register from, int offset, std::int32_t value) {
  bpf_insn made{};
  made.code = static_cast<std::uint8_t>(code);
  made.dst_reg = to & 0xFU;
  made.src_reg = from & 0xFU;
  made.off = static_cast<std::int16_t>(offset);
  made.imm = value;
  return made;
}

constexpr bpf_insn copy(Register to, Register from) {  // to = from
  return instruction(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}
constexpr bpf_insn set(Register to, std::int32_t value) {  // to = value
  return instruction(BPF_ALU64 | BPF_MOV | BPF_K, to, r0, 0, value);
}
constexpr bpf_insn add(Register to, std::int32_t value) {  // to += value
  return instruction(BPF_ALU64 | BPF_ADD | BPF_K, to, r0, 0, value);
}
constexpr bpf_insn add(Register to, Register from) {  // to += from
  return instruction(BPF_ALU64 | BPF_ADD | BPF_X, to, from, 0, 0);
}
constexpr bpf_insn mask(Register to, std::int32_t value) {  // to &= value
  return instruction(BPF_ALU64 | BPF_AND | BPF_K, to, r0, 0, value);
}
constexpr bpf_insn load_word(Register to, Register from, std::size_t offset) {  // to = *(u32*)(from + offset)
  return instruction(BPF_LDX | BPF_MEM | BPF_W, to, from, static_cast<int>(offset), 0);
}
constexpr bpf_insn load_byte(Register to, Register from) {  // to = *(u8*)from
  return instruction(BPF_LDX | BPF_MEM | BPF_B, to, from, 0, 0);
}
constexpr bpf_insn store_word(Register to, int offset, Register from) {  // *(u32*)(to + offset) = from
  return instruction(BPF_STX | BPF_MEM | BPF_W, to, from, offset, 0);
}
constexpr bpf_insn call(bpf_func_id function) { return instruction(BPF_JMP | BPF_CALL, r0, r0, 0, function); }
constexpr bpf_insn finish() { return instruction(BPF_JMP | BPF_EXIT, r0, r0, 0, 0); }

// A list of instructions with one way out before its end: "leave" is a jump there, whose distance is known at the end.
class SteeringProgram {
 public:
  SteeringProgram(const Endpoint& address, int port_table_fd, int sockets_fd) {
    code_.push_back(copy(kContext, r1));

    code_.push_back(load_word(r2, kContext, offsetof(bpf_sk_lookup, protocol)));
    leave_unless(r2, IPPROTO_UDP);
    leave_unless_sent_to(address);

    // r2 = port table [port]
    code_.push_back(load_word(r2, kContext, offsetof(bpf_sk_lookup, local_port)));
    code_.push_back(mask(r2, kUdpPorts - 1));  // which the verifier cannot know
    load_map(r1, BPF_PSEUDO_MAP_VALUE, port_table_fd);
    code_.push_back(add(r1, r2));
    code_.push_back(load_byte(r2, r1));
    leave_if(r2, 0);

    // r0 = sockets [r2 - 1], by a key on the stack
    constexpr int kKey = -4;
    code_.push_back(add(r2, -1));
    code_.push_back(store_word(kStack, kKey, r2));
    load_map(r1, BPF_PSEUDO_MAP_FD, sockets_fd);
    code_.push_back(copy(r2, kStack));
    code_.push_back(add(r2, kKey));
    code_.push_back(call(BPF_FUNC_map_lookup_elem));
    leave_if(r0, 0);

    // Flags 0: another program's choice before ours stands. Whatever the answer, the reference is given back.
    code_.push_back(copy(kSocket, r0));
    code_.push_back(copy(r1, kContext));
    code_.push_back(copy(r2, kSocket));
    code_.push_back(set(r3, 0));
    code_.push_back(call(BPF_FUNC_sk_assign));
    code_.push_back(copy(r1, kSocket));
    code_.push_back(call(BPF_FUNC_sk_release));

    for (const std::size_t leave : leaves_) code_[leave].off = static_cast<std::int16_t>(code_.size() - leave - 1);
    code_.push_back(set(r0, SK_PASS));
    code_.push_back(finish());
  }

  const std::vector<bpf_insn>& code() const { return code_; }

 private:
  void leave_when(unsigned comparison, Register value, std::int32_t with) {
    leaves_.push_back(code_.size());
    code_.push_back(instruction(BPF_JMP32 | comparison | BPF_K, value, r0, 0, with));
  }
  void leave_unless(Register value, std::int32_t wanted) { leave_when(BPF_JNE, value, wanted); }
  // In 64 bits, because what is compared may be an address.
  void leave_if(Register value, std::int32_t unwanted) {
    leaves_.push_back(code_.size());
    code_.push_back(instruction(BPF_JMP | BPF_JEQ | BPF_K, value, r0, 0, unwanted));
  }

  // to = a map, or the first byte of the one value of a map. It takes the place of two instructions.
  void load_map(Register to, unsigned kind, int map_fd) {
    code_.push_back(
        instruction(BPF_LD | BPF_DW | BPF_IMM, to, static_cast<Register>(kind), 0, static_cast<std::int32_t>(map_fd)));
    code_.push_back(bpf_insn{});
  }

  // Words of an address are in network byte order on both sides, so they are compared as they lie.
  void leave_unless_word(std::size_t offset, const std::uint8_t* wanted) {
    std::int32_t word = 0;
    std::memcpy(&word, wanted, sizeof word);
    code_.push_back(load_word(r2, kContext, offset));
    leave_unless(r2, word);
  }

  void leave_unless_sent_to(const Endpoint& address) {
    if (address == *parse_address("::", 0)) return;  // every address of both families
    code_.push_back(load_word(r2, kContext, offsetof(bpf_sk_lookup, family)));
    leave_unless(r2, address.is_v4() ? AF_INET : AF_INET6);
    if (address == *parse_address("0.0.0.0", 0)) return;
    if (address.is_v4()) return leave_unless_word(offsetof(bpf_sk_lookup, local_ip4), &address.address[12]);
    for (std::size_t at = 0; at < address.address.size(); at += 4) {
      leave_unless_word(offsetof(bpf_sk_lookup, local_ip6) + at, &address.address[at]);
    }
  }

  std::vector<bpf_insn> code_;
  std::vector<std::size_t> leaves_;
};

// On kernels before 5.11, and where it cannot find out, libbpf lifts the limit on locked memory if it may. That limit
// says how much audio can be held, so it is put back.
class KeptLockLimit {
 public:
  KeptLockLimit() : known_(getrlimit(RLIMIT_MEMLOCK, &limit_) == 0) {}
  ~KeptLockLimit() {
    if (known_) (void)setrlimit(RLIMIT_MEMLOCK, &limit_);
  }
  KeptLockLimit(const KeptLockLimit&) = delete;
  KeptLockLimit& operator=(const KeptLockLimit&) = delete;

 private:
  rlimit limit_{};
  bool known_;
};

// A failure of one of the steps of `create`, told by what can be done about it.
Error refusal(const char* doing, int error_number) {
  if (error_number == EPERM || error_number == EACCES) {
    return error(Errc::denied,
                 "steering ports needs CAP_NET_ADMIN and CAP_BPF: " + std::string(doing) + " is not permitted without");
  }
  if (error_number == ENOSYS || error_number == EINVAL || error_number == EOPNOTSUPP) {
    return error(Errc::unsupported,
                 "steering ports needs Linux 5.9 with BPF: " + std::string(doing) + " is not possible here");
  }
  return os_error(doing, error_number);
}

}  // namespace

// ---- the kernel's objects -------------------------------------------------------------------------------------------

struct PortSteering::Kernel {
  int port_table_fd = -1;  // one value of kUdpPorts bytes: 0 or 1 + the index of a socket
  int sockets_fd = -1;     // a sockmap
  int program_fd = -1;
  int link_fd = -1;
  std::atomic<std::uint8_t>* port_table = nullptr;  // the table's memory

  ~Kernel() {
    if (port_table != nullptr) munmap(port_table, kUdpPorts);
    for (const int fd : {link_fd, program_fd, sockets_fd, port_table_fd}) {
      if (fd >= 0) ::close(fd);
    }
  }
};

Result<std::unique_ptr<PortSteering>> PortSteering::create(const Settings& settings) {
  if (settings.shards == 0 || settings.shards > limits::kSteeredSockets) {
    return error(Errc::invalid, "ports are steered to 1 to " + std::to_string(limits::kSteeredSockets) + " sockets");
  }
  Endpoint any_port = settings.address;
  any_port.port = 0;
  std::vector<UdpSocket> sockets;
  std::size_t granted_bytes = settings.buffer_bytes;
  for (std::size_t i = 0; i < settings.shards; ++i) {
    auto socket = UdpSocket::bind(any_port);
    if (!socket) return error(Errc::invalid, socket.error().what);
    if (auto told = socket->tell_destinations(); !told) return told.error();
    granted_bytes = std::min(granted_bytes, socket->ask_buffer(settings.buffer_bytes));
    sockets.push_back(std::move(*socket));
  }
  std::unique_ptr<PortSteering> steering(new PortSteering(any_port, std::move(sockets), granted_bytes));
  if (auto attached = steering->attach(); !attached) return attached.error();
  return steering;
}

PortSteering::PortSteering(const Endpoint& address, std::vector<UdpSocket> sockets, std::size_t buffer_bytes)
    : address_(address),
      sockets_(std::move(sockets)),
      buffer_bytes_(buffer_bytes),
      kernel_(std::make_unique<Kernel>()) {}

PortSteering::~PortSteering() = default;

Result<void> PortSteering::attach() {
  libbpf_set_print(nullptr);
  const KeptLockLimit kept;

  bpf_map_create_opts shared{};
  shared.sz = sizeof shared;
  shared.map_flags = BPF_F_MMAPABLE;
  kernel_->port_table_fd =
      bpf_map_create(BPF_MAP_TYPE_ARRAY, "assent_ports", sizeof(std::uint32_t), kUdpPorts, 1, &shared);
  if (kernel_->port_table_fd < 0) return refusal("making a table of ports", errno);
  void* memory = mmap(nullptr, kUdpPorts, PROT_READ | PROT_WRITE, MAP_SHARED, kernel_->port_table_fd, 0);
  if (memory == MAP_FAILED) return refusal("sharing a table of ports with the kernel", errno);
  kernel_->port_table = static_cast<std::atomic<std::uint8_t>*>(memory);

  kernel_->sockets_fd = bpf_map_create(BPF_MAP_TYPE_SOCKMAP, "assent_sockets", sizeof(std::uint32_t),
                                       sizeof(std::uint64_t), static_cast<std::uint32_t>(sockets_.size()), nullptr);
  if (kernel_->sockets_fd < 0) return refusal("making a map of sockets", errno);
  for (std::uint32_t i = 0; i < sockets_.size(); ++i) {
    const auto fd = static_cast<std::uint64_t>(sockets_[i].fd());
    if (bpf_map_update_elem(kernel_->sockets_fd, &i, &fd, BPF_ANY) != 0) {
      return refusal("putting a socket into a map", errno);
    }
  }
  if (auto loaded = load_program(); !loaded) return loaded;

  const int namespace_fd = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (namespace_fd < 0) return os_error("open /proc/self/ns/net", errno);
  kernel_->link_fd = bpf_link_create(kernel_->program_fd, namespace_fd, BPF_SK_LOOKUP, nullptr);
  const int why = errno;
  ::close(namespace_fd);
  if (kernel_->link_fd < 0) return refusal("attaching a program to the network", why);
  return {};
}

Result<void> PortSteering::load_program() {
  const SteeringProgram program(address_, kernel_->port_table_fd, kernel_->sockets_fd);
  bpf_prog_load_opts options{};
  options.sz = sizeof options;
  options.expected_attach_type = BPF_SK_LOOKUP;
  kernel_->program_fd = bpf_prog_load(BPF_PROG_TYPE_SK_LOOKUP, "assent_steer", "Apache-2.0", program.code().data(),
                                      program.code().size(), &options);
  if (kernel_->program_fd < 0) return refusal("loading a program into the kernel", errno);
  return {};
}

// The program reads the byte whenever a datagram comes; nothing else has to be seen with it.
void PortSteering::steer(std::uint16_t port, SteeredShard to) {
  ASSENT_CHECK(to.value < sockets_.size());
  kernel_->port_table[port].store(static_cast<std::uint8_t>(to.value + 1), std::memory_order_relaxed);
}

void PortSteering::release(std::uint16_t port) { kernel_->port_table[port].store(0, std::memory_order_relaxed); }

}  // namespace assent
