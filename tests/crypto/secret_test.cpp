#include "crypto/secret.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "catch.h"
#include "crypto/constant_time.h"
#include "crypto/random.h"
#include "crypto/wipe.h"

using namespace assent;

namespace {

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

// The VmFlags of the mapping that holds `address`: "rd wr ... lo dd".
std::string flags_of(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::istringstream words(line);
    std::uintptr_t from = 0;
    std::uintptr_t to = 0;
    char dash = 0;
    if (words >> std::hex >> from >> dash >> to && dash == '-') inside = from <= wanted && wanted < to;
    if (inside && line.rfind("VmFlags:", 0) == 0) return line + " ";
  }
  return {};
}

// One start for the whole test program, whatever order its cases run in.
SecretMemory started() {
  static const Result<SecretMemory> once = start_secret_memory(1 << 20);
  REQUIRE(once);
  return *once;
}

}  // namespace

TEST_CASE("a secret key moves, is not copied and not printed") {
  CHECK_FALSE(std::is_copy_constructible_v<SecretKey>);
  CHECK_FALSE(std::is_copy_assignable_v<SecretKey>);
  CHECK(std::is_nothrow_move_constructible_v<SecretKey>);
  CHECK_FALSE(Printable<SecretKey>);
  auto key = SecretKey::random();
  const auto same = key.duplicate();
  const std::uint8_t* place = key.reveal().data();
  const SecretKey moved = std::move(key);
  CHECK(moved.reveal().data() == place);
  CHECK(moved == same);
}

TEST_CASE("a key is made of exactly 32 bytes") {
  CHECK(SecretKey::from_bytes(Bytes(31)).error().code == Errc::invalid);
  CHECK(SecretKey::from_bytes(Bytes(33)).error().code == Errc::invalid);
  const auto key = SecretKey::from_bytes(Bytes(32, 9));
  REQUIRE(key);
  CHECK(std::equal(key->reveal().begin(), key->reveal().end(), Bytes(32, 9).begin()));
  CHECK_FALSE(*key == SecretKey::random());
}

TEST_CASE("random keys do not repeat") {
  std::set<std::array<std::uint8_t, 32>> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random_32());
  CHECK(seen.size() == 1000);
}

TEST_CASE("keys live in memory that is locked and left out of core files") {
  const SecretMemory state = started();
  const auto key = SecretKey::random();
  const std::string flags = flags_of(key.reveal().data());
  CHECK(flags.find(" dd ") != std::string::npos);
  if (state == SecretMemory::locked) {
    CHECK(flags.find(" lo ") != std::string::npos);
  } else {
    WARN("skipped: the limit on locked memory does not allow locking keys here");
  }
}

TEST_CASE("the memory for keys is reserved once") {
  started();
  CHECK(start_secret_memory(1 << 20).error().code == Errc::conflict);
}

TEST_CASE("a key is gone from memory when its owner is") {
  started();
  const std::uint8_t* place = nullptr;
  {
    const auto key = SecretKey::from_bytes(Bytes(32, 0xA5)).value();
    REQUIRE(key.reveal()[31] == 0xA5);
    place = key.reveal().data();
  }
  // The secure heap stays mapped; it keeps its free list in the first bytes of a free slot.
  CHECK(std::all_of(place + 16, place + 32, [](std::uint8_t byte) { return byte == 0; }));
}

TEST_CASE("when the memory for keys is used up, making one fails and those that are there live on") {
  started();
  std::vector<SecretKey> keys;
  const auto use_up = [&keys] {
    for (int i = 0; i < 100000; ++i) keys.push_back(SecretKey::random());
  };
  CHECK_THROWS_AS(use_up(), std::bad_alloc);
  CHECK(keys.size() > 30000);  // 1 MiB in slots of 32 bytes
  keys.pop_back();
  CHECK(keys.front() == keys.front().duplicate());  // the slot given back is there again
}

TEST_CASE("constant-time comparison sees every byte and the length") {
  Bytes a(40, 3);
  Bytes b = a;
  CHECK(equal_constant_time(a, b));
  for (std::size_t i = 0; i < a.size(); ++i) {
    b[i] ^= 0x80;
    CHECK_FALSE(equal_constant_time(a, b));
    b[i] ^= 0x80;
  }
  CHECK_FALSE(equal_constant_time(a, ByteView(b).first(39)));
  CHECK(equal_constant_time({}, {}));
}

TEST_CASE("wiped memory is zero") {
  Bytes memory(100, 0xAA);
  wipe(ByteSpan(memory).subspan(1, 98));
  CHECK(memory.front() == 0xAA);
  CHECK(memory.back() == 0xAA);
  CHECK(std::all_of(memory.begin() + 1, memory.end() - 1, [](std::uint8_t b) { return b == 0; }));
  wipe({});
}
