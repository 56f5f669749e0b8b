#include "engine/disclosure/zip_writer.h"

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <utility>

namespace assent {

struct ZipWriter::Impl {
  struct FreeArchive {
    void operator()(archive* one) const { archive_write_free(one); }
  };
  struct FreeEntry {
    void operator()(archive_entry* one) const { archive_entry_free(one); }
  };

  explicit Impl(Sink to) : sink(std::move(to)), zip(archive_write_new()) {}

  Sink sink;
  std::optional<Error> sink_failure;
  std::unique_ptr<archive, FreeArchive> zip;  // last: freeing one that was not finished writes

  Error failure(const std::string& doing) const {
    if (sink_failure) return *sink_failure;
    const char* why = archive_error_string(zip.get());
    return error(Errc::io, "the archive: " + doing + ": " + (why == nullptr ? "no memory" : why));
  }

  static la_ssize_t take(archive* from, void* self, const void* bytes, std::size_t count) {
    auto* impl = static_cast<Impl*>(self);
    if (!impl->sink_failure) {
      if (auto taken = impl->sink({static_cast<const std::uint8_t*>(bytes), count}); taken) {
        return static_cast<la_ssize_t>(count);
      } else {
        impl->sink_failure = taken.error();
      }
    }
    archive_set_error(from, EIO, "the sink takes nothing more");
    return -1;
  }
};

ZipWriter::ZipWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ZipWriter::~ZipWriter() {
  // What libarchive still wants to write goes nowhere.
  if (!impl_->sink_failure) impl_->sink_failure = error(Errc::unavailable, "the archive was given up");
}

Result<std::unique_ptr<ZipWriter>> ZipWriter::create(Sink sink) {
  auto impl = std::make_unique<Impl>(std::move(sink));
  if (impl->zip == nullptr) return error(Errc::exhausted, "no memory for an archive");
  archive* zip = impl->zip.get();
  const bool ready = archive_write_set_format_zip(zip) == ARCHIVE_OK &&
                     archive_write_set_bytes_in_last_block(zip, 1) == ARCHIVE_OK &&
                     archive_write_open2(zip, impl.get(), nullptr, Impl::take, nullptr, nullptr) == ARCHIVE_OK;
  if (!ready) return impl->failure("begin");
  return std::unique_ptr<ZipWriter>(new ZipWriter(std::move(impl)));
}

Result<void> ZipWriter::begin(const ZipEntry& entry) {
  archive* zip = impl_->zip.get();
  const int packed = entry.packing == Packing::stored ? archive_write_zip_set_compression_store(zip)
                                                      : archive_write_zip_set_compression_deflate(zip);
  const std::unique_ptr<archive_entry, Impl::FreeEntry> head(archive_entry_new());
  if (packed != ARCHIVE_OK || head == nullptr) return impl_->failure("begin " + entry.name);
  constexpr unsigned kMode = 0600;
  archive_entry_set_pathname(head.get(), entry.name.c_str());
  archive_entry_set_filetype(head.get(), AE_IFREG);
  archive_entry_set_perm(head.get(), kMode);
  archive_entry_set_mtime(head.get(), std::chrono::floor<seconds>(entry.modified).time_since_epoch().count(), 0);
  if (entry.size_bytes) archive_entry_set_size(head.get(), static_cast<la_int64_t>(*entry.size_bytes));
  if (archive_write_header(zip, head.get()) != ARCHIVE_OK) return impl_->failure("begin " + entry.name);
  return {};
}

Result<void> ZipWriter::write(ByteView content) {
  while (!content.empty()) {
    const auto written = archive_write_data(impl_->zip.get(), content.data(), content.size());
    if (written <= 0) return impl_->failure("write");
    content = content.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> ZipWriter::finish() {
  if (archive_write_close(impl_->zip.get()) != ARCHIVE_OK) return impl_->failure("finish");
  return {};
}

}  // namespace assent
