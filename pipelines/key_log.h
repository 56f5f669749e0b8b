// KeyLog: hears the keys that rtpengine tells of (engine/signalling/logged_key.h), on a UDP socket and a thread of its
// own.
//
// What it cannot read it passes over; more than fits the socket's buffer is lost, as a network loses it. Whose keys
// count is `press`'s to say, which is called on that thread and may block. Made and destroyed by one thread.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "base/endpoint.h"
#include "base/result.h"
#include "engine/ingest/udp_socket.h"
#include "engine/signalling/logged_key.h"

namespace assent {

class KeyLog {
 public:
  using Press = std::function<void(const LoggedKey& key, const Endpoint& from)>;

  // Errors as UdpSocket::bind.
  static Result<std::unique_ptr<KeyLog>> listen(const Endpoint& local, Press press);
  ~KeyLog();
  KeyLog(const KeyLog&) = delete;
  KeyLog& operator=(const KeyLog&) = delete;

 private:
  KeyLog(UdpSocket socket, int stop_fd, Press press);
  void run();
  void hear();

  UdpSocket socket_;
  int stop_fd_;  // an eventfd, written to when the thread is to end
  Press press_;
  std::thread thread_;
};

}  // namespace assent
