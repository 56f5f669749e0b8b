#include "engine/signalling/pressed_key.h"

#include "base/text.h"
#include "codecs/telephone_event.h"

namespace assent {
namespace {

std::string_view without_blanks(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// The value of "Signal=", or the first line that is no name with a value.
std::string_view key_in(std::string_view body) {
  while (!body.empty()) {
    const auto end = body.find('\n');
    const std::string_view line = without_blanks(body.substr(0, end));
    body = end == body.npos ? std::string_view() : body.substr(end + 1);
    const auto equals = line.find('=');
    if (equals == line.npos && !line.empty()) return line;
    if (equals != line.npos && equal_but_for_case(without_blanks(line.substr(0, equals)), "signal")) {
      return without_blanks(line.substr(equals + 1));
    }
  }
  return {};
}

}  // namespace

Result<char> pressed_key(std::string_view body) {
  const std::string_view key = key_in(body);
  if (key == "10") return '*';
  if (key == "11") return '#';
  const char letter = key.size() != 1                  ? '\0'
                      : key[0] >= 'a' && key[0] <= 'd' ? static_cast<char>(key[0] - 'a' + 'A')
                                                       : key[0];
  if (letter == '\0' || kTelephoneKeys.find(letter) == kTelephoneKeys.npos)
    return error(Errc::invalid, "it names no key");
  return letter;
}

}  // namespace assent
