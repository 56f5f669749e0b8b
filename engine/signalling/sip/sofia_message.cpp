#include "engine/signalling/sip/sofia_message.h"

#include <sofia-sip/msg_header.h>
#include <sofia-sip/msg_mclass.h>
#include <sofia-sip/msg_parser.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su_alloc.h>
#include <sofia-sip/su_strlst.h>
#include <sofia-sip/su_tag.h>
#include <sofia-sip/url.h>

#include <algorithm>

#include "base/text.h"

namespace assent {
namespace {

std::string text_of(const char* text) { return text == nullptr ? std::string() : std::string(text); }

// Memory of sofia-sip's for one message.
class Home {
 public:
  Home() { su_home_init(home_); }
  ~Home() { su_home_deinit(home_); }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;
  operator su_home_t*() { return home_; }  // NOLINT: it stands wherever one is wanted

 private:
  su_home_t home_[1] = {SU_HOME_INIT(home_)};
};

template <typename Header>
std::string value_of(su_home_t* home, const Header* header) {
  if (header == nullptr) return {};
  return text_of(sip_header_as_string(home, reinterpret_cast<const sip_header_t*>(header)));
}

std::string url_of(su_home_t* home, const url_t* url) { return text_of(url_as_string(home, url)); }

// Every item of a header that may stand there more than once.
std::vector<std::string> items_of(const msg_list_t* list) {
  std::vector<std::string> items;
  for (; list != nullptr; list = list->k_next) {
    for (const msg_param_t* item = list->k_items; item != nullptr && *item != nullptr; ++item)
      items.emplace_back(*item);
  }
  return items;
}

std::vector<std::string> lower(std::vector<std::string> items) {
  for (std::string& item : items) item = lower_case(item);
  return items;
}

bool has_param(const msg_param_t* params, std::string_view name) {
  for (; params != nullptr && *params != nullptr; ++params) {
    const std::string_view param(*params);
    if (equal_but_for_case(param.substr(0, param.find('=')), name)) return true;
  }
  return false;
}

std::string unquoted(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::string(value);
  std::string plain;
  for (std::size_t i = 1; i + 1 < value.size(); ++i) {
    if (value[i] == '\\' && i + 2 < value.size()) ++i;
    plain += value[i];
  }
  return plain;
}

DigestResponse digest_of(const msg_auth_t& auth) {
  DigestResponse digest;
  const std::pair<std::string_view, std::string*> fields[] = {
      {"realm", &digest.realm},       {"username", &digest.username},   {"nonce", &digest.nonce}, {"uri", &digest.uri},
      {"response", &digest.response}, {"algorithm", &digest.algorithm}, {"qop", &digest.qop},     {"nc", &digest.nc},
      {"cnonce", &digest.cnonce}};
  for (const msg_param_t* param = auth.au_params; param != nullptr && *param != nullptr; ++param) {
    const std::string_view text(*param);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    for (const auto& [name, value] : fields) {
      if (equal_but_for_case(text.substr(0, equals), name)) *value = unquoted(text.substr(equals + 1));
    }
  }
  return digest;
}

std::optional<SessionExpires> session_expires_of(const sip_t& sip) {
  const sip_session_expires_t* header = sip.sip_session_expires;
  if (header == nullptr) return std::nullopt;
  SessionExpires expires{std::chrono::seconds(header->x_delta), Refresher::none};
  const std::string refresher = lower_case(text_of(header->x_refresher));
  if (refresher == "uac") expires.refresher = Refresher::uac;
  if (refresher == "uas") expires.refresher = Refresher::uas;
  return expires;
}

std::optional<std::chrono::seconds> min_se_of(const sip_t& sip) {
  if (sip.sip_min_se == nullptr) return std::nullopt;
  return std::chrono::seconds(sip.sip_min_se->min_delta);
}

SipSource source_of(msg_t* message, tport_t* delivered_by) {
  SipSource source;
  if (const auto from = endpoint_from(&msg_addr(message)->su_sa)) source.from = *from;
  source.transport = transport_of(delivered_by);
  if (delivered_by == nullptr || !tport_is_verified(delivered_by)) return source;
  const su_strlst_t* names = tport_delivered_from_subjects(delivered_by, message);
  for (usize_t i = 0; names != nullptr && i < su_strlst_len(names); ++i) {
    source.tls_names.push_back(text_of(su_strlst_item(names, i)));
  }
  return source;
}

std::string unknown_header(const sip_t& sip, std::string_view name) {
  for (const sip_unknown_t* header = sip.sip_unknown; header != nullptr; header = header->un_next) {
    if (equal_but_for_case(text_of(header->un_name), name)) return text_of(header->un_value);
  }
  return {};
}

}  // namespace

SipTransport transport_of(const tport_t* transport) {
  if (transport == nullptr || !tport_is_reliable(transport)) return SipTransport::udp;
  return tport_has_tls(transport) ? SipTransport::tls : SipTransport::tcp;
}

SipRequest request_of(msg_t* message, const sip_t& sip, tport_t* delivered_by) {
  Home home;
  SipRequest request;
  request.method = text_of(sip.sip_request->rq_method_name);
  request.uri_scheme = lower_case(text_of(sip.sip_request->rq_url->url_scheme));
  request.uri_user = text_of(sip.sip_request->rq_url->url_user);
  request.source = source_of(message, delivered_by);
  request.call_id = text_of(sip.sip_call_id->i_id);
  request.from = value_of(home, sip.sip_from);
  request.to = value_of(home, sip.sip_to);
  request.from_tag = text_of(sip.sip_from->a_tag);
  request.to_tag = text_of(sip.sip_to->a_tag);
  request.cseq = sip.sip_cseq->cs_seq;
  request.require = lower(items_of(sip.sip_require));
  request.supported = lower(items_of(sip.sip_supported));
  request.allow = items_of(reinterpret_cast<const msg_list_t*>(sip.sip_allow));
  for (const sip_accept_t* range = sip.sip_accept; range != nullptr; range = range->ac_next) {
    if (!request.accept) request.accept.emplace();
    if (range->ac_type != nullptr) request.accept->push_back(lower_case(text_of(range->ac_type)));
  }
  if (sip.sip_contact != nullptr) {
    const url_t* url = sip.sip_contact->m_url;
    const bool is_usable = url->url_type == url_sip || url->url_type == url_sips;
    if (is_usable) request.contact = url_of(home, url);
    request.contact_is_src = has_param(sip.sip_contact->m_params, "+sip.src");
  }
  for (const sip_record_route_t* route = sip.sip_record_route; route != nullptr; route = route->r_next) {
    request.record_route.push_back(value_of(home, route));
  }
  request.session_expires = session_expires_of(sip);
  request.min_se = min_se_of(sip);
  for (const msg_auth_t* auth = sip.sip_authorization; auth != nullptr; auth = auth->au_next) {
    if (equal_but_for_case(text_of(auth->au_scheme), "Digest")) request.authorization.push_back(digest_of(*auth));
  }
  request.session_id = unknown_header(sip, "Session-ID");
  if (sip.sip_content_type != nullptr) request.content_type = value_of(home, sip.sip_content_type);
  if (sip.sip_content_encoding != nullptr) {
    request.content_encoding = lower_case(value_of(home, sip.sip_content_encoding));
  }
  if (sip.sip_payload != nullptr && sip.sip_payload->pl_data != nullptr) {
    request.body.assign(sip.sip_payload->pl_data, sip.sip_payload->pl_len);
  }
  return request;
}

std::optional<SipRequest> read_request(std::string_view datagram) {
  msg_t* message = msg_make(sip_default_mclass(), 0, datagram.data(), static_cast<ssize_t>(datagram.size()));
  if (message == nullptr) return std::nullopt;
  const sip_t* sip = sip_object(message);
  std::optional<SipRequest> request;
  if (sip != nullptr && sip->sip_request != nullptr && sip_sanity_check(sip) >= 0) {
    request = request_of(message, *sip, nullptr);
  }
  msg_destroy(message);
  return request;
}

SipOutcome outcome_of(unsigned status, const sip_t* sip) {
  SipOutcome outcome;
  outcome.status = status;
  if (sip == nullptr) return outcome;
  outcome.session_expires = session_expires_of(*sip);
  outcome.min_se = min_se_of(*sip);
  return outcome;
}

bool add_headers(msg_t* message, const std::vector<SipHeader>& headers) {
  for (const SipHeader& header : headers) {
    const std::string line = on_one_line(header.name + ": " + header.value);
    if (sip_add_tl(message, sip_object(message), SIPTAG_HEADER_STR(line.c_str()), TAG_END()) < 0) return false;
  }
  return true;
}

bool add_body(msg_t* message, const std::string& content_type, const std::string& body) {
  if (body.empty()) return true;
  sip_t* sip = sip_object(message);
  sip_payload_t* payload = sip_payload_create(msg_home(message), body.data(), static_cast<issize_t>(body.size()));
  if (payload == nullptr) return false;
  return sip_add_tl(message, sip, SIPTAG_CONTENT_TYPE_STR(content_type.c_str()), TAG_END()) >= 0 &&
         sip_header_insert(message, sip, reinterpret_cast<sip_header_t*>(payload)) >= 0;
}

std::string on_one_line(const std::string& text) {
  std::string line = text;
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return line;
}

}  // namespace assent
