#include "engine/catalog/canonical_json.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/limits.h"

namespace assent {
namespace {

using nlohmann::json;

constexpr char kHexDigits[] = "0123456789abcdef";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20; }

// The letter behind the backslash for those control characters that have one, else 0.
char short_escape(char c) {
  switch (c) {
    case '\b': return 'b';
    case '\t': return 't';
    case '\n': return 'n';
    case '\f': return 'f';
    case '\r': return 'r';
    default: return 0;
  }
}

char meaning_of(char letter) {
  switch (letter) {
    case 'b': return '\b';
    case 't': return '\t';
    case 'n': return '\n';
    case 'f': return '\f';
    case 'r': return '\r';
    default: return letter;  // '"' and '\\'
  }
}

// The control character that an escape with these last two hex digits, in lower case, stands for.
std::optional<char> control_of(char high, char low) {
  const std::string_view digits(kHexDigits, 16);
  const auto value = digits.find(low);
  if ((high != '0' && high != '1') || value == digits.npos) return std::nullopt;
  return static_cast<char>((high == '1' ? 16 : 0) + value);
}

// The length of the UTF-8 sequence that the bytes begin with, or 0 when they begin with none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool second = follows(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF);
    return second && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool second = follows(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF);
    return second && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

// ---- making the canonical text ------------------------------------------------------------------------------------

// Takes nlohmann's parser events. The parser itself refuses what is not UTF-8, and lone surrogates.
class Canonicaliser {
 public:
  std::string text;
  std::string fault;

  bool null() { return add("null"); }
  bool boolean(bool value) { return add(value ? "true" : "false"); }
  bool number_integer(json::number_integer_t value) { return add(std::to_string(value)); }
  bool number_unsigned(json::number_unsigned_t value) { return add(std::to_string(value)); }
  bool number_float(json::number_float_t, const std::string& as_written) {
    return refuse("the number " + as_written + " is not an integer of 64 bits");
  }
  bool string(std::string& value) {
    std::string quoted;
    append_json_string(quoted, value);
    return add(std::move(quoted));
  }
  bool binary(json::binary_t&) { return refuse("it holds binary data"); }
  bool start_object(std::size_t) { return begin(Kind::object); }
  bool start_array(std::size_t) { return begin(Kind::array); }
  bool key(std::string& name) {
    open_.back().items.emplace_back(std::move(name), std::string());
    return true;
  }
  bool end_object() {
    auto& items = open_.back().items;
    std::sort(items.begin(), items.end());
    const auto twice = std::adjacent_find(items.begin(), items.end(),
                                          [](const auto& one, const auto& next) { return one.first == next.first; });
    if (twice != items.end()) return refuse("the key \"" + twice->first + "\" is there twice");
    std::string whole = "{";
    for (const auto& [name, value] : items) {
      if (whole.size() > 1) whole += ',';
      append_json_string(whole, name);
      whole += ':';
      whole += value;
    }
    open_.pop_back();
    return add(whole + "}");
  }
  bool end_array() {
    std::string whole = "[";
    for (const auto& [name, value] : open_.back().items) {
      if (whole.size() > 1) whole += ',';
      whole += value;
    }
    open_.pop_back();
    return add(whole + "]");
  }
  bool parse_error(std::size_t at, const std::string&, const json::exception&) {
    return refuse("it is not JSON in UTF-8 from byte " + std::to_string(at) + " on");
  }

 private:
  enum class Kind { object, array };
  struct Open {
    Kind kind;
    std::vector<std::pair<std::string, std::string>> items;  // of an array, without names
  };

  bool begin(Kind kind) {
    if (open_.size() == limits::kCanonicalJsonDepth) return refuse("it is nested too deeply");
    open_.push_back({kind, {}});
    return true;
  }
  bool add(std::string value) {
    if (open_.empty()) {
      text = std::move(value);
    } else if (open_.back().kind == Kind::object) {
      open_.back().items.back().second = std::move(value);
    } else {
      open_.back().items.emplace_back(std::string(), std::move(value));
    }
    return true;
  }
  bool refuse(std::string why) {
    fault = std::move(why);
    return false;
  }

  std::vector<Open> open_;
};

// ---- knowing it when it is seen -----------------------------------------------------------------------------------

// Reads one value after the other from the text's front; false as soon as something is not canonical.
class CanonicalScan {
 public:
  explicit CanonicalScan(std::string_view text) : left_(text) {}

  bool is_one_object() { return !left_.empty() && left_.front() == '{' && value(0) && left_.empty(); }

