#include "engine/calls/call_quota.h"

#include "base/limits.h"

namespace assent {

CallQuota::CallQuota(QuotaSettings settings, Catalog& catalog, std::function<MonoTime()> clock)
    : settings_(std::move(settings)), catalog_(catalog), clock_(std::move(clock)) {}

const TenantQuota& CallQuota::quota_of(const std::string& tenant) const {
  const auto own = settings_.tenants.find(tenant);
  return own == settings_.tenants.end() ? settings_.every : own->second;
}

Result<std::uint64_t> CallQuota::stored_bytes(const std::string& tenant) {
  const MonoTime now = clock_();
  {
    const std::lock_guard lock(mutex_);
    const auto known = stored_.find(tenant);
    if (known != stored_.end() && now - known->second.read_at < limits::kQuotaLook) return known->second.bytes;
  }
  const auto row = catalog_.tenant(std::string_view(tenant));
  if (!row) return row.error();
  if (!*row) return std::uint64_t{0};  // made by its first call
  const auto bytes = catalog_.stored_bytes((*row)->id);
  if (!bytes) return bytes.error();
  const std::lock_guard lock(mutex_);
  stored_[tenant] = {*bytes, now};
  return *bytes;
}

Result<QuotaPlace> CallQuota::take(const std::string& tenant) {
  const TenantQuota& quota = quota_of(tenant);
  if (quota.stored_bytes) {
    const auto stored = stored_bytes(tenant);
    if (!stored) return stored.error();
    if (*stored >= *quota.stored_bytes) {
      return error(Errc::over_quota, "the tenant \"" + tenant + "\" has stored " + std::to_string(*stored) +
                                         " bytes, and its quota is " + std::to_string(*quota.stored_bytes) +
                                         ": erase recordings, or raise quota.stored");
    }
  }
  const std::lock_guard lock(counts_->mutex);
  const auto counted = counts_->calls.find(tenant);
  const std::size_t calls = counted == counts_->calls.end() ? 0 : counted->second;
  if (quota.calls && calls >= *quota.calls) {
    return error(Errc::over_quota, "the tenant \"" + tenant + "\" has " + std::to_string(calls) +
                                       " calls in progress, and its quota is " + std::to_string(*quota.calls) +
                                       ": try again when one has ended, or raise quota.calls");
  }
  counts_->calls[tenant] = calls + 1;
  // Nothing is owned but the count, which lives for as long as a place does.
  return QuotaPlace(static_cast<const void*>(counts_.get()), [counts = counts_, tenant](const void*) {
    const std::lock_guard given_back(counts->mutex);
    const auto found = counts->calls.find(tenant);
    if (--found->second == 0) counts->calls.erase(found);
  });
}

std::size_t CallQuota::calls(const std::string& tenant) const {
  const std::lock_guard lock(counts_->mutex);
  const auto found = counts_->calls.find(tenant);
  return found == counts_->calls.end() ? 0 : found->second;
}

}  // namespace assent
