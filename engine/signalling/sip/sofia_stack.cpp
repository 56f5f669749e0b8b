#include "engine/signalling/sip/sofia_stack.h"

// What sofia-sip hands back to its callbacks.
namespace assent {
class SofiaThread;
struct SofiaTransaction;
struct SofiaRequest;
}  // namespace assent
#define NTA_AGENT_MAGIC_T assent::SofiaThread
#define NTA_INCOMING_MAGIC_T assent::SofiaTransaction
#define NTA_OUTGOING_MAGIC_T assent::SofiaRequest
#define SU_WAKEUP_ARG_T assent::SofiaThread
#define SU_TIMER_ARG_T assent::SofiaThread

#include <sofia-sip/nta.h>
#include <sofia-sip/nta_stateless.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/nta_tport.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/su_wait.h>
#include <sofia-sip/tport_tag.h>
#include <sofia-sip/url.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdarg>
#include <future>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "engine/signalling/sip/sofia_message.h"

extern "C" {
extern su_log_t nta_log[];
extern su_log_t tport_log[];
extern su_log_t stun_log[];
extern su_log_t sresolv_log[];
}

namespace assent {
namespace {

constexpr std::size_t kUdpBytes = 65535;

void say_nothing(void*, const char*, va_list) {}

// sofia-sip's own log says what peers send, as often as they do: nothing of it is for an operator.
void silence_sofia() {
  for (su_log_t* log : {su_log_default, su_log_global, nta_log, tport_log, stun_log, sresolv_log}) {
    su_log_redirect(log, say_nothing, nullptr);
    su_log_set_level(log, 0);
  }
}

// "sip:192.0.2.1:5060;transport=udp"; sofia-sip knows TLS by the scheme, too.
std::string url_text(const SipAddress& address) {
  return (address.transport == SipTransport::tls ? "sips:" : "sip:") + to_text(address.endpoint) +
         ";transport=" + std::string(name_of(address.transport));
}

// What nta takes for an agent without a transport so far.
const url_string_t* no_url() { return reinterpret_cast<const url_string_t*>(std::intptr_t{-1}); }

const url_string_t* as_url(const std::string& text) { return reinterpret_cast<const url_string_t*>(text.c_str()); }

}  // namespace

struct SofiaTransaction {
  SofiaThread* thread = nullptr;
  SipTransactionId id;
  nta_incoming_t* incoming = nullptr;
};

struct SofiaRequest {
  SofiaThread* thread = nullptr;
  SipRequestId id;
  nta_outgoing_t* outgoing = nullptr;
  SipOutgoing message;  // an INVITE's, for its ACK
};

// What runs on the thread, and what it owns.
class SofiaThread {
 public:
  explicit SofiaThread(SofiaStack::Settings settings) : settings_(std::move(settings)) {}
  ~SofiaThread();

  Result<void> start();
  void post(std::function<void()> task);
  void stop();

  std::vector<SipAddress> addresses_;
  RecordingAgent* agent_ = nullptr;
  std::function<void(MonoTime)> step_;

  void answer(SipTransactionId id, const SipReply& reply);
  void send(SipRequestId id, const SipOutgoing& message);

 private:
  void run(std::promise<Result<void>> started);
  Result<void> open();
  Result<void> listen(const SipListener& listener);
  void close();
  void run_tasks();
  void bound_connections();
  void count_malformed();

  void receive(msg_t* message, sip_t* sip);
  void reply_without_transaction(msg_t* message, const sip_t& sip, const SipReply& reply);
  void begin(msg_t* message, sip_t* sip, SipTransactionId id, const SipReply& reply);
  void reply(SofiaTransaction& transaction, const SipReply& reply);
  void end(SofiaTransaction& transaction);
  void acknowledge(const SofiaRequest& request);
  msg_t* request_message(const SipOutgoing& request, const char* method);

  static int on_message(SofiaThread* self, nta_agent_t*, msg_t* message, sip_t* sip);
  static int on_invite_event(SofiaTransaction* transaction, nta_incoming_t*, const sip_t* sip);
  static int on_response(SofiaRequest* request, nta_outgoing_t* outgoing, const sip_t* sip);
  static int on_wakeup(su_root_magic_t*, su_wait_t*, SofiaThread* self);
  static void on_timer(su_root_magic_t*, su_timer_t*, SofiaThread* self);

