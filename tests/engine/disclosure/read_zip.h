// The files in a ZIP file by their names, as a reader of such files sees them.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <map>
#include <string>

#include "base/bytes.h"
#include "catch.h"

namespace assent {

inline std::map<std::string, std::string> read_zip(ByteView zip) {
  std::map<std::string, std::string> files;
  ::archive* reader = archive_read_new();
  archive_read_support_format_zip(reader);
  REQUIRE(archive_read_open_memory(reader, zip.data(), zip.size()) == ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    std::string& text = files[archive_entry_pathname(entry)];
    std::array<char, 4096> piece{};
    for (la_ssize_t got = 0; (got = archive_read_data(reader, piece.data(), piece.size())) > 0;) {
      text.append(piece.data(), static_cast<std::size_t>(got));
    }
  }
  archive_read_free(reader);
  return files;
}

}  // namespace assent
