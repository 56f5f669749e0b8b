#include "engine/control/tokens.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/limits.h"
#include "crypto/constant_time.h"
#include "crypto/random.h"

namespace assent {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kTokensFile = "tokens.json";
constexpr std::string_view kAdminFile = "admin.token";
constexpr std::string_view kAdminId = "admin";
constexpr int kVersion = 1;
constexpr std::size_t kTokenHexBytes = 64;
// One entry is below 256 bytes of JSON.
constexpr std::size_t kTokensFileBytes = limits::kTokens * 256 + 1024;

Result<void> check_private(const fs::path& path) {
  std::error_code failed;
  const auto status = fs::symlink_status(path, failed);
  if (failed) return os_error("read the mode of " + path.string(), failed.value());
  const bool is_private = (status.permissions() & (fs::perms::group_all | fs::perms::others_all)) == fs::perms::none;
  if (fs::is_regular_file(status) && is_private) return {};
  return error(Errc::denied,
               path.string() + " must be a plain file that only its owner may read: chmod 600 " + path.string());
}

Result<std::string> read_file(Disk& disk, const fs::path& path, std::size_t most_bytes) {
  if (auto checked = check_private(path); !checked) return checked.error();
  auto file = disk.open(path, FileAccess::read);
  if (!file) return file.error();
  std::string text(most_bytes + 1, '\0');
  auto got = (*file)->read_at(0, ByteSpan(reinterpret_cast<std::uint8_t*>(text.data()), text.size()));
  if (!got) return got.error();
  if (*got > most_bytes) return error(Errc::invalid, path.string() + " is larger than it can be");
  text.resize(*got);
  return text;
}

// A new file, on the disk when this returns; its name is durable once the folder is synced.
Result<void> write_new_file(Disk& disk, const fs::path& path, std::string_view text) {
  auto file = disk.create(path);
  if (!file) return file.error();
  std::uint64_t written_bytes = 0;
  while (written_bytes < text.size()) {
    const std::array<ByteView, 1> parts = {bytes_of(text.substr(written_bytes))};
    auto wrote = (*file)->write_at(written_bytes, parts);
    if (!wrote) return wrote.error();
    if (*wrote == 0) return error(Errc::io, "write " + path.string() + ": nothing was written");
    written_bytes += *wrote;
  }
  return (*file)->sync();
}

bool is_token(std::string_view text) {
  return text.size() == kTokenHexBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

bool is_token_id(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), allowed);
}

Result<std::unique_ptr<TokenStore>> TokenStore::open(Disk& disk, const fs::path& folder, WallTime now) {
  std::unique_ptr<TokenStore> store(new TokenStore(disk, folder));
  auto exists = disk.exists(folder / kTokensFile);
  if (!exists) return exists.error();
  auto opened = *exists ? store->load() : store->start_anew(now);
  if (!opened) return opened.error();
  return store;
}