  SofiaStack::Settings settings_;
  std::thread thread_;
  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;  // any thread puts, this one takes
  bool takes_tasks_ = true;
  int wakeup_fd_ = -1;

  su_root_t* root_ = nullptr;
  nta_agent_t* agent_of_sofia_ = nullptr;
  su_timer_t* timer_ = nullptr;
  std::unordered_map<SipTransactionId, std::unique_ptr<SofiaTransaction>> transactions_;
  std::unordered_map<SipRequestId, std::unique_ptr<SofiaRequest>> requests_;
  usize_t malformed_ = 0;
};

// ---- the thread ---------------------------------------------------------------------------------------------------

SofiaThread::~SofiaThread() {
  stop();
  if (wakeup_fd_ >= 0) ::close(wakeup_fd_);
}

Result<void> SofiaThread::start() {
  wakeup_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wakeup_fd_ < 0) return os_error("make an event for SIP", errno);
  std::promise<Result<void>> started;
  auto result = started.get_future();
  thread_ = std::thread([this, promise = std::move(started)]() mutable { run(std::move(promise)); });
  pthread_setname_np(thread_.native_handle(), "sip");
  return result.get();
}

void SofiaThread::post(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (!takes_tasks_) return;
  tasks_.push_back(std::move(task));
  const std::uint64_t one = 1;
  (void)!::write(wakeup_fd_, &one, sizeof one);  // full means that it is awake
}

void SofiaThread::stop() {
  if (!thread_.joinable()) return;
  post([this] { su_root_break(root_); });
  thread_.join();
}

void SofiaThread::run(std::promise<Result<void>> started) {
  auto opened = open();
  const bool runs = opened.has_value();
  started.set_value(std::move(opened));
  if (runs) su_root_run(root_);
  {
    const std::lock_guard lock(mutex_);
    takes_tasks_ = false;
    tasks_.clear();
  }
  close();
}

Result<void> SofiaThread::open() {
  static std::once_flag once;
  std::call_once(once, [] {
    su_init();
    silence_sofia();
  });
  root_ = su_root_create(nullptr);
  if (root_ == nullptr) return error(Errc::io, "sofia-sip does not start");
  su_wait_t wait[1] = {SU_WAIT_INIT};
  if (su_wait_create(wait, wakeup_fd_, SU_WAIT_IN) < 0 || su_root_register(root_, wait, on_wakeup, this, 0) < 0) {
    return error(Errc::io, "sofia-sip cannot wait for events");
  }
  agent_of_sofia_ = nta_agent_create(
      root_, no_url(), on_message, this, NTATAG_UA(1), NTATAG_MERGE_482(0), TPTAG_STUN_SERVER(0), NTATAG_CANCEL_487(0),
      NTATAG_CANCEL_2543(0), NTATAG_MAXSIZE(limits::kSipMessageBytes), NTATAG_SERVER_RPORT(1), NTATAG_USE_NAPTR(0),
      NTATAG_USE_SRV(0), NTATAG_UDP_MTU(kUdpBytes), NTATAG_SIPFLAGS(MSG_DO_CANONIC), TAG_END());
  if (agent_of_sofia_ == nullptr) return error(Errc::io, "sofia-sip makes no agent");
  for (const SipListener& listener : settings_.listeners) {
    if (auto listening = listen(listener); !listening) return listening;
  }
  timer_ = su_timer_create(su_root_task(root_), static_cast<su_duration_t>(limits::kSipStep.count()));
  if (timer_ == nullptr || su_timer_set_for_ever(timer_, on_timer, this) < 0) {
    return error(Errc::io, "sofia-sip makes no timer");
  }
  return {};
}

