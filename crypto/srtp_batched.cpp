#include "crypto/srtp_batched.h"

#include <algorithm>
#include <array>
#include <utility>

#include "crypto/constant_time.h"
#include "crypto/srtp_batched_rtcp.h"
#include "crypto/srtp_batched_session.h"
#include "crypto/srtp_frame.h"

namespace assent {
namespace {

BatchedSession& session_of(const SrtpPacket& packet) { return static_cast<BatchedSession&>(*packet.session); }

// A packet on its way through its batch.
struct Passage {
  SrtpCipherJob job;
  SrtpPacket* packet = nullptr;
  BatchedSession* session = nullptr;
  SrtpFrame frame;
  SrtpIndex index;
  std::array<std::uint8_t, 16> came{};  // the tag that it came with
  bool is_tried = false;                // not when it seemed to be a replay before the batch
  bool is_authentic = false;

  SrtpSuite suite() const { return session->suite(); }
  std::uint8_t* payload_end() const { return job.packet + job.payload_at + job.payload_bytes; }
  bool compare() {
    const std::size_t bytes = tag_bytes(suite());
    return is_authentic = equal_constant_time(ByteView(came).first(bytes), ByteView(job.tag).first(bytes));
  }

  // The index is part of the IV and, of AES-CM, of what the tag covers: there it stands where the MKI and tag were.
  void set_index(SrtpIndex guess) {
    index = guess;
    if (is_aead(suite())) {
      job.iv = srtp_gcm_iv(job.keys->salt, frame.ssrc, index);
      job.aad = ByteView(job.packet, job.payload_at);
    } else {
      job.iv = srtp_cm_iv(job.keys->salt, frame.ssrc, index);
      store_be32(payload_end(), rollover_of(index).value);
    }
  }
};

void fetch(const void* line) { __builtin_prefetch(line, 1); }
void fetch_keys(const BatchedSession& session) {
  const SrtpSchedule* const keys = session.first_key();
  const auto* const from = reinterpret_cast<const std::uint8_t*>(keys);
  constexpr std::size_t kLine = limits::kCacheLineBytes;
  const std::size_t round_key_lines = key_bytes(session.suite()) == 32 ? 4 : 3;
  for (std::size_t i = 0; i <= round_key_lines; ++i) __builtin_prefetch(from + i * kLine);
  if (!is_aead(session.suite())) return;
  // The low powers of GHASH's key stand last.
  const std::uint8_t* const end = keys->cipher.data() + keys->cipher.size();
  for (std::size_t i = 1; i <= 4; ++i) __builtin_prefetch(end - i * kLine);
}

}  // namespace

struct BatchedSrtp::State {
  State(std::unique_ptr<SrtpSchedules> places, SrtpCipher mover)
      : schedules(std::move(places)), cipher(std::move(mover)), rtcp(cipher, schedules->take()) {}

  // The next packet of the batch; what cannot go on is finished already.
  void begin(SrtpPacket& packet, SrtpDirection direction, void (State::*prepare)(Passage&));
  void prepare_opening(Passage& passage);
  void prepare_sealing(Passage& passage);

  void open(std::span<SrtpPacket> packets);
  void authenticate_and_decrypt();
  SrtpFault look_again(Passage& passage);
  void seal(std::span<SrtpPacket> packets);
  void write_trailer(Passage& passage);

  // Those of the batch that a condition holds for.
  template <typename Condition>
  std::span<SrtpCipherJob* const> jobs_where(Condition&& holds) {
    std::size_t found = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (holds(passages[i])) jobs[found++] = &passages[i].job;
    }
    return std::span(jobs).first(found);
  }
  void crypt_counter_mode() {
    for (const SrtpSuite suite : {SrtpSuite::aes_cm_128_hmac_sha1_80, SrtpSuite::aes_256_cm_hmac_sha1_80}) {
      const auto of_suite = jobs_where([&](const Passage& passage) {
        return passage.is_authentic && !is_aead(passage.suite()) && key_bytes(passage.suite()) == key_bytes(suite);
      });
      if (!of_suite.empty()) cipher.crypt(suite, of_suite);
    }
  }

  std::unique_ptr<SrtpSchedules> schedules;
  SrtpCipher cipher;
  BatchedRtcp rtcp;
  std::size_t count = 0;        // of `passages`, the batch that is worked on
  std::size_t trials_left = 0;  // of it, for streams that are sought
  std::array<Passage, limits::kSrtpBatch> passages;
  std::array<SrtpCipherJob*, limits::kSrtpBatch> jobs{};
};

void BatchedSrtp::State::begin(SrtpPacket& packet, SrtpDirection direction, void (State::*prepare)(Passage&)) {
  BatchedSession& session = session_of(packet);
  ASSENT_CHECK(session.direction() == direction && packet.bytes <= packet.memory.size());
  Passage& passage = passages[count];
  passage.packet = &packet;
  passage.session = &session;
  passage.job.packet = packet.memory.data();
  passage.is_authentic = false;
  (this->*prepare)(passage);
}

