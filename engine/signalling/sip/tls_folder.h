// TlsFolder: a certificate, its key and the authorities that vouch for others, as sofia-sip wants to be shown them: in
// a folder, key and certificate in one file.
//
// The file is in memory alone, and the folder has links to it: no copy of the key gets to a disk. The folder is gone
// with this object, which has to be there only while SofiaStack starts. One thread. Errors: Errc::not_found and the
// operating system's, with the file.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"

namespace assent {

class TlsFolder {
 public:
  // In `within`. `authorities` may be empty: then nobody is asked for a certificate.
  static Result<std::unique_ptr<TlsFolder>> make(const std::filesystem::path& within,
                                                 const std::filesystem::path& certificate,
                                                 const std::filesystem::path& key,
                                                 const std::filesystem::path& authorities);
  ~TlsFolder();
  TlsFolder(const TlsFolder&) = delete;
  TlsFolder& operator=(const TlsFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  TlsFolder() = default;

  std::filesystem::path path_;
  int key_fd_ = -1;
};

}  // namespace assent
