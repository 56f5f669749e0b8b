#include "crypto/srtp_schedule.h"

#include <new>
#include <utility>

#include "crypto/wipe.h"

namespace assent {

static_assert(sizeof(SrtpSchedule) == 1152);

Result<std::unique_ptr<SrtpSchedules>> SrtpSchedules::create(std::size_t places, ArenaBacking backing) {
  auto arena = SecureArena::create(places * sizeof(SrtpSchedule), backing);
  if (!arena) return arena.error();
  return std::unique_ptr<SrtpSchedules>(new SrtpSchedules(std::move(*arena), places));
}

SrtpSchedules::SrtpSchedules(SecureArena arena, std::size_t places) : arena_(std::move(arena)), places_(places) {
  free_.reserve(places);
  for (std::size_t i = places; i > 0; --i) {  // so that the first is taken first
    free_.push_back(new (arena_.memory().data() + (i - 1) * sizeof(SrtpSchedule)) SrtpSchedule{});
  }
}

SrtpSchedules::~SrtpSchedules() { ASSENT_CHECK(free_.size() == places_); }

SrtpSchedules::Place SrtpSchedules::take() {
  if (free_.empty()) return Place(nullptr, GiveBack{this});
  SrtpSchedule* const place = free_.back();
  free_.pop_back();
  return Place(place, GiveBack{this});
}

void SrtpSchedules::give_back(SrtpSchedule* place) {
  wipe(ByteSpan(reinterpret_cast<std::uint8_t*>(place), sizeof *place));
  free_.push_back(place);
}

}  // namespace assent