void BatchedSrtp::State::prepare_opening(Passage& passage) {
  SrtpPacket& packet = *passage.packet;
  BatchedSession& session = *passage.session;
  const ByteView all = packet.memory.first(packet.bytes);
  const std::size_t tag = tag_bytes(session.suite());
  const std::size_t trailer = tag + session.mki_bytes();
  if (all.size() < trailer) return session.finish(packet, SrtpFault::malformed);
  const auto frame = srtp_frame_of(all.first(all.size() - trailer));
  if (!frame) return session.finish(packet, SrtpFault::malformed);

  const ByteView after = all.last(trailer);
  passage.job.keys = session.first_key();
  if (session.mki_bytes() > 0) {
    const ByteView mki = is_aead(session.suite()) ? after.subspan(tag) : after.first(session.mki_bytes());
    passage.job.keys = session.key_named(mki);
    if (passage.job.keys == nullptr) return session.finish(packet, SrtpFault::unknown_mki);
  }
  const SrtpStream stream = session.sources().of(frame->ssrc);
  const SrtpIndex guess = stream.guess(frame->sequence);

  passage.is_tried = stream.place(guess) == SrtpStream::Place::fresh;
  passage.frame = *frame;
  passage.job.payload_at = frame->payload_at;
  passage.job.payload_bytes = static_cast<std::uint32_t>(all.size() - trailer - frame->payload_at);
  std::ranges::copy(is_aead(session.suite()) ? after.first(tag) : after.last(tag), passage.came.begin());
  passage.set_index(guess);
  ++count;
}

void BatchedSrtp::State::authenticate_and_decrypt() {
  const auto counter_mode =
      jobs_where([](const Passage& passage) { return passage.is_tried && !is_aead(passage.suite()); });
  if (!counter_mode.empty()) cipher.authenticate(counter_mode);
  for (Passage& passage : std::span(passages).first(count)) {
    if (!passage.is_tried) continue;
    if (is_aead(passage.suite())) cipher.open(passage.suite(), passage.job);
    passage.compare();
  }
  crypt_counter_mode();
}

// Not authentic by the guess from before the batch, or a replay: by the guess of now perhaps it is neither, or it has
// come meanwhile. AES-GCM has decrypted it, and encrypting it again by the former index restores what came.
SrtpFault BatchedSrtp::State::look_again(Passage& passage) {
  const SrtpStream stream = passage.session->sources().of(passage.frame.ssrc);
  const std::uint32_t rollovers = passage.session->rollovers_sought();
  SrtpFault fault = fault_of(stream.place(passage.index));
  SrtpCipherJob* const job = &passage.job;
  const SrtpSuite suite = passage.suite();
  while (const auto again = stream.guess_again(passage.frame.sequence, passage.index, rollovers)) {
    fault = fault_of(stream.place(*again));
    if (fault != SrtpFault::none) break;
    if (rollovers != 0 && trials_left-- == 0) {
      trials_left = 0;
      break;
    }
    if (is_aead(suite) && passage.is_tried) cipher.seal(suite, *job);
    passage.set_index(*again);
    passage.is_tried = true;
    is_aead(suite) ? cipher.open(suite, *job) : cipher.authenticate({&job, 1});
    if (!passage.compare()) continue;
    if (!is_aead(suite)) cipher.crypt(suite, {&job, 1});
    return SrtpFault::none;
  }
  // What nobody vouches for is not left readable.
  if (is_aead(suite)) std::fill_n(job->packet + job->payload_at, job->payload_bytes, std::uint8_t{0});
  return fault == SrtpFault::none ? SrtpFault::unauthentic : fault;
}

void BatchedSrtp::State::open(std::span<SrtpPacket> packets) {
  count = 0;
  trials_left = limits::kSrtpTrialsPerBatch;
  for (const SrtpPacket& packet : packets) {
    fetch(packet.session);
    fetch(packet.memory.data());
  }
  for (const SrtpPacket& packet : packets) fetch_keys(session_of(packet));
  for (SrtpPacket& packet : packets) begin(packet, SrtpDirection::receive, &State::prepare_opening);
  authenticate_and_decrypt();
  for (Passage& passage : std::span(passages).first(count)) {
    SrtpFault fault = passage.is_authentic ? SrtpFault::none : look_again(passage);
    if (fault == SrtpFault::none) fault = take(passage.session->sources(), passage.frame.ssrc, passage.index);
    const std::size_t bytes = passage.job.payload_at + passage.job.payload_bytes;
    passage.session->finish(*passage.packet, fault, fault == SrtpFault::none ? bytes : 0);
  }
}

