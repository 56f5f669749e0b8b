// The desk where handshakes are made, stepped in virtual time, with clients of OpenSSL's at the other end.
#include "engine/calls/dtls_desk.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/limits.h"
#include "catch.h"
#include "must.h"
#include "tests/crypto/dtls_client.h"

using namespace assent;

namespace {

const Endpoint kPeer = *parse_endpoint("192.0.2.1:4000");
constexpr ShardId kFirst{0};
constexpr ShardId kSecond{1};

struct Desk {
  Desk() {
    desk.deliver_to([this](ShardId shard, std::vector<DtlsAnswer> answers) {
      ++deliveries;
      for (DtlsAnswer& one : answers) {
        CHECK(one.leg.shard == shard);
        all.push_back(std::move(one));
      }
    });
  }

  DtlsLeg open(const DtlsFingerprint& peer, ShardId shard = kFirst) {
    const DtlsLeg leg{shard, new_id<CallId>(WallTime()), new_id<LegId>(WallTime()), LegIndex(3)};
    desk.open(leg, peer);
    return leg;
  }
  void take(const DtlsLeg& leg, ByteView datagram) { desk.take(leg.id, look_of(datagram), datagram, kPeer); }

  // The client's handshake, as far as it gets; the answers that it got.
  std::vector<DtlsAnswer> shake(const DtlsLeg& leg, DtlsClient& client) {
    std::vector<DtlsAnswer> answers;
    for (Bytes datagram = client.go_on(); !datagram.empty(); datagram = client.go_on()) {
      take(leg, datagram);
      desk.step(now += limits::kDtlsPace);
      for (DtlsAnswer& one : std::exchange(all, {})) {
        for (const auto& reply : one.answer.replies) client.give(reply.datagram);
        answers.push_back(std::move(one));
      }
    }
    return answers;
  }

  MonoTime now{1h};
  DtlsDesk desk{must(DtlsIdentity::create())};
  std::vector<DtlsAnswer> all;
  int deliveries = 0;
};

}  // namespace

TEST_CASE("a handshake ends with keys for its leg, and the datagrams that are to be sent once they are in use") {
  Desk desk;
  DtlsClient client;
  const DtlsLeg leg = desk.open(client.fingerprint(), kSecond);
  const auto answers = desk.shake(leg, client);
  REQUIRE(client.is_done());
  CHECK(client.shown_sha256() == desk.desk.fingerprint().bytes);
  REQUIRE(answers.size() >= 3);
  for (std::size_t i = 0; i + 1 < answers.size(); ++i) CHECK(answers[i].answer.agreed == nullptr);
  const HandshakeAnswer& last = answers.back().answer;
  CHECK(last.call == leg.call);
  CHECK(last.leg == leg.index);
  CHECK(last.with == kPeer);
  CHECK_FALSE(last.replies.empty());
  REQUIRE(last.agreed != nullptr);
  CHECK(last.agreed->by_dtls == client.fingerprint());
  CHECK(to_hex(last.agreed->keys.at(0).reveal()) == to_hex(client.key_and_salt(last.agreed->suite)));
  CHECK(desk.desk.counts().handshakes.done == 1);
}

TEST_CASE("whoever is expected again goes on, and somebody else begins anew") {
  Desk desk;
  DtlsClient client;
  DtlsClient other;
  const DtlsLeg leg = desk.open(client.fingerprint());
  desk.take(leg, client.go_on());
  desk.desk.step(desk.now);
  desk.desk.open(leg, client.fingerprint());
  REQUIRE(desk.all.size() == 1);
  client.give(desk.all[0].answer.replies.at(0).datagram);
  desk.all.clear();
  CHECK(desk.shake(leg, client).back().answer.agreed != nullptr);
  desk.desk.open(leg, other.fingerprint());
  client.restart();
  desk.shake(leg, client);
  CHECK_FALSE(client.is_done());
  CHECK(desk.shake(leg, other).back().answer.agreed->by_dtls == other.fingerprint());
  CHECK(desk.desk.counts().handshakes.failed == 1);
  CHECK(desk.desk.counts().handshakes.done == 2);
}

