// Notices as calls, consents and consents on file name them: found in the register, and told in JSON with their hash.
//
// Any thread. Errors: Errc::invalid says what of the name is not on record, or which languages there are; the
// catalog's.
#pragma once

#include <string>
#include <string_view>

#include "engine/catalog/catalog.h"

namespace assent {

struct NoticeName {
  std::string id;
  std::string version;
  std::string language;  // empty: the only one that there is
  std::string hash;      // hex; empty: whatever it is
};

Result<NoticeRow> find_notice(Catalog& catalog, const NoticeName& name);

// RFC 5646, as far as its shape: "en", "de-CH".
bool is_language_tag(std::string_view text);

// {"hash","id","language","version"}, as it stands on calls and consent records.
std::string notice_json_of(const NoticeRow& row);

}  // namespace assent
