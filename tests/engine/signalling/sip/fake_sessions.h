// SiprecSessions of a test: takes every offer, unless told what to answer, and notes what it was asked.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "engine/signalling/siprec_sessions.h"

namespace assent {

class FakeSessions final : public SiprecSessions {
 public:
  SiprecAnswer begin(const SiprecOffer& offer) override {
    const std::lock_guard lock(mutex);
    asked.push_back("begin");
    bodies.emplace_back(offer.body);
    kept[offer.dialog] = offer.kept;
    if (answer.status < 300) there.push_back(offer.dialog);
    return answer;
  }
  SiprecAnswer change(const SiprecOffer& offer) override {
    const std::lock_guard lock(mutex);
    asked.push_back("change");
    bodies.emplace_back(offer.body);
    return answer;
  }
  SiprecAnswer inform(const SipDialog&, std::string_view content_type, std::string_view) override {
    const std::lock_guard lock(mutex);
    asked.push_back("inform " + std::string(content_type));
    return {};
  }
  void end(const SipDialog& dialog, std::string_view why) override {
    const std::lock_guard lock(mutex);
    asked.push_back("end " + std::string(why));
    std::erase(there, dialog);
  }
  std::vector<KeptDialog> take_up() override { return taken_up; }
  std::vector<SipDialog> ended() override {
    const std::lock_guard lock(mutex);
    return std::exchange(over, {});
  }

  std::size_t count() {
    const std::lock_guard lock(mutex);
    return there.size();
  }

  std::mutex mutex;
  SiprecAnswer answer{200, "OK", "v=0\r\ns=-\r\nm=audio 20000 RTP/AVP 0\r\n", {}};
  std::vector<std::string> asked;
  std::vector<std::string> bodies;
  std::map<SipDialog, std::string> kept;
  std::vector<SipDialog> there;
  std::vector<KeptDialog> taken_up;
  std::vector<SipDialog> over;
};

}  // namespace assent
