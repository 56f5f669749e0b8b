#include "engine/disclosure/sealed_file.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "crypto/wipe.h"

namespace assent {
namespace {

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kFinalBytes = kLengthBytes + limits::kFinalFrameOverhead;

Error damaged(const std::string& what) { return error(Errc::corrupt, "a sealed file of an export: " + what); }

Result<void> write_all(DiskFile& file, std::uint64_t& at, ByteView bytes) {
  while (!bytes.empty()) {
    const std::array<ByteView, 1> parts = {bytes};
    const auto written = file.write_at(at, parts);
    if (!written) return written.error();
    if (*written == 0) return error(Errc::io, "a sealed file takes no more bytes");
    at += *written;
    bytes = bytes.subspan(*written);
  }
  return {};
}

}  // namespace

// ---- writing --------------------------------------------------------------------------------------------------------

SealedFileWriter::SealedFileWriter(std::unique_ptr<DiskFile> file, SegmentSealer sealer)
    : file_(std::move(file)), sealer_(std::move(sealer)) {
  plain_.reserve(limits::kFrameBytes);
  sealed_.reserve(limits::kExportFramesAtOnce * limits::kPageBytes);
}

SealedFileWriter::~SealedFileWriter() { wipe(plain_); }

Result<std::unique_ptr<SealedFileWriter>> SealedFileWriter::create(Disk& disk, const std::filesystem::path& path,
                                                                   const SecretKey& key, KeyId key_id,
                                                                   const MessageContext& context) {
  auto sealer = SegmentSealer::create(key, key_id, context);
  if (!sealer) return sealer.error();
  auto file = disk.create(path);
  if (!file) return file.error();
  std::unique_ptr<SealedFileWriter> writer(new SealedFileWriter(*std::move(file), *std::move(sealer)));
  if (auto done = write_all(*writer->file_, writer->written_bytes_, writer->sealer_.header()); !done)
    return done.error();
  return writer;
}

Result<void> SealedFileWriter::append(ByteView content) {
  length_bytes_ += content.size();
  while (!content.empty()) {
    const ByteView part = content.first(std::min(limits::kFrameBytes - plain_.size(), content.size()));
    assent::append(plain_, part);
    content = content.subspan(part.size());
    if (plain_.size() < limits::kFrameBytes) return {};
    if (auto done = seal_frame(); !done) return done;
  }
  return {};
}

Result<void> SealedFileWriter::seal_frame() {
  const std::size_t at = sealed_.size();
  sealed_.resize(at + limits::kPageBytes);
  const std::span<const std::uint8_t, limits::kFrameBytes> plain(plain_.data(), limits::kFrameBytes);
  const std::span<std::uint8_t, limits::kPageBytes> page(&sealed_[at], limits::kPageBytes);
  sealer_.seal_frame(cipher_, ++frames_, plain, page);
  wipe(plain_);
  plain_.clear();
  return sealed_.size() < limits::kExportFramesAtOnce * limits::kPageBytes ? Result<void>() : write_out();
}

Result<void> SealedFileWriter::write_out() {
  if (auto done = write_all(*file_, written_bytes_, sealed_); !done) return done;
  sealed_.clear();
  return {};
}

Result<void> SealedFileWriter::finish() {
  if (!plain_.empty()) {
    plain_.resize(limits::kFrameBytes);
    if (auto done = seal_frame(); !done) return done;
  }
  std::array<std::uint8_t, kLengthBytes> length{};
  store_be64(length.data(), length_bytes_);
  std::array<std::uint8_t, kFinalBytes> page{};
  const std::size_t size = sealer_.seal_final(cipher_, frames_ + 1, length, page);
  assent::append(sealed_, ByteView(page).first(size));
  if (auto done = write_out(); !done) return done;
  return file_->sync();
}

// ---- reading --------------------------------------------------------------------------------------------------------

SealedFileReader::SealedFileReader(std::unique_ptr<DiskFile> file, FrameOpener opener)
    : file_(std::move(file)), opener_(std::move(opener)) {}

SealedFileReader::~SealedFileReader() { wipe(plain_); }

Result<std::unique_ptr<SealedFileReader>> SealedFileReader::open(Disk& disk, const std::filesystem::path& path,
                                                                 const SecretKey& key, KeyId key_id) {
  auto file = disk.open(path, FileAccess::read);
  if (!file) return file.error();
  Bytes head(limits::kPageBytes);
  const auto got = (*file)->read_at(0, head);
  if (!got) return got.error();
  head.resize(*got);
  const auto keys = data_keys_from(
      [&](std::string_view name) { return name == to_text(key_id) ? &key : static_cast<const SecretKey*>(nullptr); });
  auto opener = FrameOpener::create(head, keys);
  if (!opener) return to_error(opener.error());
  if (opener->header().frame_bytes != limits::kFrameBytes) return damaged("its frames have another size than ours");
  std::unique_ptr<SealedFileReader> reader(new SealedFileReader(*std::move(file), *std::move(opener)));
  if (auto read = reader->read_end(); !read) return read.error();
  return reader;
}

Result<void> SealedFileReader::read_end() {
  const auto size = file_->size_bytes();
  if (!size) return size.error();
  const std::uint64_t head = opener_.header().bytes();
  if (*size < head + kFinalBytes || (*size - head - kFinalBytes) % limits::kPageBytes != 0) {
    return damaged("it ends within a frame, or was not finished");
  }
  frames_ = (*size - head - kFinalBytes) / limits::kPageBytes;
  if (frames_ >= kFinalFrameMark) return damaged("it has more frames than a file can have");
  std::array<std::uint8_t, kFinalBytes> frame{};
  const auto got = file_->read_at(*size - kFinalBytes, frame);
  if (!got) return got.error();
  Bytes plain(opener_.plain_capacity());
  const auto opened =
      opener_.open(cipher_, static_cast<std::uint32_t>(frames_ + 1), ByteView(frame).first(*got), plain);
  if (!opened) return to_error(opened.error());
  if (opened->kind != FrameKind::final_frame || opened->plain_bytes != kLengthBytes) return damaged("it has no end");
  length_bytes_ = load_be64(plain.data());
  const std::uint64_t least = frames_ == 0 ? 0 : (frames_ - 1) * limits::kFrameBytes + 1;
  if (length_bytes_ < least || length_bytes_ > frames_ * limits::kFrameBytes) return damaged("its length is wrong");
  return {};
}

// The frames from this one on, as many as are opened at once.
Result<void> SealedFileReader::load(std::uint32_t first_frame) {
  const std::uint64_t count = std::min<std::uint64_t>(limits::kExportFramesAtOnce, frames_ - first_frame + 1);
  Bytes sealed(count * limits::kPageBytes);
  const auto got = file_->read_at(opener_.header().frame_offset(first_frame), sealed);
  if (!got) return got.error();
  if (*got != sealed.size()) return damaged("it was cut off while it was read");
  wipe(plain_);
  plain_.assign(count * limits::kFrameBytes, 0);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto opened = opener_.open(cipher_, first_frame + static_cast<std::uint32_t>(i),
                                     ByteView(sealed).subspan(i * limits::kPageBytes, limits::kPageBytes),
                                     ByteSpan(plain_).subspan(i * limits::kFrameBytes, limits::kFrameBytes));
    if (!opened) {
      plain_.clear();
      return to_error(opened.error());
    }
    if (opened->kind != FrameKind::regular) {
      plain_.clear();
      return damaged("it has an end within");
    }
  }
  plain_offset_ = (first_frame - 1) * std::uint64_t{limits::kFrameBytes};
  return {};
}

Result<std::size_t> SealedFileReader::read_at(std::uint64_t offset_bytes, ByteSpan to) {
  if (offset_bytes >= length_bytes_) return std::size_t{0};
  to = to.first(std::min<std::uint64_t>(to.size(), length_bytes_ - offset_bytes));
  std::size_t filled = 0;
  while (filled < to.size()) {
    const std::uint64_t at = offset_bytes + filled;
    if (plain_.empty() || at < plain_offset_ || at >= plain_offset_ + plain_.size()) {
      if (auto loaded = load(static_cast<std::uint32_t>(at / limits::kFrameBytes + 1)); !loaded) return loaded.error();
    }
    const ByteView there = ByteView(plain_).subspan(at - plain_offset_);
    const std::size_t take = std::min(there.size(), to.size() - filled);
    std::copy_n(there.begin(), take, to.begin() + static_cast<std::ptrdiff_t>(filled));
    filled += take;
  }
  return filled;
}

}  // namespace assent
