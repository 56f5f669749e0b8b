#include "pipelines/section_reader.h"

#include <algorithm>

namespace assent {
namespace {

// How many characters must be put in, left out or changed to make one of the other (Levenshtein).
std::size_t mistakes_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

std::string words_text(const std::vector<std::string_view>& words) {
  std::string text;
  for (const auto word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

bool is_plain_text(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F;
  });
}

}  // namespace

std::optional<std::string_view> nearest_word(std::string_view text, const std::vector<std::string_view>& words) {
  constexpr std::size_t kLongestWord = 64;  // bounds the work; no setting is as long
  if (text.size() > kLongestWord) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t fewest = text.size() < 4 ? 2 : 3;  // as many mistakes make it another word
  for (const auto word : words) {
    const bool begins =
        text.size() >= 3 && (word.substr(0, text.size()) == text || text.substr(0, word.size()) == word);
    const std::size_t mistakes = begins ? 1 : mistakes_between(text, word);
    if (mistakes >= fewest) continue;
    fewest = mistakes;
    best = word;
  }
  return best;
}

SectionReader::SectionReader(const TomlValue& table, std::string name, ConfigErrors& errors)
    : table_(std::get_if<TomlTable>(&table.value)), place_(table.place), name_(std::move(name)), errors_(errors) {}

const TomlEntry* SectionReader::find(std::string_view key) const {
  if (table_ == nullptr) return nullptr;
  const auto found = std::find_if(table_->begin(), table_->end(), [&](const TomlEntry& e) { return e.key == key; });
  return found == table_->end() ? nullptr : &*found;
}

bool SectionReader::has(std::string_view key) const { return find(key) != nullptr; }

ConfigPlace SectionReader::place_of(std::string_view key) const {
  const TomlEntry* entry = find(key);
  return entry == nullptr ? place_ : entry->value.place;
}

std::string SectionReader::full_name(std::string_view key) const {
  return name_.empty() ? std::string(key) : name_ + "." + std::string(key);
}

void SectionReader::refuse(ConfigPlace place, std::string_view key, std::string_view what, std::string allowed) {
  errors_.push_back({place, full_name(key) + ": " + std::string(what), std::move(allowed)});
}

void SectionReader::require(std::string_view key, std::string_view allowed) {
  if (!has(key)) refuse(place_, key, "is missing", std::string(allowed));
}

const TomlValue* SectionReader::take_any(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
  const TomlEntry* entry = find(key);
  return entry == nullptr ? nullptr : &entry->value;
}

const TomlValue* SectionReader::take_text_value(std::string_view key, const std::string& allowed) {
  const TomlValue* found = take_any(key);
  if (found == nullptr || std::holds_alternative<std::string>(found->value)) return found;
  if (const auto* number = std::get_if<std::int64_t>(&found->value)) {
    refuse(found->place, key, std::to_string(*number) + " is a bare number, not text in quotes", allowed);
  } else {
    refuse(found->place, key, "is " + std::string(kind_of(*found)), allowed);
  }
  return nullptr;
}

void SectionReader::take(std::string_view key, milliseconds& value, Bounds<milliseconds> bounds) {
  const std::string allowed = "\"" + duration_text(bounds.least) + "\" to \"" + duration_text(bounds.most) +
                              "\", a whole number with its unit (ms, s, m, h, d)";
  const TomlValue* found = take_text_value(key, allowed);
  if (found == nullptr) return;
  const auto& text = std::get<std::string>(found->value);
  const auto duration = parse_duration(text);
  if (!duration) return refuse(found->place, key, in_quotes(text) + " is not a duration", allowed);
  if (*duration < bounds.least) return refuse(found->place, key, in_quotes(text) + " is too short", allowed);
  if (*duration > bounds.most) return refuse(found->place, key, in_quotes(text) + " is too long", allowed);
  value = *duration;
}

void SectionReader::take(std::string_view key, std::size_t& value, Bounds<std::size_t> bounds) {
  const std::string allowed =
      "a whole number from " + std::to_string(bounds.least) + " to " + std::to_string(bounds.most);
  const TomlValue* found = take_any(key);
  if (found == nullptr) return;
  const auto* number = std::get_if<std::int64_t>(&found->value);
  if (number == nullptr) return refuse(found->place, key, "is " + std::string(kind_of(*found)), allowed);
  if (*number < 0 || static_cast<std::uint64_t>(*number) < bounds.least) {
    return refuse(found->place, key, std::to_string(*number) + " is too small", allowed);
  }
  if (static_cast<std::uint64_t>(*number) > bounds.most) {
    return refuse(found->place, key, std::to_string(*number) + " is too large", allowed);
  }
  value = static_cast<std::size_t>(*number);
}

void SectionReader::take_size(std::string_view key, std::uint64_t& bytes, Bounds<std::uint64_t> bounds) {
  const std::string allowed = "\"" + size_text(bounds.least) + "\" to \"" + size_text(bounds.most) +
                              "\", a whole number with its unit (KiB, MiB, GiB)";
  const TomlValue* found = take_text_value(key, allowed);
  if (found == nullptr) return;
  const auto& text = std::get<std::string>(found->value);
  const auto size = parse_size(text);
  if (!size) return refuse(found->place, key, in_quotes(text) + " is not a size", allowed);
  if (*size < bounds.least) return refuse(found->place, key, in_quotes(text) + " is too small", allowed);
  if (*size > bounds.most) return refuse(found->place, key, in_quotes(text) + " is too large", allowed);
  bytes = *size;
}

void SectionReader::take(std::string_view key, PortSpan& value) {
  const std::string allowed = "two ports from 1024 up, the lower first, such as \"20000-29999\"";
  const TomlValue* found = take_text_value(key, allowed);
  if (found == nullptr) return;
  const auto& text = std::get<std::string>(found->value);
  const auto range = parse_port_span(text);
  if (!range) return refuse(found->place, key, in_quotes(text) + " is not a range of ports", allowed);
  value = *range;
}

void SectionReader::take_endpoint(std::string_view key, Endpoint& value) {
  const std::string allowed = "an IP address and a port, such as \"127.0.0.1:8090\" or \"[::1]:8090\"";
  const TomlValue* found = take_text_value(key, allowed);
  if (found == nullptr) return;
  const auto& text = std::get<std::string>(found->value);
  const auto endpoint = parse_endpoint(text);
  if (!endpoint) return refuse(found->place, key, in_quotes(text) + " is not an address with a port", allowed);
  value = *endpoint;
}

std::optional<Endpoint> SectionReader::take_address(std::string_view key) {
  const std::string allowed = "an IP address without a port, such as \"127.0.0.1\" or \"2001:db8::1\"";
  const TomlValue* found = take_text_value(key, allowed);
  if (found == nullptr) return std::nullopt;
  const auto& text = std::get<std::string>(found->value);
  const auto address = parse_address(text, 0);
  if (!address) refuse(found->place, key, in_quotes(text) + " is not an IP address", allowed);
  return address;
}

std::optional<std::string> SectionReader::take_text(std::string_view key, std::size_t most_bytes) {
  const std::string allowed = "text of 1 to " + std::to_string(most_bytes) + " bytes without control characters";
  const TomlValue* found = take_text_value(key, allowed);
  if (found == nullptr) return std::nullopt;
  const auto& text = std::get<std::string>(found->value);
  if (!text.empty() && text.size() <= most_bytes && is_plain_text(text)) return text;
  refuse(found->place, key,
         text.empty() ? "is empty" : (text.size() > most_bytes ? "is too long" : "has control characters"), allowed);
  return std::nullopt;
}

const TomlArray* SectionReader::take_list(std::string_view key, const std::string& allowed) {
  const TomlValue* found = take_any(key);
  if (found == nullptr) return nullptr;
  const auto* list = std::get_if<TomlArray>(&found->value);
  if (list == nullptr) refuse(found->place, key, "is " + std::string(kind_of(*found)), allowed);
  return list;
}

std::optional<std::vector<std::string>> SectionReader::take_texts(std::string_view key) {
  const std::string allowed = "a list of texts, such as [\"quality\"]";
  const TomlArray* list = take_list(key, allowed);
  if (list == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  for (const auto& item : *list) {
    if (const auto* text = std::get_if<std::string>(&item.value)) {
      texts.push_back(*text);
    } else {
      refuse(item.place, key, "has " + std::string(kind_of(item)) + " in it", allowed);
    }
  }
  return texts;
}

std::optional<std::vector<SectionReader::Numbered>> SectionReader::take_numbers(std::string_view key,
                                                                                Bounds<std::size_t> bounds) {
  const std::string allowed =
      "a list of whole numbers from " + std::to_string(bounds.least) + " to " + std::to_string(bounds.most);
  const TomlArray* list = take_list(key, allowed);
  if (list == nullptr) return std::nullopt;
  std::vector<Numbered> numbers;
  for (const auto& item : *list) {
    const auto* number = std::get_if<std::int64_t>(&item.value);
    if (number == nullptr) {
      refuse(item.place, key, "has " + std::string(kind_of(item)) + " in it", allowed);
    } else if (*number < 0 || static_cast<std::uint64_t>(*number) < bounds.least ||
               static_cast<std::uint64_t>(*number) > bounds.most) {
      refuse(item.place, key, "has " + std::to_string(*number) + " in it", allowed);
    } else {
      numbers.push_back({static_cast<std::size_t>(*number), item.place});
    }
  }
  if (numbers.size() != list->size()) return std::nullopt;
  return numbers;
}

std::optional<bool> SectionReader::take_flag(std::string_view key) {
  const TomlValue* found = take_any(key);
  if (found == nullptr) return std::nullopt;
  if (const auto* flag = std::get_if<bool>(&found->value)) return *flag;
  refuse(found->place, key, "is " + std::string(kind_of(*found)), "true or false");
  return std::nullopt;
}

const TomlValue* SectionReader::take_table(std::string_view key) {
  const TomlValue* found = take_any(key);
  if (found == nullptr || std::holds_alternative<TomlTable>(found->value)) return found;
  refuse(found->place, key, "is " + std::string(kind_of(*found)), "a table: [" + full_name(key) + "]");
  return nullptr;
}

std::vector<const TomlValue*> SectionReader::take_tables(std::string_view key) {
  const std::string allowed = "tables, each begun by [[" + full_name(key) + "]]";
  std::vector<const TomlValue*> tables;
  const TomlValue* found = take_any(key);
  if (found == nullptr) return tables;
  const auto* list = std::get_if<TomlArray>(&found->value);
  if (list == nullptr) {
    refuse(found->place, key, "is " + std::string(kind_of(*found)), allowed);
    return tables;
  }
  for (const auto& item : *list) {
    if (std::holds_alternative<TomlTable>(item.value)) {
      tables.push_back(&item);
    } else {
      refuse(item.place, key, "has " + std::string(kind_of(item)) + " in it", allowed);
    }
  }
  return tables;
}

void SectionReader::finish() {
  if (table_ == nullptr) return;
  for (const auto& entry : *table_) {
    if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
    const auto meant = nearest_word(entry.key, known_);
    const std::string name = name_.empty() ? in_quotes(entry.key) : in_quotes(entry.key) + " in [" + name_ + "]";
    errors_.push_back({entry.place,
                       "unknown key " + name + (meant ? ": did you mean \"" + std::string(*meant) + "\"?" : ""),
                       words_text(known_)});
  }
}

}  // namespace assent