TEST_CASE("of legs that are gone nothing is answered") {
  Desk desk;
  DtlsClient client;
  const DtlsLeg leg = desk.open(client.fingerprint());
  const DtlsLeg second = desk.open(client.fingerprint());
  desk.take(leg, client.go_on());
  desk.desk.close(leg.id);
  desk.take(second, client.go_on());
  desk.desk.close(second.id);
  desk.desk.step(desk.now);
  CHECK(desk.desk.step(desk.now + limits::kDtlsPace) == MonoTime::max());
  CHECK(desk.deliveries == 0);
}

TEST_CASE("what the other end does not answer is sent again, and is given up in the end") {
  Desk desk;
  DtlsClient client;
  const DtlsLeg leg = desk.open(client.fingerprint());
  desk.take(leg, client.go_on());
  desk.desk.step(desk.now);
  client.give(desk.all.at(0).answer.replies.at(0).datagram);
  desk.all.clear();
  desk.take(leg, client.go_on());
  desk.desk.step(desk.now += limits::kDtlsPace);
  CHECK_FALSE(desk.all.empty());
  const MonoTime next = desk.desk.step(desk.now += limits::kDtlsPace);
  CHECK(next > desk.now);
  CHECK(next <= desk.now + 2s);
  CHECK(desk.desk.step(desk.now + limits::kDtlsHandshakeTime) == MonoTime::max());
  CHECK(desk.desk.counts().handshakes.given_up == 1);
}

TEST_CASE("answers to one shard go together, and no more is taken at once than that others get their turn") {
  Desk desk;
  std::vector<DtlsLeg> legs;
  DtlsClient client;
  for (std::size_t i = 0; i < limits::kDtlsTaken + 10; ++i) {
    legs.push_back(desk.open(client.fingerprint(), i % 2 == 0 ? kFirst : kSecond));
  }
  const Bytes hello = client.go_on();
  for (const DtlsLeg& leg : legs) desk.take(leg, hello);
  CHECK(desk.desk.step(desk.now) == desk.now + limits::kDtlsPace);
  CHECK(desk.deliveries == 2);
  CHECK(desk.all.size() == limits::kDtlsTaken);
  CHECK(desk.desk.step(desk.now + limits::kDtlsPace / 2) == desk.now + limits::kDtlsPace);
  CHECK(desk.all.size() == limits::kDtlsTaken);
  desk.desk.step(desk.now + limits::kDtlsPace);
  CHECK(desk.all.size() == legs.size());
}

TEST_CASE("under a flood of hellos there is room for handshakes that are under way, and the rest is counted") {
  Desk desk;
  DtlsClient client;
  const DtlsLeg leg = desk.open(client.fingerprint());
  const Bytes hello = client.go_on();
  for (std::size_t i = 0; i < 2 * limits::kDtlsWaiting; ++i) desk.take(leg, hello);
  CHECK(desk.desk.counts().turned_away == 2 * limits::kDtlsWaiting - limits::kDtlsHellosWaiting);
  const Bytes record{22, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, 0, 9, 0, 1, 0};
  desk.take(leg, record);
  CHECK(desk.desk.counts().turned_away == 2 * limits::kDtlsWaiting - limits::kDtlsHellosWaiting);
  for (std::size_t i = 0; i < limits::kDtlsWaiting; ++i) desk.take(leg, record);
  CHECK(desk.desk.counts().turned_away > 2 * limits::kDtlsWaiting - limits::kDtlsHellosWaiting);
}