Result<void> SofiaThread::listen(const SipListener& listener) {
  const std::string url = url_text(listener.address);
  const unsigned policy = listener.asks_for_certificate ? TPTLS_VERIFY_IN : TPTLS_VERIFY_NONE;
  const int added = nta_agent_add_tport(
      agent_of_sofia_, as_url(url), TPTAG_CERTIFICATE(settings_.tls_folder.c_str()), TPTAG_STUN_SERVER(0),
      TPTAG_TLS_VERSION(0), TPTAG_TLS_VERIFY_POLICY(policy), TPTAG_TLS_VERIFY_DEPTH(8),
      TPTAG_IDLE(static_cast<unsigned>(limits::kSipIdleConnection.count())),
      TPTAG_TIMEOUT(static_cast<unsigned>(limits::kSipPartialMessage.count())), TPTAG_QUEUESIZE(256U), TAG_END());
  if (added < 0) {
    const int why = errno;
    return error(Errc::io, "SIP cannot listen on " + std::string(name_of(listener.address.transport)) + ":" +
                               to_text(listener.address.endpoint) + ": " + std::generic_category().message(why) +
                               (listener.address.transport == SipTransport::tls
                                    ? ", or siprec.certificate and siprec.key do not belong together"
                                    : ""));
  }
  SipAddress bound = listener.address;
  tport_t* last = nullptr;
  for (tport_t* one = tport_primaries(nta_agent_tports(agent_of_sofia_)); one != nullptr; one = tport_next(one)) {
    last = one;
  }
  if (const su_addrinfo_t* at = last == nullptr ? nullptr : tport_get_address(last); at != nullptr) {
    if (const auto endpoint = endpoint_from(at->ai_addr)) bound.endpoint.port = endpoint->port;
  }
  addresses_.push_back(bound);
  return {};
}

void SofiaThread::close() {
  for (auto& [id, transaction] : transactions_) nta_incoming_destroy(transaction->incoming);
  for (auto& [id, request] : requests_) nta_outgoing_destroy(request->outgoing);
  transactions_.clear();
  requests_.clear();
  if (timer_ != nullptr) su_timer_destroy(std::exchange(timer_, nullptr));
  if (agent_of_sofia_ != nullptr) nta_agent_destroy(std::exchange(agent_of_sofia_, nullptr));
  if (root_ != nullptr) su_root_destroy(std::exchange(root_, nullptr));
}

int SofiaThread::on_wakeup(su_root_magic_t*, su_wait_t*, SofiaThread* self) {
  std::uint64_t count = 0;
  (void)!::read(self->wakeup_fd_, &count, sizeof count);
  self->run_tasks();
  return 0;
}

void SofiaThread::run_tasks() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
  }
  for (const auto& task : tasks) task();
}

void SofiaThread::on_timer(su_root_magic_t*, su_timer_t*, SofiaThread* self) {
  self->bound_connections();
  self->count_malformed();
  if (self->step_) self->step_(read_mono());
}

// Whoever may not talk to us may still open connections: beyond the bound those in which nothing is under way are
// closed. sofia-sip keeps them in a tree, and shows what follows its root: half of them.
void SofiaThread::bound_connections() {
  std::size_t open = 0;
  tport_t* primary = tport_primaries(nta_agent_tports(agent_of_sofia_));
  for (; primary != nullptr; primary = tport_next(primary)) {
    tport_t* first = tport_secondary(primary);
    for (tport_t* one = first; one != nullptr; one = tport_next(one)) open += 2;
    if (open > limits::kSipConnections) tport_flush(primary);
  }
}

void SofiaThread::count_malformed() {
  usize_t bad = 0;
  nta_agent_get_stats(agent_of_sofia_, NTATAG_S_BAD_MESSAGE_REF(bad), TAG_END());
  if (agent_ != nullptr) agent_->tally().note(SipRefusal::malformed, bad - malformed_);
  malformed_ = bad;
}

// ---- requests of theirs -------------------------------------------------------------------------------------------

int SofiaThread::on_message(SofiaThread* self, nta_agent_t*, msg_t* message, sip_t* sip) {
  // A response to nothing of ours.
  if (self->agent_ == nullptr || sip == nullptr || sip->sip_request == nullptr) {
    nta_msg_discard(self->agent_of_sofia_, message);
    return 0;
  }
  self->receive(message, sip);
  return 0;
}

void SofiaThread::receive(msg_t* message, sip_t* sip) {
  using Kind = RecordingAgent::Reaction::Kind;
  tport_t* by = tport_delivered_by(nta_agent_tports(agent_of_sofia_), message);
  const RecordingAgent::Reaction reaction = agent_->receive(request_of(message, *sip, by), read_mono());
  switch (reaction.kind) {
    case Kind::drop: return nta_msg_discard(agent_of_sofia_, message);
    case Kind::reply: return reply_without_transaction(message, *sip, reaction.reply);
    case Kind::transaction: return begin(message, sip, reaction.transaction, reaction.reply);
  }
}

