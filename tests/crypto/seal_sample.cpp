// seal_sample DIR: seals messages of 1, 2 and 50 frames for the oracle to open: DIR/frames-N.sealed, what went into
// each as DIR/frames-N.expected, and DIR/keys.json with the key of each.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "crypto/message.h"
#include "sample_message.h"

using namespace assent;
using namespace assent::test;

namespace {

void write(const std::filesystem::path& path, ByteView bytes) {
  std::ofstream(path, std::ios::binary) << text_of(bytes);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: seal_sample DIR\n", stderr);
    return 2;
  }
  const std::filesystem::path folder(argv[1]);
  std::string keys;
  for (const std::uint32_t frames : {1U, 2U, 50U}) {
    const auto sample = sample_message(frames, 100 + frames);
    Bytes expected;
    for (const Bytes& plain : sample.frames) append(expected, plain);
    const std::string name = "frames-" + std::to_string(frames);
    write(folder / (name + ".sealed"), sample.message);
    write(folder / (name + ".expected"), expected);
    keys += (keys.empty() ? "" : ", ");
    keys += R"({"id": ")" + to_text(sample.leg_key_id) + R"(", "key": ")" + to_hex(sample.leg_key.reveal()) + R"("})";
  }
  write(folder / "keys.json", bytes_of("{\"keys\": [" + keys + "]}\n"));
  return 0;
}
