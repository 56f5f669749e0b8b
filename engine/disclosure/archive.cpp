#include "engine/disclosure/archive.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace assent {

constexpr std::string_view kManifestName = "manifest.json";

Result<std::unique_ptr<DisclosureArchive>> DisclosureArchive::create(const std::optional<AgeRecipient>& recipient,
                                                                     WallTime at, Sink sink) {
  std::unique_ptr<DisclosureArchive> archive(new DisclosureArchive(at, std::move(sink)));
  auto* made = archive.get();
  if (recipient) {
    auto age = AgeEncryptor::create(*recipient, [made](ByteView bytes) { return made->give(bytes); });
    if (!age) return age.error();
    made->age_.emplace(*std::move(age));
  }
  auto zip =
      ZipWriter::create([made](ByteView bytes) { return made->age_ ? made->age_->write(bytes) : made->give(bytes); });
  if (!zip) return zip.error();
  made->zip_ = *std::move(zip);
  return archive;
}

Result<void> DisclosureArchive::give(ByteView bytes) {
  whole_.update(bytes);
  return sink_(bytes);
}

void DisclosureArchive::end_file() {
  if (in_file_) files_.back().sha256 = digest_.finish();
  in_file_ = false;
}

Result<void> DisclosureArchive::begin(const std::string& name, Packing packing,
                                      const std::optional<std::uint64_t>& size_bytes) {
  end_file();
  files_.push_back({name, 0, {}});
  in_file_ = true;
  return zip_->begin({name, at_, packing, size_bytes});
}

Result<void> DisclosureArchive::write(ByteView content) {
  digest_.update(content);
  files_.back().size_bytes += content.size();
  return zip_->write(content);
}

Result<void> DisclosureArchive::add(const std::string& name, std::string_view text) {
  if (auto begun = begin(name, Packing::deflated, text.size()); !begun) return begun;
  return write(text);
}

std::string DisclosureArchive::manifest() const {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Listed& file : files_) {
    list.push_back({{"file", file.name}, {"bytes", file.size_bytes}, {"sha256", to_hex(file.sha256)}});
  }
  return nlohmann::ordered_json{{"at", to_rfc3339(at_)}, {"files", std::move(list)}}.dump(2) + "\n";
}

Result<Sha256Digest> DisclosureArchive::finish() {
  end_file();
  const std::string listed = manifest();
  if (auto done = zip_->begin({std::string(kManifestName), at_, Packing::deflated, listed.size()}); !done) {
    return done.error();
  }
  if (auto done = zip_->write(bytes_of(listed)); !done) return done.error();
  if (auto done = zip_->finish(); !done) return done.error();
  if (age_) {
    if (auto done = age_->finish(); !done) return done.error();
  }
  return whole_.finish();
}

}  // namespace assent