void SofiaThread::reply_without_transaction(msg_t* message, const sip_t& sip, const SipReply& reply) {
  msg_t* response = nta_msg_create(agent_of_sofia_, 0);
  if (response == nullptr) return nta_msg_discard(agent_of_sofia_, message);
  su_home_t* home = msg_home(response);
  sip_to_t* to = sip_to_dup(home, sip.sip_to);
  if (to != nullptr && to->a_tag == nullptr) sip_to_tag(home, to, reply.to_tag.c_str());
  const std::string phrase = on_one_line(reply.phrase);
  add_headers(response, reply.headers);
  add_body(response, reply.content_type, reply.body);
  nta_msg_mreply(agent_of_sofia_, response, sip_object(response), static_cast<int>(reply.status),
                 su_strdup(home, phrase.c_str()), message, SIPTAG_TO(to),
                 SIPTAG_SERVER_STR(settings_.user_agent.c_str()), TAG_END());
}

void SofiaThread::begin(msg_t* message, sip_t* sip, SipTransactionId id, const SipReply& first) {
  const bool is_invite = sip->sip_request->rq_method == sip_method_invite;
  nta_incoming_t* incoming = nta_incoming_create(agent_of_sofia_, nullptr, message, sip, TAG_END());
  if (incoming == nullptr) return;  // no memory: their retransmission tries again
  auto made = std::make_unique<SofiaTransaction>(SofiaTransaction{this, id, incoming});
  SofiaTransaction& transaction = *transactions_.emplace(id, std::move(made)).first->second;
  if (is_invite) {
    nta_incoming_bind(incoming, on_invite_event, &transaction);
    nta_incoming_treply(incoming, SIP_100_TRYING, TAG_END());
  }
  if (first.status != 0) reply(transaction, first);
}

void SofiaThread::answer(SipTransactionId id, const SipReply& final_reply) {
  const auto found = transactions_.find(id);
  if (found != transactions_.end()) reply(*found->second, final_reply);
}

void SofiaThread::reply(SofiaTransaction& transaction, const SipReply& reply) {
  nta_incoming_t* incoming = transaction.incoming;
  if (!reply.to_tag.empty()) nta_incoming_tag(incoming, reply.to_tag.c_str());
  msg_t* response = nta_incoming_create_response(incoming, 0, nullptr);
  if (response != nullptr) {
    const std::string phrase = on_one_line(reply.phrase);
    const char* kept_phrase = su_strdup(msg_home(response), phrase.c_str());
    add_headers(response, reply.headers);
    add_body(response, reply.content_type, reply.body);
    if (nta_incoming_complete_response(incoming, response, static_cast<int>(reply.status), kept_phrase,
                                       SIPTAG_SERVER_STR(settings_.user_agent.c_str()), TAG_END()) < 0) {
      msg_destroy(response);
    } else {
      nta_incoming_mreply(incoming, response);
    }
  }
  // Of a 2xx to an INVITE the ACK is awaited.
  const bool awaits_ack = nta_incoming_method(incoming) == sip_method_invite && reply.status < 300;
  if (!awaits_ack) end(transaction);
}

void SofiaThread::end(SofiaTransaction& transaction) {
  nta_incoming_destroy(transaction.incoming);
  transactions_.erase(SipTransactionId(transaction.id));
}

int SofiaThread::on_invite_event(SofiaTransaction* transaction, nta_incoming_t*, const sip_t* sip) {
  SofiaThread& self = *transaction->thread;
  const SipTransactionId id = transaction->id;
  if (sip != nullptr && sip->sip_request != nullptr && sip->sip_request->rq_method == sip_method_cancel) {
    self.agent_->tally().note_request("CANCEL");
    self.agent_->cancelled(id);
    return 0;
  }
  self.end(*transaction);
  if (sip == nullptr) {
    self.agent_->unacknowledged(id);
  } else {
    self.agent_->tally().note_request("ACK");
    self.agent_->acknowledged(id);
  }
  return 0;
}

// ---- requests of ours ---------------------------------------------------------------------------------------------

