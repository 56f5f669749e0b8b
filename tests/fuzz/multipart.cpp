#include <cstdlib>

#include "engine/signalling/multipart.h"

// The first line is the type, the rest the body; no part is outside of it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = text.find('\n');
  if (line == text.npos) return 0;
  const std::string_view body = text.substr(line + 1);
  const auto parts = assent::body_parts(text.substr(0, line), body);
  if (!parts) return 0;
  for (const assent::BodyPart& part : *parts) {
    const bool is_within =
        part.content.empty() ||
        (part.content.data() >= body.data() && part.content.data() + part.content.size() <= body.data() + body.size());
    if (!is_within) std::abort();
  }
  return 0;
}
