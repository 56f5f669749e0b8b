#include "pipelines/siprec_wiring.h"

#include <utility>

#include "crypto/sha256.h"
#include "engine/signalling/recorded_sessions.h"
#include "engine/signalling/sip/tls_folder.h"
#include "pipelines/secret_text.h"
#include "pipelines/siprec_config.h"

namespace assent {
namespace {

Result<std::shared_ptr<const DigestSecret>> open_digest(const pipeline::SiprecTrunk& trunk, const std::string& realm,
                                                        const StateFolder& state) {
  std::shared_ptr<const DigestSecret> digest;
  if (!trunk.secret) return digest;
  const Bounds<std::size_t> bytes{limits::kWebhookSecretBytesMin, limits::kWebhookSecretBytesMax};
  auto used = use_secret("trunk " + trunk.name, *trunk.secret, state, bytes, [&](std::string_view password) {
    digest = std::make_shared<const DigestSecret>(trunk.digest_username, realm, password);
  });
  if (!used) return used.error();
  return digest;
}

std::shared_ptr<const SiprecTrunk> calls_of(const pipeline::SiprecTrunk& trunk) {
  auto calls = std::make_shared<SiprecTrunk>();
  calls->name = trunk.name;
  calls->tenant = trunk.tenant;
  calls->policy = trunk.policy;
  calls->agents = trunk.agents;
  calls->media_from = trunk.media_from;
  if (trunk.notice) {
    const auto hash = sha256(bytes_of(trunk.notice->text));
    calls->notice = Notice{trunk.notice->id, trunk.notice->version, trunk.notice->language, to_hex(hash)};
  }
  return calls;
}

Result<std::unique_ptr<TlsFolder>> open_tls(const pipeline::Siprec& siprec, const StateFolder& state) {
  if (siprec.certificate.empty()) return std::unique_ptr<TlsFolder>();
  const auto authorities = siprec.authorities.empty() ? std::filesystem::path() : state.root() / siprec.authorities;
  return TlsFolder::make(state.root(), state.root() / siprec.certificate, state.root() / siprec.key, authorities);
}

}  // namespace

Result<SipTrunks> open_trunks(const pipeline::Siprec& siprec, const StateFolder& state) {
  SipTrunks trunks;
  for (const pipeline::SiprecTrunk& trunk : siprec.trunks) {
    auto digest = open_digest(trunk, siprec.realm, state);
    if (!digest) return digest.error();
    auto made = std::make_shared<SipTrunk>();
    made->calls = calls_of(trunk);
    made->from = trunk.from;
    made->tls_names = trunk.tls_names;
    made->user = trunk.user;
    made->digest = *std::move(digest);
    made->max_sessions = trunk.max_sessions;
    made->takes_unmarked = trunk.takes_unmarked;
    trunks.push_back(std::move(made));
  }
  return trunks;
}

Result<std::unique_ptr<SiprecWiring>> SiprecWiring::start(const Parts& parts, const PipelineSettings& settings) {
  const pipeline::Siprec& siprec = settings.siprec;
  std::unique_ptr<SiprecWiring> wiring;
  if (siprec.listen.empty()) return wiring;
  auto trunks = open_trunks(siprec, parts.state);
  if (!trunks) return trunks.error();
  const auto tls = open_tls(siprec, parts.state);
  if (!tls) return tls.error();

  RecordingServer::Settings server;
  for (const auto& one : siprec.listen) {
    server.stack.listeners.push_back({{one.transport, one.endpoint}, one.asks_for_certificate});
  }
  if (*tls) server.stack.tls_folder = (*tls)->path().string();
  server.stack.user_agent = "assent";
  server.trunks = *std::move(trunks);
  server.realm = siprec.realm;
  server.advertise = siprec.advertise.value_or(settings.listen.rtp_advertise.value_or(settings.listen.rtp_address));
  server.max_sessions = siprec.max_sessions;
  server.timer = {std::chrono::floor<seconds>(siprec.min_session_expires),
                  std::chrono::floor<seconds>(siprec.session_expires)};

  wiring.reset(new SiprecWiring);
  wiring->listeners_ = siprec.listen;
  wiring->sessions_ = std::make_unique<RecordedSessions>(parts.calls, parts.tell);
  auto started = RecordingServer::start(*wiring->sessions_, std::move(server), parts.tell);
  if (!started) return started.error();
  wiring->server_ = *std::move(started);
  return wiring;
}

std::string SiprecWiring::report() const {
  std::string text = "recording sessions (SIPREC) on";
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    pipeline::Siprec::Listener listener = listeners_[i];
    listener.endpoint.port = server_->addresses()[i].endpoint.port;
    text += (i == 0 ? " " : ", ") + to_text(listener);
  }
  return text;
}

}  // namespace assent
