// A RecordingAgent with nothing around it: what it says is noted, what it asks is done when the test says so, in
// virtual time.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "engine/signalling/sip/recording_agent.h"
#include "fake_sessions.h"

namespace assent {

struct AgentRig final : SipNetwork, SiprecWork {
  struct Answered {
    SipTransactionId transaction;
    SipReply reply;
  };
  struct Sent {
    SipRequestId id;
    SipOutgoing message;
  };
  using Kind = RecordingAgent::Reaction::Kind;

  explicit AgentRig(RecordingAgent::Settings settings = {}, std::vector<std::shared_ptr<const SipTrunk>> trunks = {})
      : admission(trunks.empty() ? std::vector{trunk("sbc", "192.0.2.0/24")} : std::move(trunks), "assent",
                  SecretKey::random()),
        agent({admission, *this, *this}, with_address(std::move(settings)), SecretKey::random()) {}

  static std::shared_ptr<const SipTrunk> trunk(const std::string& name, const std::string& from) {
    auto trunk = std::make_shared<SipTrunk>();
    auto calls = std::make_shared<SiprecTrunk>();
    calls->name = name;
    trunk->calls = std::move(calls);
    trunk->from = {*parse_address_range(from)};
    trunk->max_sessions = 3;
    return trunk;
  }

  static RecordingAgent::Settings with_address(RecordingAgent::Settings settings) {
    if (settings.addresses.empty()) settings.addresses = {{SipTransport::udp, *parse_endpoint("203.0.113.1:5060")}};
    return settings;
  }

  // A request of a client's, the next in its dialog.
  SipRequest request(const std::string& method, const std::string& to_tag = "", const std::string& call_id = "call") {
    SipRequest request;
    request.method = method;
    request.uri_scheme = "sip";
    request.uri_user = "srs";
    request.source.from = *parse_endpoint("192.0.2.7:5060");
    request.call_id = call_id;
    request.from = "<sip:src@192.0.2.7>;tag=src-" + call_id;
    request.from_tag = "src-" + call_id;
    request.to = "<sip:srs@203.0.113.1>" + (to_tag.empty() ? "" : ";tag=" + to_tag);
    request.to_tag = to_tag;
    request.cseq = ++cseq;
    request.contact = "sip:src@192.0.2.7:5080";
    request.allow = {"INVITE", "ACK", "BYE", "UPDATE"};
    if (method == "INVITE" || method == "UPDATE") {
      request.require = {"siprec"};
      request.content_type = "application/sdp";
      request.body = "v=0\r\nm=audio 9 RTP/AVP 0\r\n";
    }
    return request;
  }
  RecordingAgent::Reaction receive(const SipRequest& one) { return agent.receive(one, now); }

  // A session that is there and acknowledged; its local tag.
  std::string establish(SipRequest invite) {
    const auto reaction = receive(invite);
    work_all();
    agent.acknowledged(reaction.transaction);
    return answered.back().reply.to_tag;
  }
  std::string establish(const std::string& call_id = "call") { return establish(request("INVITE", "", call_id)); }

  void work_one() {
    auto [job, done] = std::move(tasks.front());
    tasks.pop_front();
    done(job(sessions));
  }
  void work_all() {
    while (!tasks.empty()) work_one();
  }
  std::string header(const SipReply& reply, const std::string& name) const {
    for (const SipHeader& one : reply.headers) {
      if (one.name == name) return one.value;
    }
    return "";
  }
  std::uint64_t refused(std::string_view why) {
    for (const auto& [name, count] : agent.counters(now).refused) {
      if (name == why) return count;
    }
    return 0;
  }

  void answer(SipTransactionId transaction, const SipReply& reply) override {
    answered.push_back({transaction, reply});
  }
  void send(SipRequestId id, const SipOutgoing& message) override { sent.push_back({id, message}); }
  bool has_room() const override { return room; }
  void run(Job job, Done done) override { tasks.emplace_back(std::move(job), std::move(done)); }

  MonoTime now{std::chrono::hours(1)};
  std::uint32_t cseq = 0;
  bool room = true;
  FakeSessions sessions;
  std::deque<std::pair<Job, Done>> tasks;
  std::vector<Answered> answered;
  std::vector<Sent> sent;
  SipAdmission admission;
  RecordingAgent agent;
};

}  // namespace assent
