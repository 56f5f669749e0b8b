#include "engine/catalog/notices.h"

#include <cctype>
#include <nlohmann/json.hpp>

namespace assent {

Result<NoticeRow> find_notice(Catalog& catalog, const NoticeName& name) {
  auto rows = catalog.notices({name.id, name.version, std::nullopt, std::nullopt});
  if (!rows) return rows.error();
  const std::string named = "notice: \"" + name.id + "\", version \"" + name.version + "\"";
  if (rows->empty()) {
    return error(Errc::invalid,
                 named + " is not on record: see GET /v1/notices, or put it there with POST /v1/notices");
  }
  std::string languages;
  for (const NoticeRow& row : *rows) languages += (languages.empty() ? "" : ", ") + row.language;
  if (!name.language.empty()) {
    std::erase_if(*rows, [&](const NoticeRow& row) { return row.language != name.language; });
  }
  if (rows->empty()) {
    return error(Errc::invalid, named + " is not on record in \"" + name.language + "\", only in " + languages);
  }
  if (rows->size() > 1) return error(Errc::invalid, named + " is there in " + languages + ": name the language");
  if (!name.hash.empty() && to_hex(rows->front().hash) != name.hash) {
    return error(Errc::invalid, named + " is on record with another text: its hash is " + to_hex(rows->front().hash));
  }
  return std::move(rows->front());
}

bool is_language_tag(std::string_view text) {
  // RFC 5646 section 2.1, as far as its shape: subtags of 1 to 8 letters or digits, the first of 2 or more letters.
  std::size_t length = 0;
  bool first = true;
  for (const char c : text) {
    if (c == '-') {
      if (length == 0 || (first && length < 2)) return false;
      length = 0;
      first = false;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (first ? std::isalpha(byte) == 0 : std::isalnum(byte) == 0) return false;
    if (++length > 8) return false;
  }
  return length >= (first ? 2U : 1U);
}

std::string notice_json_of(const NoticeRow& row) {
  return nlohmann::json{
      {"hash", to_hex(row.hash)}, {"id", row.id}, {"language", row.language}, {"version", row.version}}
      .dump();
}

}  // namespace assent
