#include "engine/signalling/sip/tls_folder.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include "base/small_file.h"
#include "crypto/wipe.h"

namespace assent {
namespace {

constexpr std::size_t kPemBytes = std::size_t{256} * 1024;

// Appends a file to one in memory.
Result<void> append_file(const std::filesystem::path& from, int to) {
  const OpenFile file(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd < 0) return os_error("open " + from.string(), errno);
  std::array<std::uint8_t, 4096> part;
  std::size_t all = 0;
  Result<void> done;
  while (done) {
    const ssize_t size = ::read(file.fd, part.data(), part.size());
    if (size == 0) break;
    if (size < 0) {
      done = os_error("read " + from.string(), errno);
    } else if ((all += static_cast<std::size_t>(size)) > kPemBytes) {
      done = error(Errc::invalid, from.string() + " is too long for a certificate or a key");
    } else if (::write(to, part.data(), static_cast<std::size_t>(size)) != size) {
      done = os_error("keep " + from.string() + " in memory", errno);
    }
  }
  wipe(part);
  if (done && ::write(to, "\n", 1) != 1) done = os_error("keep " + from.string() + " in memory", errno);
  return done;
}

}  // namespace

Result<std::unique_ptr<TlsFolder>> TlsFolder::make(const std::filesystem::path& within,
                                                   const std::filesystem::path& certificate,
                                                   const std::filesystem::path& key,
                                                   const std::filesystem::path& authorities) {
  std::unique_ptr<TlsFolder> folder(new TlsFolder);
  folder->key_fd_ = ::memfd_create("siprec-key", MFD_CLOEXEC);
  if (folder->key_fd_ < 0) return os_error("make a file in memory", errno);
  for (const auto& file : {key, certificate}) {
    if (auto appended = append_file(file, folder->key_fd_); !appended) return appended.error();
  }
  std::string name = (within / "siprec-tls-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) return os_error("make a folder in " + within.string(), errno);
  folder->path_ = name;
  std::error_code failed;
  const std::string in_memory = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(folder->key_fd_);
  std::filesystem::create_symlink(in_memory, folder->path_ / "agent.pem", failed);
  if (!failed && !authorities.empty()) {
    std::filesystem::create_symlink(std::filesystem::absolute(authorities), folder->path_ / "cafile.pem", failed);
  }
  if (failed) return os_error("link into " + name, failed.value());
  return folder;
}

TlsFolder::~TlsFolder() {
  if (key_fd_ >= 0) ::close(key_fd_);
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);  // links, not what they point to
}

}  // namespace assent
