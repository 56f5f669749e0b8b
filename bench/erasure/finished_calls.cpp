#include "bench/erasure/finished_calls.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <iterator>
#include <utility>

namespace assent::erasure {
namespace {

constexpr std::size_t kBookingsAtOnce = 4096;
static_assert(kBookingsAtOnce < limits::kCatalogQueue / 2);
constexpr std::string_view kPurpose = "quality";

ParticipantSpec participant(const std::string& ref, const std::string& subject) {
  ParticipantSpec spec;
  spec.ref = ref;
  spec.subject = subject;
  spec.role = ref;
  spec.name = "Name of " + subject;
  return spec;
}

LegSpec leg(const std::string& label) {
  LegSpec spec;
  spec.payloads.formats = {{0, Codec{}}};
  spec.label = label;
  spec.participant = label;
  return spec;
}

}  // namespace

Result<RecordingId> FinishedCalls::add(const People& people, std::size_t segments) {
  auto admitted = admit(people);
  if (!admitted) return admitted.error();
  const NewCall& call = admitted->call;
  std::move(admitted->bookings.begin(), admitted->bookings.end(), std::back_inserter(bookings_));
  const auto consents = consent(call);
  bookings_.emplace_back(booking::OpenRecording{
      {call.identity.recording, call.identity.id, call.identity.tenant, RecordingState::open, at_, std::nullopt, {}}});
  if (auto stored = store(call, consents, segments); !stored) return stored.error();
  const WallTime ended = at_ + kSegmentTime * segments;
  bookings_.emplace_back(booking::EndCall{call.identity.id, ended, CallState::ended});
  bookings_.emplace_back(booking::CloseRecording{call.identity.recording, ended, RecordingState::complete, ""});
  at_ += kBetweenCalls;
  // Whoever is new must be on record before their next call, or there would be two of them.
  const bool is_known = on_record_.contains(people.person) && on_record_.contains(people.agent);
  if (!is_known || bookings_.size() >= kBookingsAtOnce) {
    if (auto booked = book(); !booked) return booked.error();
    on_record_.insert({people.person, people.agent});
  }
  return call.identity.recording;
}

Result<AdmittedCall> FinishedCalls::admit(const People& people) {
  CallSpec spec;
  spec.ref = "a call";
  spec.participants = {participant("customer", people.person), participant("agent", people.agent)};
  spec.legs = {leg("customer"), leg("agent")};
  return admission_.prepare(spec, parts_.defaults, at_);
}

// The record of each participant, in their order.
std::vector<ConsentId> FinishedCalls::consent(const NewCall& call) {
  std::vector<ConsentId> consents;
  for (const CallParticipant& participant : call.participants) {
    ConsentRow row;
    row.id = new_id<ConsentId>(at_);
    row.call = call.identity.id;
    row.participant = participant.id;
    row.purpose = kPurpose;
    row.decision = "granted";
    row.signal_type = "api";
    row.notice_json = call.identity.notice_json;
    row.origin = "token:assent-fill";
    row.at = at_;
    consents.push_back(row.id);
    bookings_.emplace_back(booking::AddConsent{std::move(row)});
  }
  return consents;
}

Result<void> FinishedCalls::store(const NewCall& call, const std::vector<ConsentId>& consents, std::size_t segments) {
  std::vector<std::uint32_t> numbers(call.legs.size());
  for (std::size_t i = 0; i < segments; ++i) {
    const std::size_t place = i % call.legs.size();
    const NewLeg& leg = call.legs[place];
    const WallTime started = at_ + kSegmentTime * numbers[place];
    const SegmentIdentity identity{
        call.identity.id, consents[place],     leg.id, call.identity.recording, new_id<SegmentId>(started),
        ++numbers[place], call.identity.tenant};
    auto sealed = seal_segment(identity, {*leg.key, leg.key_id}, started, cipher_);
    if (!sealed) return sealed.error();
    if (auto written = write(*sealed); !written) return written;
    bookings_.emplace_back(booking::AddSegment{std::move(sealed->row)});
  }
  return {};
}

Result<void> FinishedCalls::write(const SegmentObject& object) {
  const std::filesystem::path path = parts_.segments / object.row.object;
  const std::filesystem::path folder = path.parent_path();
  for (const std::filesystem::path& each : {folder.parent_path(), folder}) {
    if (!folders_.insert(each).second) continue;
    if (auto made = parts_.disk.make_folder(each); !made && made.error().code != Errc::conflict) return made;
  }
  auto file = parts_.disk.create(path);
  if (!file) return file.error();
  const std::array<ByteView, 1> content = {ByteView(object.bytes)};
  const auto written = (*file)->write_at(0, content);
  if (!written) return written.error();
  if (*written != object.bytes.size()) return error(Errc::io, "a part of " + path.string() + " was not written");
  return {};
}

Result<void> FinishedCalls::book() { return parts_.writer.book_and_wait(std::exchange(bookings_, {})); }

Result<void> FinishedCalls::finish() {
  if (auto booked = book(); !booked) return booked;
  const int folder = ::open(parts_.segments.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = folder >= 0 && ::syncfs(folder) == 0;
  if (folder >= 0) ::close(folder);
  if (!synced) return error(Errc::io, "the file system of " + parts_.segments.string() + " could not be synced");
  return {};
}

}  // namespace assent::erasure
