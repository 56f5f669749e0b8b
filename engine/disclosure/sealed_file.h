// A sealed file: content that never lies on a disk in the clear, written once from front to back and read anywhere.
//
//     header | frame 1 | frame 2 | ... | frame n | final frame
//              4,064 bytes of content each,        | 8 length of the content |
//              the last filled up with zeros
//
// It is one sealed message (crypto/message.h) under a key of its own, so frame n begins at a place that can be
// reckoned, and what was changed, cut off or put together from two files does not open. A file without its final frame
// is one that was not finished. The header says in the clear which key opens it and whose it is, in opaque ids.
//
// One thread each. The writer holds 64 frames and writes them at once; the reader as many. Offsets and lengths in bytes
// of content. Errors: Errc::corrupt (damaged, cut off, or of another key), and those of the disk.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/disk.h"
#include "base/ids.h"
#include "base/result.h"
#include "crypto/message.h"
#include "crypto/message_reader.h"
#include "crypto/secret.h"

namespace assent {

class SealedFileWriter {
 public:
  // Makes the file, which must not be there. The key is used for the moment of this call.
  static Result<std::unique_ptr<SealedFileWriter>> create(Disk& disk, const std::filesystem::path& path,
                                                          const SecretKey& key, KeyId key_id,
                                                          const MessageContext& context);
  ~SealedFileWriter();  // wipes what it holds of the content
  SealedFileWriter(const SealedFileWriter&) = delete;
  SealedFileWriter& operator=(const SealedFileWriter&) = delete;

  Result<void> append(ByteView content);
  // Once; then all of it is durable, but for the folder's own entry.
  Result<void> finish();
  std::uint64_t length_bytes() const { return length_bytes_; }

 private:
  SealedFileWriter(std::unique_ptr<DiskFile> file, SegmentSealer sealer);
  Result<void> seal_frame();
  Result<void> write_out();

  std::unique_ptr<DiskFile> file_;
  SegmentSealer sealer_;
  FrameCipher cipher_;
  std::uint32_t frames_ = 0;
  Bytes plain_;   // of the frame being filled
  Bytes sealed_;  // frames to be written
  std::uint64_t written_bytes_ = 0;
  std::uint64_t length_bytes_ = 0;
};

class SealedFileReader {
 public:
  // Reads the header and the end. The key is used for the moment of this call.
  static Result<std::unique_ptr<SealedFileReader>> open(Disk& disk, const std::filesystem::path& path,
                                                        const SecretKey& key, KeyId key_id);
  ~SealedFileReader();
  SealedFileReader(const SealedFileReader&) = delete;
  SealedFileReader& operator=(const SealedFileReader&) = delete;

  std::uint64_t length_bytes() const { return length_bytes_; }
  // Fills as much of `to` as there is from there on; 0 at the end.
  Result<std::size_t> read_at(std::uint64_t offset_bytes, ByteSpan to);

 private:
  SealedFileReader(std::unique_ptr<DiskFile> file, FrameOpener opener);
  Result<void> read_end();
  Result<void> load(std::uint32_t first_frame);

  std::unique_ptr<DiskFile> file_;
  FrameOpener opener_;
  FrameCipher cipher_;
  std::uint64_t length_bytes_ = 0;
  std::uint64_t frames_ = 0;
  Bytes plain_;                     // of the frames loaded
  std::uint64_t plain_offset_ = 0;  // where they begin in the content
};

}  // namespace assent
