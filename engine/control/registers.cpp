#include "engine/control/registers.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "crypto/sha256.h"

namespace assent {
namespace {

constexpr std::string_view kOfFile = "file";

NoticeRow row_of(const NoticeSpec& spec, std::string origin, WallTime at) {
  const Sha256Digest hash = sha256(bytes_of(spec.text));
  return {spec.id, spec.version, spec.language, spec.text, {hash.begin(), hash.end()}, std::move(origin), at};
}

PurposeRow row_of(const PurposeSpec& spec, std::string origin, WallTime at) {
  return {spec.id,
          spec.version,
          spec.description,
          spec.lawful_basis,
          spec.retention_hours,
          nlohmann::json(spec.processors).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
          std::move(origin),
          at};
}

}  // namespace

Result<void> Registers::declare(const std::vector<NoticeSpec>& notices, const std::vector<PurposeSpec>& purposes) {
  const WallTime now = parts_.clock().wall;
  std::vector<Booking> bookings;
  for (const NoticeSpec& notice : notices) {
    bookings.emplace_back(booking::AddNotice{row_of(notice, std::string(kOfFile), now)});
  }
  for (const PurposeSpec& purpose : purposes) {
    bookings.emplace_back(booking::AddPurpose{row_of(purpose, std::string(kOfFile), now)});
  }
  if (bookings.empty()) return {};
  return parts_.writer.book_and_wait(std::move(bookings));
}

Result<void> Registers::resume() {
  const auto rows = parts_.catalog.purposes();
  if (!rows) return rows.error();
  const std::lock_guard lock(mutex_);
  for (const PurposeRow& row : *rows) {
    if (row.origin == kOfFile) continue;  // in use as long as the file names it
    if (auto added = parts_.purposes.add(row.id); !added) return added.error();
  }
  return {};
}

Result<Registered<NoticeRow>> Registers::add(const NoticeSpec& notice, const Caller& caller) {
  NoticeRow row = row_of(notice, "token:" + caller.token_id, parts_.clock().wall);
  const NoticeFilter same{notice.id, notice.version, notice.language, std::nullopt};
  const auto known = parts_.catalog.notices(same);
  if (!known) return known.error();
  if (auto booked = parts_.writer.book_and_wait({booking::AddNotice{row}}); !booked) return booked.error();
  if (known->empty()) return Registered<NoticeRow>{std::move(row), true};
  return Registered<NoticeRow>{known->front(), false};
}

PurposeView Registers::view_of(PurposeRow row) const {
  PurposeView view{std::move(row), {}, false};
  view.in_use = parts_.purposes.find(view.row.id).has_value();
  for (const auto& name : nlohmann::json::parse(view.row.processors_json, nullptr, false)) {
    if (name.is_string()) view.processors.push_back(name.get<std::string>());
  }
  return view;
}

Result<std::vector<PurposeView>> Registers::purposes() {
  auto rows = parts_.catalog.purposes();
  if (!rows) return rows.error();
  std::vector<PurposeView> views;
  for (PurposeRow& row : *rows) views.push_back(view_of(std::move(row)));
  return views;
}

Result<Registered<PurposeView>> Registers::add(const PurposeSpec& purpose, const Caller& caller) {
  const std::lock_guard lock(mutex_);
  // Whether a call can ask for it is settled before it is on record; a copy is good to try that on.
  PurposeRegistry trial(parts_.purposes);
  if (auto fits = trial.add(purpose.id); !fits) return fits.error();
  const auto rows = parts_.catalog.purposes();
  if (!rows) return rows.error();
  const auto known = std::find_if(rows->begin(), rows->end(), [&](const PurposeRow& row) {
    return row.id == purpose.id && row.version == purpose.version;
  });
  PurposeRow row = row_of(purpose, "token:" + caller.token_id, parts_.clock().wall);
  if (auto booked = parts_.writer.book_and_wait({booking::AddPurpose{row}}); !booked) return booked.error();
  if (auto added = parts_.purposes.add(purpose.id); !added) return added.error();
  if (known == rows->end()) return Registered<PurposeView>{view_of(std::move(row)), true};
  return Registered<PurposeView>{view_of(*known), false};
}

}  // namespace assent