msg_t* SofiaThread::request_message(const SipOutgoing& request, const char* method) {
  msg_t* message = nta_msg_create(agent_of_sofia_, 0);
  if (message == nullptr) return nullptr;
  sip_t* sip = sip_object(message);
  su_home_t* home = msg_home(message);
  const std::string cseq = std::to_string(request.cseq) + " " + method;
  sip_request_t* line = sip_request_create(home, sip_method_unknown, method, as_url(request.target), nullptr);
  bool made = line != nullptr && sip_header_insert(message, sip, reinterpret_cast<sip_header_t*>(line)) >= 0;
  made = made &&
         sip_add_tl(message, sip, SIPTAG_FROM_STR(request.from.c_str()), SIPTAG_TO_STR(request.to.c_str()),
                    SIPTAG_CALL_ID_STR(request.call_id.c_str()), SIPTAG_CSEQ_STR(cseq.c_str()),
                    SIPTAG_MAX_FORWARDS_STR("70"), SIPTAG_USER_AGENT_STR(settings_.user_agent.c_str()), TAG_END()) >= 0;
  for (const std::string& route : request.route) {
    made = made && sip_add_tl(message, sip, SIPTAG_ROUTE_STR(route.c_str()), TAG_END()) >= 0;
  }
  if (made) return message;
  msg_destroy(message);
  return nullptr;
}

void SofiaThread::send(SipRequestId id, const SipOutgoing& request) {
  auto made = std::make_unique<SofiaRequest>(SofiaRequest{this, id, nullptr, request});
  SofiaRequest& one = *requests_.emplace(id, std::move(made)).first->second;
  msg_t* message = request_message(request, request.method.c_str());
  if (message != nullptr) {
    if (add_headers(message, request.headers) && add_body(message, request.content_type, request.body)) {
      one.outgoing = nta_outgoing_mcreate(agent_of_sofia_, on_response, &one, nullptr, message, TAG_END());
    }
    if (one.outgoing == nullptr) msg_destroy(message);
  }
  if (one.outgoing != nullptr) return;
  requests_.erase(id);
  // Later, as an answer would come.
  post([this, id] { agent_->answered(id, {408, {}, {}}, read_mono()); });
}

int SofiaThread::on_response(SofiaRequest* request, nta_outgoing_t* outgoing, const sip_t* sip) {
  const int status = sip != nullptr && sip->sip_status != nullptr ? sip->sip_status->st_status : 408;
  if (status < 200) return 0;
  SofiaThread& self = *request->thread;
  const SipRequestId id = request->id;
  if (status < 300 && nta_outgoing_method(outgoing) == sip_method_invite) self.acknowledge(*request);
  const SipOutcome outcome = outcome_of(static_cast<unsigned>(status), sip);
  nta_outgoing_destroy(outgoing);
  self.requests_.erase(id);
  self.agent_->answered(id, outcome, read_mono());
  return 0;
}

void SofiaThread::acknowledge(const SofiaRequest& request) {
  SipOutgoing ack = request.message;
  msg_t* message = request_message(ack, "ACK");
  if (message == nullptr) return;
  nta_outgoing_t* outgoing = nta_outgoing_mcreate(agent_of_sofia_, nullptr, nullptr, nullptr, message, TAG_END());
  if (outgoing == nullptr) return msg_destroy(message);
  nta_outgoing_destroy(outgoing);
}

// ---- the stack ----------------------------------------------------------------------------------------------------

class SofiaStack::Thread : public SofiaThread {
 public:
  using SofiaThread::SofiaThread;
};

SofiaStack::SofiaStack(std::unique_ptr<Thread> thread) : thread_(std::move(thread)) {}
SofiaStack::~SofiaStack() { stop(); }

Result<std::unique_ptr<SofiaStack>> SofiaStack::start(Settings settings) {
  auto thread = std::make_unique<Thread>(std::move(settings));
  if (auto started = thread->start(); !started) return started.error();
  return std::unique_ptr<SofiaStack>(new SofiaStack(std::move(thread)));
}

const std::vector<SipAddress>& SofiaStack::addresses() const { return thread_->addresses_; }

void SofiaStack::post(std::function<void()> task) { thread_->post(std::move(task)); }

void SofiaStack::serve(RecordingAgent& agent, std::function<void(MonoTime)> step) {
  thread_->agent_ = &agent;
  thread_->step_ = std::move(step);
}

void SofiaStack::stop() { thread_->stop(); }

void SofiaStack::answer(SipTransactionId transaction, const SipReply& reply) { thread_->answer(transaction, reply); }

void SofiaStack::send(SipRequestId request, const SipOutgoing& message) { thread_->send(request, message); }

}  // namespace assent
