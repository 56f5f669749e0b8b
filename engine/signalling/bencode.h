// Bencode (BEP 3), as rtpengine's control protocol has it: whole numbers, byte strings, lists, and dictionaries, whose
// keys rtpengine does not sort and which are therefore kept as they came.
//
// What is read comes from the network: it is at most limits::kNgBytes long, limits::kBencodeDepth deep and
// limits::kBencodeValues wide, or refused whole with Errc::invalid. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace assent {

class Bencode {
 public:
  using List = std::vector<Bencode>;
  using Dictionary = std::vector<std::pair<std::string, Bencode>>;

  Bencode(std::int64_t number) : value_(number) {}                   // NOLINT(google-explicit-constructor)
  Bencode(std::string text) : value_(std::move(text)) {}             // NOLINT(google-explicit-constructor)
  Bencode(const char* text) : value_(std::string(text)) {}           // NOLINT(google-explicit-constructor)
  Bencode(List list) : value_(std::move(list)) {}                    // NOLINT(google-explicit-constructor)
  Bencode(Dictionary dictionary) : value_(std::move(dictionary)) {}  // NOLINT(google-explicit-constructor)

  // Nothing when it is of another kind.
  const std::int64_t* number() const { return std::get_if<std::int64_t>(&value_); }
  const std::string* text() const { return std::get_if<std::string>(&value_); }
  const List* list() const { return std::get_if<List>(&value_); }
  const Dictionary* dictionary() const { return std::get_if<Dictionary>(&value_); }
  // Of a dictionary: the first of that key.
  const Bencode* find(std::string_view key) const;
  // The text under that key; "" where there is none.
  std::string_view text_of(std::string_view key) const;

  bool operator==(const Bencode&) const = default;

 private:
  std::variant<std::int64_t, std::string, List, Dictionary> value_;
};

// All of the text is one value.
Result<Bencode> parse_bencode(std::string_view text);
std::string to_text(const Bencode& value);

}  // namespace assent
