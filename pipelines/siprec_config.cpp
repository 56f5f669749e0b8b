#include "pipelines/siprec_config.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/consent/policy.h"
#include "pipelines/webhook_config.h"

namespace assent {
namespace {

constexpr std::string_view kListenForms =
    "a list such as [\"udp:192.0.2.1:5060\", \"tcp:[::]:5060\", \"tls:0.0.0.0:5061\", \"mtls:0.0.0.0:5062\"]";

struct Scheme {
  std::string_view name;
  SipTransport transport;
  bool asks_for_certificate;
};
constexpr std::array<Scheme, 4> kSchemes = {{{"udp", SipTransport::udp, false},
                                             {"tcp", SipTransport::tcp, false},
                                             {"tls", SipTransport::tls, false},
                                             {"mtls", SipTransport::tls, true}}};

std::optional<pipeline::Siprec::Listener> parse_listener(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto endpoint = parse_endpoint(text.substr(colon + 1));
  const auto* scheme = std::find_if(kSchemes.begin(), kSchemes.end(),
                                    [&](const Scheme& one) { return one.name == text.substr(0, colon); });
  if (!endpoint || scheme == kSchemes.end()) return std::nullopt;
  return pipeline::Siprec::Listener{scheme->transport, *endpoint, scheme->asks_for_certificate};
}

std::vector<pipeline::Siprec::Listener> take_listeners(SectionReader& section) {
  std::vector<pipeline::Siprec::Listener> listeners;
  section.require("listen", kListenForms);
  for (const std::string& text : section.take_texts("listen").value_or(std::vector<std::string>{})) {
    const auto listener = parse_listener(text);
    if (!listener) {
      section.refuse(section.place_of("listen"), "listen", in_quotes(text) + " is not where to listen",
                     std::string(kListenForms));
    } else if (std::find(listeners.begin(), listeners.end(), *listener) != listeners.end()) {
      section.refuse(section.place_of("listen"), "listen", in_quotes(text) + " stands there twice", "each once");
    } else {
      listeners.push_back(*listener);
    }
  }
  if (section.has("listen") && (listeners.empty() || listeners.size() > limits::kSipListeners)) {
    section.refuse(section.place_of("listen"), "listen", listeners.empty() ? "names nothing" : "names too many",
                   "1 to " + std::to_string(limits::kSipListeners) + "; without [siprec] there is no SIP");
  }
  return listeners;
}

void check_tls(SectionReader& section, const pipeline::Siprec& siprec) {
  const auto has = [&](bool asks) {
    return std::any_of(siprec.listen.begin(), siprec.listen.end(), [&](const auto& one) {
      return one.transport == SipTransport::tls && (!asks || one.asks_for_certificate);
    });
  };
  if (has(false)) {
    section.require("certificate", "the PEM file of the certificate, with those between it and its root");
    section.require("key", "the PEM file of the certificate's key");
  }
  if (has(true)) section.require("ca", "the PEM file of the authorities whose certificates are taken");
}

// ---- trunks -------------------------------------------------------------------------------------------------------

std::vector<std::string> take_names(SectionReader& section, std::string_view key) {
  auto names = section.take_texts(key).value_or(std::vector<std::string>{});
  const bool fit = std::all_of(names.begin(), names.end(),
                               [](const auto& name) { return !name.empty() && name.size() <= limits::kRefBytes; });
  if (!fit || names.size() > limits::kSipRanges) {
    section.refuse(section.place_of(key), key, fit ? "names too many" : "has a text in it that is empty or too long",
                   "at most " + std::to_string(limits::kSipRanges) + " texts of 1 to " +
                       std::to_string(limits::kRefBytes) + " bytes");
  }
  return names;
}

std::vector<AddressRange> take_ranges(SectionReader& section) {
  std::vector<AddressRange> ranges;
  for (const std::string& text : take_names(section, "from")) {
    if (const auto range = parse_address_range(text)) {
      ranges.push_back(*range);
    } else {
      section.refuse(section.place_of("from"), "from", in_quotes(text) + " is not a range of addresses",
                     "addresses such as \"192.0.2.7\", \"192.0.2.0/24\" or \"2001:db8::/32\"");
    }
  }
  return ranges;
}

void take_digest(SectionReader& section, pipeline::SiprecTrunk& trunk) {
  trunk.digest_username = section.take_text("digest_username", limits::kNameBytes).value_or("");
  trunk.secret = take_secret_place(section, "secret_file", "secret_env");
  if (trunk.digest_username.empty() == !trunk.secret) return;
  section.refuse(section.place_of("digest_username"), "digest_username", trunk.secret ? "is missing" : "has no secret",
                 "digest_username beside secret_file = \"sbc.secret\" or secret_env = \"ASSENT_SBC_SECRET\"");
}

// The one that is declared under this name: what is on record of it is its text.
std::optional<pipeline::Notice> take_notice(SectionReader& section, const PipelineSettings& settings) {
  const auto id = section.take_text("notice", limits::kNameBytes);
  const auto version = section.take_text("notice_version", limits::kNameBytes);
  if (!id) return std::nullopt;
  std::vector<pipeline::Notice> all = settings.notices;
  if (settings.notice) all.push_back(*settings.notice);
  const auto fits = [&](const pipeline::Notice& one) { return one.id == *id && (!version || one.version == *version); };
  const auto count = std::count_if(all.begin(), all.end(), fits);
  if (count == 1) return *std::find_if(all.begin(), all.end(), fits);
  section.refuse(section.place_of("notice"), "notice",
                 in_quotes(*id) + (count == 0 ? " is not declared" : " is declared in several versions"),
                 "the id of one in [[notices]]; notice_version says which, where there are several");
  return std::nullopt;
}

std::optional<std::string> take_policy(SectionReader& section) {
  const auto policy = section.take_text("policy", limits::kNameBytes);
  if (!policy || parse_policy(*policy)) return policy;
  section.refuse(section.place_of("policy"), "policy", in_quotes(*policy) + " is unknown",
                 "\"all-party\", \"per-party\", \"one-party\"");
  return std::nullopt;
}

pipeline::SiprecTrunk read_trunk(SectionReader&& section, const PipelineSettings& settings) {
  pipeline::SiprecTrunk trunk;
  section.require("name", "a name such as \"sbc-vienna\", which stands on record");
  trunk.name = section.take_text("name", limits::kNameBytes).value_or("");
  trunk.from = take_ranges(section);
  trunk.tls_names = take_names(section, "tls_names");
  trunk.user = section.take_text("user", limits::kNameBytes).value_or("");
  take_digest(section, trunk);
  trunk.tenant = section.take_text("tenant", limits::kRefBytes).value_or("");
  trunk.policy = take_policy(section);
  trunk.notice = take_notice(section, settings);
  trunk.agents = take_names(section, "agents");
  section.take("max_sessions", trunk.max_sessions, Bounds<std::size_t>{1, limits::kSipSessions});
  trunk.takes_unmarked = section.take_flag("unmarked").value_or(false);
  section.take_choice(
      "media_from", trunk.media_from,
      {{"named-address", SiprecTrunk::MediaFrom::named_address}, {"anywhere", SiprecTrunk::MediaFrom::anywhere}});
  section.finish();
  if (!section.has("from") && !section.has("tls_names") && !section.has("digest_username")) {
    section.refuse(section.place_of("from"), "from", "is missing: anybody would be this trunk",
                   "one or more of from, tls_names, and digest_username with its secret");
  }
  return trunk;
}

}  // namespace

std::string to_text(const pipeline::Siprec::Listener& listener) {
  const auto* scheme = std::find_if(kSchemes.begin(), kSchemes.end(), [&](const Scheme& one) {
    return one.transport == listener.transport && one.asks_for_certificate == listener.asks_for_certificate;
  });
  return std::string(scheme->name) + ":" + to_text(listener.endpoint);
}

std::vector<std::string> siprec_summary(const pipeline::Siprec& siprec) {
  std::vector<std::string> lines;
  if (siprec.listen.empty()) return lines;
  std::string listens = "on";
  for (const auto& listener : siprec.listen) listens += " " + to_text(listener);
  lines.push_back(listens + ", at most " + std::to_string(siprec.max_sessions) + " sessions");
  for (const pipeline::SiprecTrunk& trunk : siprec.trunks) {
    std::string known;
    const auto add = [&known](const std::string& what) { known += (known.empty() ? "" : ", ") + what; };
    for (const AddressRange& range : trunk.from) add(range.text());
    for (const std::string& name : trunk.tls_names) add("certificate of " + name);
    if (trunk.secret) add("digest of " + trunk.digest_username);
    if (!trunk.user.empty()) add("user " + trunk.user);
    lines.push_back("trunk " + trunk.name + ": " + known + (trunk.tenant.empty() ? "" : "; tenant " + trunk.tenant));
  }
  return lines;
}

pipeline::Siprec read_siprec(SectionReader&& section, const PipelineSettings& settings, ConfigErrors& errors) {
  pipeline::Siprec siprec;
  siprec.listen = take_listeners(section);
  siprec.advertise = section.take_address("advertise");
  siprec.certificate = section.take_text("certificate", limits::kRefBytes).value_or("");
  siprec.key = section.take_text("key", limits::kRefBytes).value_or("");
  siprec.authorities = section.take_text("ca", limits::kRefBytes).value_or("");
  siprec.realm = section.take_text("realm", limits::kNameBytes).value_or(siprec.realm);
  if (siprec.realm.find_first_of("\"\\") != std::string::npos) {
    section.refuse(section.place_of("realm"), "realm", "has a quote or a backslash", "text without them");
  }
  siprec.max_sessions = settings.capacity.calls;
  section.take("max_sessions", siprec.max_sessions, Bounds<std::size_t>{1, limits::kSipSessions});
  section.take("session_expires", siprec.session_expires, {limits::kSessionExpiresMin, limits::kSessionExpiresMax});
  section.take("min_session_expires", siprec.min_session_expires,
               {limits::kSessionExpiresMin, limits::kSessionExpiresMax});
  if (siprec.session_expires < siprec.min_session_expires) {
    section.refuse(section.place_of("session_expires"), "session_expires", "is less than min_session_expires",
                   "\"" + duration_text(siprec.min_session_expires) + "\" or more");
  }
  for (const TomlValue* table : section.take_tables("trunks")) {
    auto trunk = read_trunk(SectionReader(*table, "siprec.trunks", errors), settings);
    const bool twice = std::any_of(siprec.trunks.begin(), siprec.trunks.end(),
                                   [&](const auto& other) { return other.name == trunk.name; });
    if (twice && !trunk.name.empty()) {
      errors.push_back(
          {table->place, "siprec.trunks.name: " + in_quotes(trunk.name) + " stands there twice", "each name once"});
    } else if (siprec.trunks.size() == limits::kSipTrunks) {
      errors.push_back(
          {table->place, "siprec.trunks: this is one too many", "at most " + std::to_string(limits::kSipTrunks)});
    } else {
      siprec.trunks.push_back(std::move(trunk));
    }
  }
  check_tls(section, siprec);
  if (siprec.trunks.empty()) {
    section.refuse(section.place_of("trunks"), "trunks", "are missing: nobody could set up a session",
                   "one or more [[siprec.trunks]]");
  }
  section.finish();
  return siprec;
}

}  // namespace assent