// What is sent is authentic by being ours; its index is used up at once, so that none is used twice under a key.
void BatchedSrtp::State::prepare_sealing(Passage& passage) {
  SrtpPacket& packet = *passage.packet;
  BatchedSession& session = *passage.session;
  const ByteView all = packet.memory.first(packet.bytes);
  const auto frame = srtp_frame_of(all);
  if (!frame) return session.finish(packet, SrtpFault::malformed);
  const std::size_t trailer = tag_bytes(session.suite()) + session.mki_bytes();
  if (!has_srtp_room(packet, trailer)) return session.finish(packet, SrtpFault::no_room);
  const SrtpIndex index = session.sources().of(frame->ssrc).guess(frame->sequence);
  const SrtpFault fault = take(session.sources(), frame->ssrc, index);
  if (fault != SrtpFault::none) return session.finish(packet, fault);

  passage.frame = *frame;
  passage.job.keys = session.first_key();
  passage.job.payload_at = frame->payload_at;
  passage.job.payload_bytes = static_cast<std::uint32_t>(all.size() - frame->payload_at);
  passage.set_index(index);
  passage.is_authentic = true;
  ++count;
}

void BatchedSrtp::State::seal(std::span<SrtpPacket> packets) {
  count = 0;
  for (SrtpPacket& packet : packets) begin(packet, SrtpDirection::send, &State::prepare_sealing);
  crypt_counter_mode();
  const auto counter_mode = jobs_where([](const Passage& passage) { return !is_aead(passage.suite()); });
  if (!counter_mode.empty()) cipher.authenticate(counter_mode);
  for (Passage& passage : std::span(passages).first(count)) {
    if (is_aead(passage.suite())) cipher.seal(passage.suite(), passage.job);
    write_trailer(passage);
  }
}

void BatchedSrtp::State::write_trailer(Passage& passage) {
  const ByteView tag = ByteView(passage.job.tag).first(tag_bytes(passage.suite()));
  const ByteView mki = passage.session->first_mki();
  std::uint8_t* end = passage.payload_end();
  if (is_aead(passage.suite())) {
    end = std::ranges::copy(tag, end).out;
    end = std::ranges::copy(mki, end).out;
  } else {
    end = std::ranges::copy(mki, end).out;
    end = std::ranges::copy(tag, end).out;
  }
  passage.session->finish(*passage.packet, SrtpFault::none, static_cast<std::size_t>(end - passage.job.packet));
}

// ---- The engine ---------------------------------------------------------------------------------------------------

bool BatchedSrtp::is_available() { return SrtpCipher::is_available(); }

BatchedSrtp::BatchedSrtp(std::unique_ptr<State> state) : state_(std::move(state)) {}
BatchedSrtp::~BatchedSrtp() = default;

// RTCP works with one more.
std::size_t BatchedSrtp::locked_bytes(std::size_t master_keys) {
  constexpr auto in_pages = [](std::size_t bytes) {
    return (bytes + limits::kPageBytes - 1) / limits::kPageBytes * limits::kPageBytes;
  };
  return in_pages((master_keys + 1) * sizeof(SrtpSchedule)) + in_pages(SrtpCipher::locked_bytes());
}

Result<std::unique_ptr<SrtpEngine>> BatchedSrtp::create(std::size_t master_keys, ArenaBacking backing) {
  auto schedules = SrtpSchedules::create(master_keys + 1, backing);
  if (!schedules) return schedules.error();
  auto cipher = SrtpCipher::create(backing);
  if (!cipher) return cipher.error();
  return std::unique_ptr<SrtpEngine>(
      new BatchedSrtp(std::make_unique<State>(std::move(*schedules), std::move(*cipher))));
}

Result<std::unique_ptr<SrtpSession>> BatchedSrtp::open(const SrtpSetup& setup) {
  auto keys = expand_srtp_keys(setup.suite, setup.keys, *state_->schedules, state_->cipher);
  if (!keys) return keys.error();
  return std::unique_ptr<SrtpSession>(
      std::make_unique<BatchedSession>(setup, std::move(*keys), *state_->schedules, state_->cipher));
}

void BatchedSrtp::unprotect(std::span<SrtpPacket> packets) {
  while (!packets.empty()) {
    const std::size_t batch = std::min(packets.size(), limits::kSrtpBatch);
    state_->open(packets.first(batch));
    packets = packets.subspan(batch);
  }
}

void BatchedSrtp::protect(std::span<SrtpPacket> packets) {
  while (!packets.empty()) {
    const std::size_t batch = std::min(packets.size(), limits::kSrtpBatch);
    state_->seal(packets.first(batch));
    packets = packets.subspan(batch);
  }
}

void BatchedSrtp::unprotect_rtcp(SrtpPacket& packet) { state_->rtcp.open(session_of(packet), packet); }
void BatchedSrtp::protect_rtcp(SrtpPacket& packet) { state_->rtcp.seal(session_of(packet), packet); }

}  // namespace assent
