// RecordingAgent: the session recording server as a SIP user agent (RFC 7866, over RFC 3261, 3311, 4028 and 6086):
// takes requests, and says what becomes of them.
//
// It owns the dialogs and what is under way in each. Requests of no trunk, and those that are refused at once, leave
// nothing behind. What recording sessions have to say is asked of SiprecSessions by way of SiprecWork, since it may
// take a while: one request of a session at a time, in their order. It never sends anything about the call that is
// recorded: a session that fails is refused or ended, and the call goes on unrecorded.
//
// It opens no socket and reads no clock: SipNetwork carries what it says, and calls it. One thread (the network's),
// which also runs what SiprecWork has done.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "crypto/hmac_key.h"
#include "engine/signalling/sip/request_checks.h"
#include "engine/signalling/sip/sip_admission.h"
#include "engine/signalling/sip/sip_session.h"
#include "engine/signalling/sip/sip_tally.h"
#include "engine/signalling/sip/transaction_budget.h"
#include "engine/signalling/siprec_sessions.h"

namespace assent {

// Who has the network. Nothing here calls back before it returns.
class SipNetwork {
 public:
  virtual ~SipNetwork() = default;
  // The final response of a transaction that is still unanswered.
  virtual void answer(SipTransactionId transaction, const SipReply& reply) = 0;
  // `answered` follows. A 2xx to an INVITE is acknowledged without asking.
  virtual void send(SipRequestId request, const SipOutgoing& message) = 0;
};

// Who asks SiprecSessions, on other threads.
class SiprecWork {
 public:
  using Job = std::function<SiprecAnswer(SiprecSessions&)>;
  using Done = std::function<void(const SiprecAnswer&)>;
  virtual ~SiprecWork() = default;
  virtual bool has_room() const = 0;  // for what may be refused
  // `done` is called later, on the agent's thread. What has to be done runs without room, too: the sessions bound it.
  virtual void run(Job job, Done done) = 0;
};

// Where we are reached, for a Contact.
struct SipAddress {
  SipTransport transport = SipTransport::udp;
  Endpoint endpoint;
};

class RecordingAgent {
 public:
  struct Settings {
    std::vector<SipAddress> addresses;
    std::size_t max_sessions = limits::kSipSessions;
    SessionTimerRules timer;
    // The first CSeq of requests of ours; one that grows from start to start, since dialogs outlive them.
    std::uint32_t first_cseq = 1;
    TransactionBudget::Most transactions = {};
  };
  struct Parts {
    SipAdmission& admission;
    SipNetwork& network;
    SiprecWork& work;
    // What an operator should know, and what kind of thing that is, since there may be many.
    std::function<void(const std::string& kind, const std::string& line)> tell = [](const auto&, const auto&) {};
  };
  RecordingAgent(Parts parts, Settings settings, const SecretKey& tag_key);

  // What becomes of a request that belongs to no transaction.
  struct Reaction {
    enum class Kind {
      drop,
      reply,        // without a transaction
      transaction,  // and this reply, unless its status is 0: then `answer` follows
    } kind = Kind::drop;
    SipReply reply;
    SipTransactionId transaction;
  };
  Reaction receive(const SipRequest& request, MonoTime now);

  // Of INVITE transactions: the ACK of a 2xx (an answer in it says nothing that SiprecSessions needs); CANCEL; no ACK
  // came.
  void acknowledged(SipTransactionId transaction);
  void cancelled(SipTransactionId transaction);
  void unacknowledged(SipTransactionId transaction);
  // Of a request of ours.
  void answered(SipRequestId request, const SipOutcome& outcome, MonoTime now);

  // Session timers.
  void step(MonoTime now);

  void take_up(const std::vector<KeptDialog>& dialogs, MonoTime now);  // at start-up
  void end(const std::vector<SipDialog>& dialogs);                     // whose calls are over
  void begin_drain() { is_draining_ = true; }

  std::size_t sessions() const { return sessions_.size(); }
  bool awaits_answers() const { return !asked_.empty(); }
  SipTally& tally() { return tally_; }
  SiprecCounters counters(MonoTime now);

 private:
  using Sessions = std::map<SipDialog, SipSession>;
  using Finish = std::function<void(SipSession&, const SiprecAnswer&)>;
  struct Asked {
    SipDialog dialog;
    bool is_refresh = false;
  };

  Reaction react(const SipRequest& request, MonoTime now);
  Reaction turn_away(const SipRequest& request, Refused refused);
  Reaction reply_at_once(const SipRequest& request, SipReply reply, MonoTime now);  // in a transaction
  Reaction begin_session(const SipRequest& request, std::shared_ptr<const SipTrunk> trunk, MonoTime now);
  Reaction change_session(const SipRequest& request, SipSession& session, MonoTime now);
  Reaction inform_session(const SipRequest& request, SipSession& session, MonoTime now);
  Reaction bye(const SipRequest& request, SipSession& session, MonoTime now);

  std::optional<Refused> refusal_of_session(const SipRequest& invite, const SipTrunk& trunk) const;
  std::optional<Refused> refusal_in_dialog(const SipRequest& request, SipSession& session);
  void answer_offer(SipSession& session, const SipRequest& request, const AgreedTimer& timer,
                    const SiprecAnswer& answer, MonoTime now);
  void answer_begin(SipSession& session, const SipRequest& request, const AgreedTimer& timer,
                    const SiprecAnswer& answer, MonoTime now);
  void answer_now(SipTransactionId transaction, const SipReply& reply);
  SipReply reply_of(const SiprecAnswer& answer) const;
  std::vector<SipHeader> headers_of_offer(const SipSession& session, const AgreedTimer& timer) const;
  std::string contact_for(const SipRequest& request) const;
  std::string tag_for(const SipRequest& request) const;

  // Asks SiprecSessions once what it was asked of this session before is done.
  void ask(SipSession& session, SiprecWork::Job job, Finish finish);
  void ask_next(SipSession& session);
  void done(const SipDialog& dialog, const Finish& finish, const SiprecAnswer& answer);

  // The session is over: `tell_calls` when SiprecSessions does not know yet.
  enum class Bye { send, none };
  enum class Calls { know, are_told };
  void end_session(SipSession& session, SipEnd why, Bye bye, Calls calls);
  void send_bye(SipSession& session);
  void send_late_bye(SipSession& session);
  void refresh(SipSession& session, MonoTime now);
  void refreshed(SipSession& session, const SipOutcome& outcome, MonoTime now);

  SipSession* find(const SipDialog& dialog);
  SipSession* session_that_awaits_ack(SipTransactionId transaction);
  bool has_session_of(const SipRequest& invite) const;  // with another branch, or from before a restart
  std::size_t sessions_of(const SipTrunk& trunk) const;
  SipSession& add(SipSession session);
  void forget_if_over(const SipDialog& dialog);

  Parts parts_;
  Settings settings_;
  HmacKey tag_key_;
  TransactionBudget budget_;
  SipTally tally_;
  Sessions sessions_;
  std::map<std::string, std::size_t> of_trunk_;
  std::map<SipTransactionId, SipDialog> invites_;  // INVITEs that await their answer or its ACK
  std::map<SipRequestId, Asked> asked_;
  std::uint64_t next_id_ = 1;
  bool is_draining_ = false;
  MonoTime looked_{};
};

}  // namespace assent
