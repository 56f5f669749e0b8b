#include "shards_rig.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <limits>

#include "catch.h"
#include "loaded_settings.h"
#include "must.h"
#include "wait_until.h"

namespace assent {

ShardsRig::ShardsRig(const std::string& pipeline)
    : settings(settings_of(pipeline)), handshakes(must(DtlsIdentity::create())) {
  constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
  catalog = must(SqliteCatalog::open(folder.path));
  root.emplace(must(FileRootKey::create(folder.path / "root.key")));
  keys.emplace(*catalog, *root);
  writer.emplace(*catalog);
  std::vector<Booking> bookings;
  must(keys->epoch(bookings));
  must(writer->book_and_wait(std::move(bookings)));
  store = must(FileStore::open(disk, folder.path / "segments"));
  must(disk.make_folder(folder.path / "journal"));
  sources.emplace(must(DatagramSources::create(settings, settings.threads.shards)));
  defaults = {settings.consent.gate, settings.consent.default_purposes, settings.consent.rules, std::nullopt};

  const ShardUnit::Parts parts{
      settings,
      settings.purposes,
      *sources,
      disk,
      folder.path / "journal",
      *store,
      *writer,
      [this](KeyId id) { return keys->open_copy(id); },
      [this](const LegErasure& erasure) { eraser->request(erasure); },
      [this](ShardId shard, FinishedCall call) { calls->book_abandoned(shard, std::move(call)); },
      overload,
      [this](LegId leg, DtlsLook look, ByteView datagram, const Endpoint& from) {
        handshakes.take(leg, look, datagram, from);
      }};
  std::vector<LiveShard> live;
  for (const ShardShare& share : divide(settings, plan_capacity(settings, {kNoLimit, kNoLimit, false, {}, {}}))) {
    auto arena = must(SecureArena::create(share.arena_bytes));
    units.push_back(must(ShardUnit::start(parts, {share, std::move(arena), {}})));
    live.push_back({units.back()->link(), units.back()->settler(), units.back()->share().rtp_ports});
  }
  eraser.emplace(LegEraser::Parts{*catalog, *writer, *keys, *store, storages(), [](const std::string&) {}});
  quota.emplace(settings.quota, *catalog);
  calls.emplace(LiveCalls::Parts{std::move(live), *catalog, *writer, *keys, *eraser, settings.purposes, defaults,
                                 "127.0.0.1", overload, *quota, handshakes});
  handshakes.deliver_to(
      [this](ShardId shard, std::vector<DtlsAnswer> answers) { calls->answer_handshakes(shard, std::move(answers)); });
  handshake_thread.emplace("handshakes", handshakes.wake(), [this](MonoTime now) { return handshakes.step(now); });
}

ShardsRig::~ShardsRig() {
  for (const auto& unit : units) unit->end_calls(LiveCall::Ending::over);
  wait_until([this] { return calls->live_calls() == 0; });
  handshake_thread.reset();
  for (const auto& unit : units) unit->stop_calls();
  eraser.reset();
  for (const auto& unit : units) unit->stop_storage();
  writer->stop();
}

std::vector<ShardStorage> ShardsRig::storages() {
  std::vector<ShardStorage> all;
  for (const auto& unit : units) all.push_back(unit->storage());
  return all;
}

CallSpec ShardsRig::call_of(std::size_t legs) {
  CallSpec spec;
  spec.ref = "call";
  spec.participants.push_back({"customer", "person-1", "customer", std::nullopt, std::nullopt});
  for (std::size_t i = 0; i < legs; ++i) {
    LegSpec leg;
    leg.payloads.formats = {{0, Codec{}}};
    leg.label = "leg-" + std::to_string(i);
    leg.participant = "customer";
    spec.legs.push_back(leg);
  }
  return spec;
}

std::size_t ShardsRig::shard_of(CallId call) {
  for (std::size_t i = 0; i < units.size(); ++i) {
    const auto has = [call](Shard& shard, Now) -> Result<bool> { return shard.find(call) != nullptr; };
    if (must(units[i]->link().ask_now<bool>(has))) return i;
  }
  FAIL("no shard has the call");
  return 0;
}

void ShardsRig::grant(CallId call) {
  ConsentSpec spec;
  spec.participant = "customer";
  spec.decision = "granted";
  must(calls->decide(call, spec, caller));
}

void ShardsRig::talk(const LegView& leg, int packets) {
  const int from = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  REQUIRE(from >= 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(leg.port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(from, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0);
  for (int i = 0; i < packets; ++i) {
    std::array<std::uint8_t, 172> packet{};
    packet[0] = 0x80;
    packet[3] = static_cast<std::uint8_t>(i);
    packet[6] = static_cast<std::uint8_t>(i * 160 >> 8);
    packet[7] = static_cast<std::uint8_t>(i * 160);
    packet[11] = 7;
    REQUIRE(::send(from, packet.data(), packet.size(), 0) == static_cast<ssize_t>(packet.size()));
  }
  ::close(from);
  const auto received = [&]() -> std::uint64_t {
    for (const CallView& view : must(calls->calls())) {
      for (const LegView& other : view.legs) {
        if (other.id == leg.id) return other.packets;
      }
    }
    return 0;
  };
  wait_until([&] { return received() >= static_cast<std::uint64_t>(packets); });
}

}  // namespace assent
