// SectionReader: takes the settings of one table, one key at a time, and puts every complaint on a list.
//
// A value that is missing leaves the variable as it is (its default); one that is wrong does so, too, with an error
// that says what is allowed. Each take names a key as known; `finish` complains of the keys nobody took, and guesses
// what was meant. It knows kinds and ranges; what settings mean to each other is the caller's concern. One thread.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/endpoint.h"
#include "base/time.h"
#include "engine/ingest/port_range.h"
#include "pipelines/config_error.h"
#include "pipelines/quantity.h"
#include "pipelines/toml_tree.h"

namespace assent {

template <typename T>
struct Bounds {
  T least;
  T most;
};

using ConfigErrors = std::vector<ConfigError>;

class SectionReader {
 public:
  // `name` stands before each key in messages ("consent.hold"); empty for the document itself.
  SectionReader(const TomlValue& table, std::string name, ConfigErrors& errors);

  void take(std::string_view key, milliseconds& value, Bounds<milliseconds> bounds);
  void take(std::string_view key, std::size_t& value, Bounds<std::size_t> bounds);
  void take_size(std::string_view key, std::uint64_t& bytes, Bounds<std::uint64_t> bounds);
  void take(std::string_view key, PortSpan& value);
  void take_endpoint(std::string_view key, Endpoint& value);   // "127.0.0.1:8090"
  std::optional<Endpoint> take_address(std::string_view key);  // "127.0.0.1", without a port
  // Text of 1 to `most_bytes` bytes without control characters, line breaks apart.
  std::optional<std::string> take_text(std::string_view key, std::size_t most_bytes);
  std::optional<std::vector<std::string>> take_texts(std::string_view key);  // a list of texts
  // A list of whole numbers, each with its place; all of them within bounds, or none.
  struct Numbered {
    std::size_t number = 0;
    ConfigPlace place;
  };
  std::optional<std::vector<Numbered>> take_numbers(std::string_view key, Bounds<std::size_t> bounds);
  std::optional<bool> take_flag(std::string_view key);
  const TomlValue* take_table(std::string_view key);
  std::vector<const TomlValue*> take_tables(std::string_view key);  // [[key]]
  const TomlValue* take_any(std::string_view key);                  // the caller judges it

  template <typename E>
  void take_choice(std::string_view key, E& value, std::initializer_list<std::pair<std::string_view, E>> choices) {
    const TomlValue* found = take_any(key);
    if (found == nullptr) return;
    const auto* text = std::get_if<std::string>(&found->value);
    std::string allowed;
    for (const auto& [word, meaning] : choices) {
      if (text != nullptr && *text == word) {
        value = meaning;
        return;
      }
      allowed += (allowed.empty() ? "\"" : ", \"") + std::string(word) + "\"";
    }
    refuse(found->place, key, text != nullptr ? in_quotes(*text) + " is unknown" : "is " + std::string(kind_of(*found)),
           allowed);
  }

  bool has(std::string_view key) const;
  void require(std::string_view key, std::string_view allowed);  // complains when the key is missing
  void refuse(ConfigPlace place, std::string_view key, std::string_view what, std::string allowed);
  void finish();

  // Where a complaint about a key belongs: its value, or the section when it is not there.
  ConfigPlace place_of(std::string_view key) const;

 private:
  const TomlEntry* find(std::string_view key) const;
  std::string full_name(std::string_view key) const;
  // The key's value when it is text; another kind is refused.
  const TomlValue* take_text_value(std::string_view key, const std::string& allowed);
  // The same for a list.
  const TomlArray* take_list(std::string_view key, const std::string& allowed);

  const TomlTable* table_;
  ConfigPlace place_;
  std::string name_;
  ConfigErrors& errors_;
  std::vector<std::string_view> known_;
};

// The one of `words` that is a typing mistake away from `text`, if any.
std::optional<std::string_view> nearest_word(std::string_view text, const std::vector<std::string_view>& words);

}  // namespace assent
