// read_sample KEY_ID KEY_HEX FILE: opens a sealed message with our reader and writes its plaintext to standard output.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "crypto/message_reader.h"

using namespace assent;

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: read_sample KEY_ID KEY_HEX FILE\n", stderr);
    return 2;
  }
  const std::string id = argv[1];
  const auto key = SecretKey::from_bytes(from_hex(argv[2]).value_or(Bytes()));
  if (!key) {
    std::fprintf(stderr, "read_sample: %s\n", key.error().what.c_str());
    return 2;
  }
  std::ifstream file(argv[3], std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto reader = MessageReader::open(
      source_of(bytes_of(text)), data_keys_from([&](std::string_view name) { return name == id ? &*key : nullptr; }));
  auto step = reader ? reader->next() : Result<std::optional<MessageFrame>, MessageFault>(reader.error());
  for (; step && *step; step = reader->next()) {
    std::fwrite((*step)->plain.data(), 1, (*step)->plain.size(), stdout);
  }
  if (step) return 0;
  std::fprintf(stderr, "read_sample: %s\n", to_error(step.error()).what.c_str());
  return 1;
}
