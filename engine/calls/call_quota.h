// CallQuota: how much one tenant may have: calls at once, and bytes stored.
//
// A call takes a place when it is asked for and gives it back when it is over and booked. Stored bytes are those of the
// catalog, so they are right after a restart and after an erasure; they are read again at most every
// limits::kQuotaLook, and a call in progress is never ended by them. A quota that is not set is no limit, and costs
// nothing.
//
// Any thread; `take` may read the catalog. Errc::over_quota says which quota; others are the catalog's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "engine/catalog/catalog.h"

namespace assent {

struct TenantQuota {
  std::optional<std::size_t> calls;           // at once
  std::optional<std::uint64_t> stored_bytes;  // of sealed segments

  bool operator==(const TenantQuota&) const = default;
};

struct QuotaSettings {
  TenantQuota every;                           // of a tenant without its own
  std::map<std::string, TenantQuota> tenants;  // by name
};

// One call's place; the last copy gives it back.
using QuotaPlace = std::shared_ptr<const void>;

class CallQuota {
 public:
  CallQuota(QuotaSettings settings, Catalog& catalog, std::function<MonoTime()> clock = read_mono);
  ~CallQuota() = default;  // places may outlive it
  CallQuota(const CallQuota&) = delete;
  CallQuota& operator=(const CallQuota&) = delete;

  Result<QuotaPlace> take(const std::string& tenant);

  std::size_t calls(const std::string& tenant) const;  // that have a place

 private:
  struct Counts {
    mutable std::mutex mutex;
    std::map<std::string, std::size_t> calls;  // only those above 0
  };
  struct Stored {
    std::uint64_t bytes = 0;
    MonoTime read_at;
  };

  const TenantQuota& quota_of(const std::string& tenant) const;
  Result<std::uint64_t> stored_bytes(const std::string& tenant);

  const QuotaSettings settings_;
  Catalog& catalog_;
  const std::function<MonoTime()> clock_;
  const std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
  std::mutex mutex_;                      // guards what follows
  std::map<std::string, Stored> stored_;  // of tenants with such a quota
};

}  // namespace assent
