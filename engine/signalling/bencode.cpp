#include "engine/signalling/bencode.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"

namespace assent {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : left_(text), size_(text.size()) {}

  Result<Bencode> value(int depth) {
    if (depth > limits::kBencodeDepth) return fault("is nested too deep");
    if (++values_ > limits::kBencodeValues) return fault("has too many values");
    if (left_.empty()) return fault("ends too soon");
    switch (left_.front()) {
      case 'i': return number();
      case 'l': return list(depth);
      case 'd': return dictionary(depth);
      default: break;
    }
    auto string = text();
    if (!string) return string.error();
    return Bencode(*std::move(string));
  }
  bool at_end() const { return left_.empty(); }
  Error fault(const std::string& what) const {
    return error(Errc::invalid, "bencode: at byte " + std::to_string(size_ - left_.size()) + " it " + what);
  }

 private:
  // Digits up to `end`, which is taken, too: no blanks, no leading zeros, no "-0".
  template <typename Number>
  Result<Number> digits(char end) {
    const auto stop = left_.find(end);
    const std::string_view digits = left_.substr(0, stop);
    const auto number = parse_number<Number>(digits);
    if (stop == left_.npos || !number || std::to_string(*number) != digits) return fault("has no proper number");
    left_.remove_prefix(stop + 1);
    return *number;
  }

  Result<Bencode> number() {
    left_.remove_prefix(1);
    const auto number = digits<std::int64_t>('e');
    if (!number) return number.error();
    return Bencode(*number);
  }

  Result<std::string> text() {
    const auto size = digits<std::uint32_t>(':');
    if (!size) return size.error();
    if (*size > left_.size()) return fault("ends within a text");
    std::string text(left_.substr(0, *size));
    left_.remove_prefix(*size);
    return text;
  }

  bool take_end() {
    if (left_.empty() || left_.front() != 'e') return false;
    left_.remove_prefix(1);
    return true;
  }

  Result<Bencode> list(int depth) {
    left_.remove_prefix(1);
    Bencode::List list;
    while (!take_end()) {
      auto item = value(depth + 1);
      if (!item) return item.error();
      list.push_back(*std::move(item));
    }
    return Bencode(std::move(list));
  }

  Result<Bencode> dictionary(int depth) {
    left_.remove_prefix(1);
    Bencode::Dictionary dictionary;
    while (!take_end()) {
      auto key = text();
      if (!key) return key.error();
      auto item = value(depth + 1);
      if (!item) return item.error();
      dictionary.emplace_back(*std::move(key), *std::move(item));
    }
    return Bencode(std::move(dictionary));
  }

  std::string_view left_;
  std::size_t size_;
  std::size_t values_ = 0;
};

void append_text(std::string_view text, std::string& out) {
  out.append(std::to_string(text.size())).append(1, ':').append(text);
}

void append(const Bencode& value, std::string& out) {
  if (const auto* number = value.number()) {
    out.append(1, 'i').append(std::to_string(*number)).append(1, 'e');
  } else if (const auto* text = value.text()) {
    append_text(*text, out);
  } else if (const auto* list = value.list()) {
    out += 'l';
    for (const Bencode& item : *list) append(item, out);
    out += 'e';
  } else {
    out += 'd';
    for (const auto& [key, item] : *value.dictionary()) {
      append_text(key, out);
      append(item, out);
    }
    out += 'e';
  }
}

}  // namespace

const Bencode* Bencode::find(std::string_view key) const {
  const Dictionary* entries = dictionary();
  if (entries == nullptr) return nullptr;
  const auto found = std::find_if(entries->begin(), entries->end(), [&](const auto& one) { return one.first == key; });
  return found == entries->end() ? nullptr : &found->second;
}

std::string_view Bencode::text_of(std::string_view key) const {
  const Bencode* found = find(key);
  const std::string* text = found != nullptr ? found->text() : nullptr;
  return text != nullptr ? std::string_view(*text) : std::string_view();
}

Result<Bencode> parse_bencode(std::string_view text) {
  if (text.size() > limits::kNgBytes) return error(Errc::invalid, "bencode: it is too long");
  Reader reader(text);
  auto value = reader.value(1);
  if (value && !reader.at_end()) return reader.fault("goes on after its end");
  return value;
}

std::string to_text(const Bencode& value) {
  std::string out;
  append(value, out);
  return out;
}

}  // namespace assent
