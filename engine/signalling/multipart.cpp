#include "engine/signalling/multipart.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace assent {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

// "multipart/mixed" of "Multipart/Mixed ; boundary=x"
std::string value_of(std::string_view header) { return lower_case(trimmed(header.substr(0, header.find(';')))); }

Error fault(const std::string& what) { return error(Errc::invalid, "multipart: " + what); }

Result<std::string> boundary_of(std::string_view content_type) {
  for (auto at = content_type.find(';'); at != content_type.npos; at = content_type.find(';', at + 1)) {
    const std::string_view parameter = trimmed(content_type.substr(at + 1));
    const auto equals = parameter.find('=');
    if (equals == parameter.npos || lower_case(trimmed(parameter.substr(0, equals))) != "boundary") continue;
    std::string_view value = trimmed(parameter.substr(equals + 1));
    if (!value.empty() && value.front() == '"') {
      value.remove_prefix(1);
      const auto end = value.find('"');
      if (end == value.npos) break;
      value = value.substr(0, end);
    } else {
      value = trimmed(value.substr(0, value.find(';')));
    }
    if (value.empty() || value.size() > limits::kBoundaryBytes) break;
    return std::string(value);
  }
  return fault("its type names no proper boundary");
}

struct Delimiter {
  std::size_t begin;  // of the line, or of the line end before it, which belongs to it
  std::size_t end;    // after its line
  bool is_last;
};

// The next line that is "--boundary" or "--boundary--".
std::optional<Delimiter> next_delimiter(std::string_view body, const std::string& boundary, std::size_t from) {
  const std::string dashes = "--" + boundary;
  for (auto at = body.find(dashes, from); at != body.npos; at = body.find(dashes, at + 1)) {
    if (at != 0 && body[at - 1] != '\n') continue;
    auto after = at + dashes.size();
    const bool is_last = body.substr(after).starts_with("--");
    const auto line_end = std::min(body.find('\n', after), body.size());
    if (!trimmed(body.substr(after + (is_last ? 2 : 0), line_end - after - (is_last ? 2 : 0))).empty()) continue;
    auto begin = at;
    if (begin > from && body[begin - 1] == '\n') --begin;
    if (begin > from && body[begin - 1] == '\r') --begin;
    return Delimiter{begin, std::min(line_end + 1, body.size()), is_last};
  }
  return std::nullopt;
}

Result<BodyPart> part_in(std::string_view text) {
  BodyPart part;
  part.type = "text/plain";
  for (std::size_t headers = 0;; ++headers) {
    const auto end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    if (end == text.npos && !line.empty() && line.find(':') == line.npos)
      return fault("a part has no end of its headers");
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.empty()) break;
    if (headers == limits::kMultipartHeaders) return fault("a part has too many headers");
    const auto colon = line.find(':');
    if (colon == line.npos) continue;  // the rest of a header of several lines
    const std::string name = lower_case(trimmed(line.substr(0, colon)));
    if (name == "content-type") part.type = value_of(line.substr(colon + 1));
    if (name == "content-disposition") part.disposition = value_of(line.substr(colon + 1));
  }
  part.content = text;
  return part;
}

}  // namespace

Result<std::vector<BodyPart>> body_parts(std::string_view content_type, std::string_view body) {
  if (body.size() > limits::kMultipartBytes) return fault("it is too long");
  const std::string type = value_of(content_type);
  if (!type.starts_with("multipart/")) return std::vector<BodyPart>{{type, {}, body}};
  const auto boundary = boundary_of(content_type);
  if (!boundary) return boundary.error();
  auto delimiter = next_delimiter(body, *boundary, 0);
  if (!delimiter) return fault("its boundary does not occur");
  std::vector<BodyPart> parts;
  while (!delimiter->is_last) {
    const auto next = next_delimiter(body, *boundary, delimiter->end);
    const auto end = next ? next->begin : body.size();
    if (parts.size() == limits::kMultipartParts) return fault("it has too many parts");
    auto part = part_in(body.substr(delimiter->end, std::max(end, delimiter->end) - delimiter->end));
    if (!part) return part.error();
    parts.push_back(*std::move(part));
    if (!next) break;
    delimiter = next;
  }
  return parts;
}

std::string_view part_of_type(const std::vector<BodyPart>& parts, std::string_view type) {
  const auto found = std::find_if(parts.begin(), parts.end(), [&](const BodyPart& part) { return part.type == type; });
  return found == parts.end() ? std::string_view() : found->content;
}

}  // namespace assent