Result<void> TokenStore::load() {
  const fs::path path = folder_ / kTokensFile;
  auto text = read_file(disk_, path, kTokensFileBytes);
  if (!text) return text.error();
  const auto wrong = [&] { return error(Errc::invalid, path.string() + " is not a token file of this version"); };
  const json file = json::parse(*text, nullptr, false);
  if (!file.is_object() || file.value("version", json()) != kVersion || !file.value("tokens", json()).is_array())
    return wrong();
  for (const json& row : file["tokens"]) {
    if (!row.is_object()) return wrong();
    const auto text_of_member = [&](const char* name) {
      const auto found = row.find(name);
      return found != row.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    const std::string id = text_of_member("id");
    const auto role = parse_role(text_of_member("role"));
    const auto hash = from_hex(text_of_member("sha256"));
    const auto created = parse_rfc3339(text_of_member("created"));
    Entry entry;
    if (!is_token_id(id) || !role || !hash || hash->size() != entry.hash.size() || !created) return wrong();
    entry.info = {id, *role, *created};
    std::copy(hash->begin(), hash->end(), entry.hash.begin());
    entries_.push_back(std::move(entry));
  }
  return {};
}

Result<void> TokenStore::start_anew(WallTime now) {
  const fs::path path = folder_ / kAdminFile;
  auto exists = disk_.exists(path);
  if (!exists) return exists.error();
  std::string token;
  if (*exists) {
    auto text = read_file(disk_, path, kTokenHexBytes + 1);
    if (!text) return text.error();
    token = text->substr(0, text->find('\n'));
    if (!is_token(token))
      return error(Errc::invalid, path.string() + " does not hold a token: remove it to get a new one");
  } else {
    token = to_hex(random_32());
    if (auto written = write_new_file(disk_, path, token + "\n"); !written) return written.error();
    if (auto synced = disk_.sync_folder(folder_); !synced) return synced.error();
  }
  entries_ = {Entry{{std::string(kAdminId), Role::admin, now}, sha256(bytes_of(token))}};
  return save(entries_);
}

Result<void> TokenStore::save(const std::vector<Entry>& entries) const {
  json rows = json::array();
  for (const Entry& entry : entries) {
    rows.push_back({{"id", entry.info.id},
                    {"role", name_of(entry.info.role)},
                    {"sha256", to_hex(entry.hash)},
                    {"created", to_rfc3339(entry.info.created)}});
  }
  const json file = {{"version", kVersion}, {"tokens", std::move(rows)}};
  const fs::path path = folder_ / kTokensFile;
  const fs::path fresh = folder_ / (std::string(kTokensFile) + ".new");
  auto left_over = disk_.exists(fresh);  // of a write that did not finish
  if (!left_over) return left_over.error();
  if (*left_over) {
    if (auto removed = disk_.remove(fresh); !removed) return removed;
  }
  if (auto written = write_new_file(disk_, fresh, file.dump(2) + "\n"); !written) return written;
  if (auto renamed = disk_.rename(fresh, path); !renamed) return renamed;
  return disk_.sync_folder(folder_);
}

std::optional<TokenInfo> TokenStore::identify(std::string_view token) const {
  const Sha256Digest hash = sha256(bytes_of(token));
  std::optional<TokenInfo> found;
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_) {
    if (equal_constant_time(entry.hash, hash)) found = entry.info;
  }
  return found;
}

std::vector<TokenInfo> TokenStore::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<TokenInfo> infos;
  infos.reserve(entries_.size());
  for (const Entry& entry : entries_) infos.push_back(entry.info);
  return infos;
}

Result<std::string> TokenStore::add(const std::string& id, Role role, WallTime now) {
  if (!is_token_id(id)) return error(Errc::invalid, "a token's id is 1 to 64 of a-z, 0-9, '.', '_' and '-'");
  const std::lock_guard lock(mutex_);
  if (std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.info.id == id; })) {
    return error(Errc::conflict, "there is a token with the id '" + id + "': delete it first or choose another id");
  }
  if (entries_.size() >= limits::kTokens) {
    return error(Errc::exhausted, "there are " + std::to_string(limits::kTokens) + " tokens already: delete one first");
  }
  std::string token = to_hex(random_32());
  std::vector<Entry> entries = entries_;
  entries.push_back({{id, role, now}, sha256(bytes_of(token))});
  if (auto saved = save(entries); !saved) return saved.error();
  entries_ = std::move(entries);
  return token;
}

Result<void> TokenStore::remove(std::string_view id) {
  const std::lock_guard lock(mutex_);
  std::vector<Entry> entries = entries_;
  const auto gone =
      std::remove_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.info.id == id; });
  if (gone == entries.end()) return error(Errc::not_found, "there is no token with this id");
  entries.erase(gone, entries.end());
  const auto is_admin = [](const Entry& entry) { return entry.info.role == Role::admin; };
  if (std::none_of(entries.begin(), entries.end(), is_admin)) {
    return error(Errc::conflict, "this is the last admin token: add another before deleting it");
  }
  if (auto saved = save(entries); !saved) return saved;
  entries_ = std::move(entries);
  return {};
}

}  // namespace assent