 private:
  bool take(char c) {
    if (left_.empty() || left_.front() != c) return false;
    left_.remove_prefix(1);
    return true;
  }
  bool take(std::string_view word) {
    if (left_.substr(0, word.size()) != word) return false;
    left_.remove_prefix(word.size());
    return true;
  }

  bool value(std::size_t depth) {
    if (left_.empty()) return false;
    switch (left_.front()) {
      case '{': return object(depth);
      case '[': return array(depth);
      case '"': {
        std::string_view inside;
        return string(inside);
      }
      case 't': return take("true");
      case 'f': return take("false");
      case 'n': return take("null");
      default: return number();
    }
  }

  bool object(std::size_t depth) {
    if (depth == limits::kCanonicalJsonDepth) return false;
    take('{');
    if (take('}')) return true;
    std::optional<std::string_view> before;
    do {
      std::string_view key;
      if (!string(key) || (before && !is_before(*before, key)) || !take(':') || !value(depth + 1)) return false;
      before = key;
    } while (take(','));
    return take('}');
  }

  bool array(std::size_t depth) {
    if (depth == limits::kCanonicalJsonDepth) return false;
    take('[');
    if (take(']')) return true;
    do {
      if (!value(depth + 1)) return false;
    } while (take(','));
    return take(']');
  }

  // `inside`: what stands between the quotes, escapes as they are.
  bool string(std::string_view& inside) {
    if (!take('"')) return false;
    const std::string_view from = left_;
    while (!left_.empty() && left_.front() != '"') {
      const char c = left_.front();
      if (is_control(c) || (c == '\\' ? !escape() : !character())) return false;
    }
    inside = from.substr(0, from.size() - left_.size());
    return take('"');
  }

  bool character() {
    const std::size_t length = utf8_length(left_);
    left_.remove_prefix(length);
    return length != 0;
  }

  bool escape() {
    if (left_.size() < 2) return false;
    const char letter = left_[1];
    if (letter == '"' || letter == '\\' || short_escape(meaning_of(letter)) == letter) {
      left_.remove_prefix(2);
      return true;
    }
    if (letter != 'u' || left_.size() < 6 || left_.substr(2, 2) != "00") return false;
    const auto control = control_of(left_[4], left_[5]);
    left_.remove_prefix(6);
    return control && short_escape(*control) == 0;  // those that have a short form must have it
  }

  bool number() {
    const bool negative = left_.front() == '-';
    std::size_t end = negative ? 1 : 0;
    while (end < left_.size() && is_digit(left_[end])) ++end;
    const std::string_view digits = left_.substr(negative ? 1 : 0, end - (negative ? 1 : 0));
    if (digits.empty() || (digits.front() == '0' && (negative || digits.size() > 1))) return false;
    const bool fits = negative ? is_number<std::int64_t>(left_.substr(0, end)) : is_number<std::uint64_t>(digits);
    left_.remove_prefix(end);
    return fits;
  }

  template <typename T>
  static bool is_number(std::string_view text) {
    T value{};
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    return read.ec == std::errc() && read.ptr == text.data() + text.size();
  }

  static std::string unescaped(std::string_view inside) {
    std::string out;
    while (!inside.empty()) {
      if (inside.front() != '\\') {
        out += inside.front();
        inside.remove_prefix(1);
      } else if (inside[1] == 'u') {
        out += control_of(inside[4], inside[5]).value_or('\0');  // it has been seen to be one
        inside.remove_prefix(6);
      } else {
        out += meaning_of(inside[1]);
        inside.remove_prefix(2);
      }
    }
    return out;
  }

  static bool is_before(std::string_view one, std::string_view next) {
    const bool plain = one.find('\\') == one.npos && next.find('\\') == next.npos;
    return plain ? one < next : unescaped(one) < unescaped(next);
  }

  std::string_view left_;
};

}  // namespace

Result<std::string> canonical_json(std::string_view text) {
  Canonicaliser events;
  if (!json::sax_parse(text, &events)) return error(Errc::invalid, "no canonical JSON: " + events.fault);
  return std::move(events.text);
}

bool is_canonical_object(std::string_view text) { return CanonicalScan(text).is_one_object(); }

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (!is_control(c)) {
      out += c;
    } else if (const char letter = short_escape(c)) {
      out += '\\';
      out += letter;
    } else {
      out += "\\u00";
      out += kHexDigits[static_cast<unsigned char>(c) >> 4];
      out += kHexDigits[static_cast<unsigned char>(c) & 15];
    }
  }
  out += '"';
}

}  // namespace assent
