#include "engine/control/request_target.h"

#include <utility>

#include "base/bytes.h"

namespace assent {
namespace {

enum class PlusIs { plus, space };

Result<std::string> decode(std::string_view text, PlusIs plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const auto byte = from_hex(text.substr(i + 1, 2));
      if (!byte || byte->size() != 1) return error(Errc::invalid, "a '%' in the URL is not followed by two hex digits");
      c = static_cast<char>(byte->front());
      i += 2;
    } else if (c == '+' && plus == PlusIs::space) {
      c = ' ';
    }
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20 || code == 0x7F) return error(Errc::invalid, "the URL holds a control character");
    out.push_back(c);
  }
  return out;
}

Result<std::map<std::string, std::string>> parse_query(std::string_view text) {
  std::map<std::string, std::string> query;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(pair.size() < text.size() ? pair.size() + 1 : text.size());
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    auto name = decode(pair.substr(0, equals), PlusIs::space);
    if (!name) return name.error();
    auto value = decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1), PlusIs::space);
    if (!value) return value.error();
    if (!query.emplace(*name, *std::move(value)).second) {
      return error(Errc::invalid, "the query gives '" + *name + "' twice");
    }
  }
  return query;
}

// "http://host/path" is also a valid target; the authority is of no interest here.
std::string_view without_authority(std::string_view target) {
  if (!target.starts_with("http://") && !target.starts_with("https://")) return target;
  target.remove_prefix(target.find("//") + 2);
  const std::size_t path = target.find_first_of("/?");
  return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

}  // namespace

Result<RequestTarget> parse_target(std::string_view target) {
  target = without_authority(target);
  const std::size_t question = target.find('?');
  auto path = decode(target.substr(0, question), PlusIs::plus);
  if (!path) return path.error();
  if (!path->starts_with('/')) return error(Errc::invalid, "the request target is not a path");
  auto query = parse_query(question == std::string_view::npos ? "" : target.substr(question + 1));
  if (!query) return query.error();
  return RequestTarget{*std::move(path), *std::move(query)};
}

}  // namespace assent
