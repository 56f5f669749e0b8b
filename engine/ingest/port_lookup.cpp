#include "engine/ingest/port_lookup.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

namespace assent {
namespace {

struct Question {
  nlmsghdr head{};
  inet_diag_req_v2 about{};
};

Question question_about(const Endpoint& local) {
  Question question;
  question.head.nlmsg_len = sizeof question;
  question.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.head.nlmsg_flags = NLM_F_REQUEST;
  question.about.sdiag_protocol = IPPROTO_UDP;
  question.about.idiag_states = ~0U;
  // What a datagram would bring: its destination, and no source.
  question.about.id.idiag_dport = htons(local.port);
  question.about.id.idiag_cookie[0] = question.about.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  if (local.is_v4()) {
    question.about.sdiag_family = AF_INET;
    std::memcpy(question.about.id.idiag_dst, local.address.data() + 12, 4);
  } else {
    question.about.sdiag_family = AF_INET6;
    std::memcpy(question.about.id.idiag_dst, local.address.data(), 16);
  }
  return question;
}

// The inode of the socket that a datagram to `local` reaches; nothing when it reaches none, or nobody answers.
std::optional<std::uint32_t> reached_inode(int netlink_fd, const Endpoint& local) {
  const Question question = question_about(local);
  if (::send(netlink_fd, &question, sizeof question, 0) != sizeof question) return std::nullopt;
  alignas(nlmsghdr) std::array<std::uint8_t, 1024> answer{};
  // Netlink answers while it is being asked, so there is nothing to wait for.
  const auto size = ::recv(netlink_fd, answer.data(), answer.size(), MSG_DONTWAIT);
  nlmsghdr head{};
  inet_diag_msg found{};
  if (size < static_cast<ssize_t>(NLMSG_HDRLEN + sizeof found)) return std::nullopt;
  std::memcpy(&head, answer.data(), sizeof head);
  if (head.nlmsg_type != SOCK_DIAG_BY_FAMILY) return std::nullopt;
  std::memcpy(&found, answer.data() + NLMSG_HDRLEN, sizeof found);
  return found.idiag_inode;
}

}  // namespace

PortLookup::PortLookup() {
  const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (fd < 0) return;
  netlink_fd_ = fd;
  // Nobody else can have a port that the kernel has just chosen: a kernel that does not find it cannot look up.
  const auto own = UdpSocket::bind(*parse_address("127.0.0.1", 0));
  if (own && leads_to(*own)) return;
  ::close(fd);
  netlink_fd_ = -1;
}

PortLookup::~PortLookup() {
  if (netlink_fd_ >= 0) ::close(netlink_fd_);
}

Result<UdpSocket> PortLookup::bind(const Endpoint& local) const {
  auto socket = UdpSocket::bind(local);
  if (socket && !leads_to(*socket)) {
    return error(Errc::conflict, "datagrams to " + to_text(local) + " are steered to another program's socket");
  }
  return socket;
}

bool PortLookup::leads_to(const UdpSocket& socket) const {
  struct stat own {};
  if (netlink_fd_ < 0 || fstat(socket.fd(), &own) != 0) return true;
  const Endpoint local = socket.local();
  const auto leads = [&](const Endpoint& to) {
    return reached_inode(netlink_fd_, to) == static_cast<std::uint32_t>(own.st_ino);
  };
  if (!is_any_address(local)) return leads(local);
  return leads(*parse_address("127.0.0.1", local.port)) && (local.is_v4() || leads(*parse_address("::1", local.port)));
}

}  // namespace assent
