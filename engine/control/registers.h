// Registers: the notices that people are told, and the purposes that they are asked for.
//
// Both come from the pipeline file (`declare`, at start and when it is read again) and through the API, and are on
// record in the catalog, where a version never changes and never goes: what a consent names can be read for ever. A
// purpose added through the API is asked for in calls that come from then on, and after every later start.
//
// It owns the growth of the engine's PurposeRegistry: nobody else adds to it. Any thread; waits for the disk. Errors:
// Errc::conflict (the version stands for something else), Errc::invalid, Errc::exhausted (no bit is left for another
// purpose), and the catalog's.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "engine/catalog/catalog_writer.h"
#include "engine/consent/purpose_set.h"
#include "engine/control/call_service.h"

namespace assent {

struct NoticeSpec {
  std::string id;
  std::string version;
  std::string language;
  std::string text;
};

struct PurposeSpec {
  std::string id;
  std::string version;
  std::string description;
  std::string lawful_basis;
  std::optional<std::int64_t> retention_hours;
  std::vector<std::string> processors;
};

struct PurposeView {
  PurposeRow row;
  std::vector<std::string> processors;
  bool in_use = false;  // new calls ask for it
};

template <typename View>
struct Registered {
  View view;
  bool is_new = false;
};

struct RegisterParts {  // outlive the registers
  Catalog& catalog;
  CatalogWriter& writer;
  PurposeRegistry& purposes;
  std::function<Now()> clock = read_clocks;
};

class Registers {
 public:
  explicit Registers(RegisterParts parts) : parts_(std::move(parts)) {}

  // What the pipeline file names; all of it, or nothing.
  Result<void> declare(const std::vector<NoticeSpec>& notices, const std::vector<PurposeSpec>& purposes);
  // At start: purposes that came through the API are asked for again.
  Result<void> resume();

  Result<std::vector<NoticeRow>> notices(const NoticeFilter& filter) { return parts_.catalog.notices(filter); }
  Result<Registered<NoticeRow>> add(const NoticeSpec& notice, const Caller& caller);
  Result<std::vector<PurposeView>> purposes();
  Result<Registered<PurposeView>> add(const PurposeSpec& purpose, const Caller& caller);

 private:
  PurposeView view_of(PurposeRow row) const;

  RegisterParts parts_;
  std::mutex mutex_;  // one purpose is added at a time
};

}  // namespace assent