TEST_CASE("so many handshakes may be under way, and those of legs that are gone are not") {
  Desk desk;
  DtlsClient client;
  std::vector<DtlsLeg> legs;
  // As far as its hello with a cookie, and no further.
  const auto begin = [&] {
    const DtlsLeg leg = desk.open(client.fingerprint());
    client.restart();
    desk.take(leg, client.go_on());
    desk.desk.step(desk.now += limits::kDtlsPace);
    client.give(std::exchange(desk.all, {}).at(0).answer.replies.at(0).datagram);
    desk.take(leg, client.go_on());
    desk.desk.step(desk.now += limits::kDtlsPace);
    desk.all.clear();
    legs.push_back(leg);
  };
  for (std::uint64_t i = 0; i < limits::kDtlsUnderWay; ++i) begin();
  CHECK(desk.desk.counts().handshakes.begun == limits::kDtlsUnderWay);
  begin();
  CHECK(desk.desk.counts().handshakes.begun == limits::kDtlsUnderWay);
  CHECK(desk.desk.counts().turned_away == 1);
  for (const DtlsLeg& leg : legs) desk.desk.close(leg.id);
  desk.desk.step(desk.now += limits::kDtlsHandshakeTime);
  begin();
  CHECK(desk.desk.counts().handshakes.begun == limits::kDtlsUnderWay + 1);
}

namespace {

// What a desk on its own thread has delivered to each leg.
class Mailbox {
 public:
  void put(const DtlsAnswer& answer) {
    const std::lock_guard lock(mutex_);
    for (const auto& reply : answer.answer.replies) waiting_[answer.leg.id].push_back(reply.datagram);
    changed_.notify_all();
  }
  std::vector<Bytes> take(LegId leg) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 10s, [&] { return !waiting_[leg].empty(); });
    return std::exchange(waiting_[leg], {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<LegId, std::vector<Bytes>> waiting_;
};

}  // namespace

TEST_CASE("shards that bring datagrams, calls that come and go, and the desk's own thread leave each other alone") {
  constexpr int kShards = 3;
  DtlsDesk desk(must(DtlsIdentity::create()));
  Mailbox mailbox;
  desk.deliver_to([&](ShardId, std::vector<DtlsAnswer> answers) {
    for (const DtlsAnswer& one : answers) mailbox.put(one);
  });
  const auto new_leg = [](std::uint32_t shard) {
    return DtlsLeg{ShardId{shard}, new_id<CallId>(WallTime()), new_id<LegId>(WallTime()), LegIndex(0)};
  };
  std::vector<std::unique_ptr<DtlsClient>> clients;
  std::vector<DtlsLeg> legs;
  for (std::uint32_t i = 0; i < kShards; ++i) {
    clients.push_back(std::make_unique<DtlsClient>());
    legs.push_back(new_leg(i));
    desk.open(legs.back(), clients.back()->fingerprint());
  }
  std::atomic<int> done{0};
  {
    const StepThread thread("handshakes", desk.wake(), [&](MonoTime now) { return desk.step(now); });
    std::vector<std::thread> shards;
    for (int i = 0; i < kShards; ++i) {
      shards.emplace_back(
          [&, &client = *clients[static_cast<std::size_t>(i)], leg = legs[static_cast<std::size_t>(i)]] {
            for (int time = 0; time < 5; ++time) {
              client.restart();
              for (Bytes datagram = client.go_on(); !datagram.empty(); datagram = client.go_on()) {
                desk.take(leg.id, look_of(datagram), datagram, kPeer);
                for (const Bytes& reply : mailbox.take(leg.id)) client.give(reply);
              }
              done += client.is_done() ? 1 : 0;
            }
          });
    }
    for (int i = 0; i < 200; ++i) {
      const DtlsLeg passing = new_leg(0);
      desk.open(passing, clients[0]->fingerprint());
      desk.take(passing.id, DtlsLook::hello, Bytes{22}, kPeer);
      CHECK(desk.counts().handshakes.failed == 0);
      desk.close(passing.id);
    }
    for (std::thread& shard : shards) shard.join();
  }
  CHECK(done == 5 * kShards);
  CHECK(desk.counts().handshakes.done == 5 * kShards);
}
