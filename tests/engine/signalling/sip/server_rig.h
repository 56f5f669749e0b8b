// A RecordingServer on loopback, with the sessions of a test.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "engine/signalling/sip/recording_server.h"
#include "fake_sessions.h"

namespace assent {

struct ServerRig {
  explicit ServerRig(std::vector<SipListener> listeners = {{{SipTransport::udp, *parse_endpoint("127.0.0.1:0")},
                                                            false}},
                     std::vector<KeptDialog> taken_up = {}) {
    sessions.taken_up = std::move(taken_up);
    auto trunk = std::make_shared<SipTrunk>();
    auto calls = std::make_shared<SiprecTrunk>();
    calls->name = "loopback";
    trunk->calls = std::move(calls);
    trunk->from = {*parse_address_range("127.0.0.0/8"), *parse_address_range("::1")};
    trunk->max_sessions = 100;
    trunk->takes_unmarked = true;
    RecordingServer::Settings settings;
    settings.stack.listeners = std::move(listeners);
    settings.stack.user_agent = "assent";
    settings.trunks = {trunk};
    settings.realm = "assent";
    settings.advertise = *parse_endpoint("127.0.0.1:0");
    settings.workers = 2;
    auto started = RecordingServer::start(sessions, std::move(settings), [this](const std::string& line) {
      const std::lock_guard lock(sessions.mutex);
      lines.push_back(line);
    });
    if (started) {
      server = *std::move(started);
    } else {
      failure = started.error().what;
    }
  }
  Endpoint address(std::size_t index = 0) const { return server->addresses()[index].endpoint; }

  FakeSessions sessions;
  std::vector<std::string> lines;
  std::string failure;
  std::unique_ptr<RecordingServer> server;
};

}  // namespace assent
