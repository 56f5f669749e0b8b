#include "tools/assent/small_file.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>

namespace assent {

Result<std::string> read_small_file(const std::filesystem::path& path, std::size_t most_bytes) {
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rbe"));
  if (!file) {
    const int why = errno;
    Error failure = os_error("open " + path.string(), why);
    if (why == ENOENT || why == ENOTDIR) failure.code = Errc::not_found;
    return failure;
  }
  std::string text(most_bytes + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) return os_error("read " + path.string(), errno);
  if (text.size() > most_bytes) {
    return error(Errc::invalid, path.string() + " is larger than " + std::to_string(most_bytes) + " bytes");
  }
  return text;
}

Result<void> replace_small_file(Disk& disk, const std::filesystem::path& place, const std::string& text) {
  auto beside = place;
  beside += ".new";

  if (auto removed = disk.remove(beside); !removed && removed.error().code != Errc::not_found) return removed;
  auto file = disk.create(beside);
  if (!file) return file.error();
  const std::array<ByteView, 1> parts = {bytes_of(text)};
  const auto written = (*file)->write_at(0, parts);
  if (!written) return written.error();
  if (*written != text.size()) return error(Errc::io, "write " + beside.string() + ": no room for " + text);
  return disk.rename(beside, place);
}

}  // namespace assent
