#include "crypto/srtp_stream.h"

#include <deque>
#include <random>
#include <set>

#include "catch.h"

using namespace assent;
using Place = SrtpReplayWindow::Place;

namespace {

SrtpIndex at(std::uint64_t index) { return SrtpIndex(index); }
SrtpSequence seq(std::uint64_t index) { return sequence_of(SrtpIndex(index)); }

// The pseudocode of RFC 3711 appendix A, word for word, on its own variables.
std::uint64_t appendix_a(std::uint64_t highest, std::uint16_t sequence) {
  const auto last = static_cast<std::int64_t>(highest & 0xFFFF);
  const auto roc = static_cast<std::int64_t>(highest >> 16);
  std::int64_t guess = roc;
  if (last < 32768) {
    if (sequence - last > 32768) guess = roc - 1;
  } else {
    if (last - 32768 > sequence) guess = roc + 1;
  }
  if (guess < 0 || guess > INT64_C(0xFFFFFFFF)) guess = roc;  // ours: an index that does not exist is no guess
  return static_cast<std::uint64_t>(guess) * 65536 + sequence;
}

}  // namespace

TEST_CASE("an index is guessed as RFC 3711 appendix A does, at every place of the circle") {
  for (const std::uint64_t base :
       {std::uint64_t{0}, std::uint64_t{1} << 16, std::uint64_t{0xFFFE} << 16, std::uint64_t{0xFFFFFFFF} << 16}) {
    for (std::uint64_t last = 0; last < 65536; last += last % 32768 < 4 || last % 32768 > 32762 ? 1 : 997) {
      for (std::uint64_t sequence = 0; sequence < 65536;
           sequence += sequence % 32768 < 4 || sequence % 32768 > 32762 ? 1 : 499) {
        const auto guess = nearest_index(at(base | last), seq(sequence));
        if (guess.value != appendix_a(base | last, static_cast<std::uint16_t>(sequence))) {
          FAIL("from " << (base | last) << " to " << sequence << ": " << guess.value);
        }
      }
    }
  }
  CHECK(nearest_index(at(65535), seq(0)) == at(65536));
  CHECK(nearest_index(at(65536), seq(65535)) == at(65535));
  CHECK(nearest_index(at(5), seq(65000)) == at(65000));  // there is nothing below zero
}

TEST_CASE("a replay window knows the latest 128 indices") {
  SrtpReplayWindow window;
  CHECK(window.place(at(7)) == Place::fresh);
  window.add(at(1000));
  CHECK(window.place(at(1000)) == Place::seen);
  CHECK(window.place(at(1000 - 127)) == Place::fresh);
  CHECK(window.place(at(1000 - 128)) == Place::too_old);
  window.add(at(1000 - 127));
  CHECK(window.place(at(1000 - 127)) == Place::seen);
  window.add(at(1063));
  CHECK(window.place(at(1000)) == Place::seen);
  CHECK(window.place(at(1001)) == Place::fresh);
  window.add(at(1064));
  CHECK(window.place(at(1000)) == Place::seen);
  window.add(at(1127));
  CHECK(window.place(at(1000)) == Place::seen);
  CHECK(window.place(at(999)) == Place::too_old);
  window.add(at(1128));
  CHECK(window.place(at(1000)) == Place::too_old);
  window.add(at(1'000'000));
  CHECK(window.place(at(1'000'000 - 1)) == Place::fresh);
  CHECK(window.place(at(1'000'000)) == Place::seen);
}

TEST_CASE("a replay window begins with index 0, too") {
  SrtpReplayWindow window;
  window.add(at(0));
  CHECK_FALSE(window.is_empty());
  CHECK(window.place(at(0)) == Place::seen);
  CHECK(window.place(at(1)) == Place::fresh);
}

TEST_CASE("a stream whose packets before a wrap were lost is heard with the next rollover") {
  SrtpStream stream(1);
  CHECK(stream.guess(seq(3)) == at(3));
  CHECK(stream.guess_again(seq(3), at(3)) == at(0x10003));
  CHECK_FALSE(stream.guess_again(seq(0x8000), at(0x8000)));  // no sender is told to have wrapped and be so far
  stream.add(at(0x10003));
  CHECK(stream.guess(seq(4)) == at(0x10004));
  CHECK(stream.guess(seq(0xFFFF)) == at(0xFFFF));  // one from before the wrap, late
  CHECK_FALSE(stream.guess_again(seq(4), at(0x10004)));
  CHECK(stream.guess_again(seq(4), at(4)) == at(0x10004));  // tried before it was known
}

TEST_CASE("a stream that may have gone on for long is sought with one rollover after the other, until it has begun") {
  SrtpStream stream(1, SrtpRollover(2));
  SrtpIndex tried = stream.guess(seq(0x9000));
  for (std::uint64_t rollover = 3; rollover <= 7; ++rollover) {
    const auto again = stream.guess_again(seq(0x9000), tried, 5);
    REQUIRE(again == at(rollover << 16 | 0x9000));
    tried = *again;
  }
  CHECK_FALSE(stream.guess_again(seq(0x9000), tried, 5));
  stream.add(at(0x59000));
  CHECK_FALSE(stream.guess_again(seq(0x9001), at(0x59001), 5));
  const SrtpStream last(1, SrtpRollover(UINT32_MAX - 1));
  CHECK(last.guess_again(seq(9), at(std::uint64_t{UINT32_MAX - 1} << 16 | 9), 5));
  CHECK_FALSE(last.guess_again(seq(9), at(std::uint64_t{UINT32_MAX} << 16 | 9), 5));
}

TEST_CASE("a stream that was joined begins with the rollover that was signalled") {
  const SrtpStream stream(1, SrtpRollover(7));
  CHECK(stream.guess(seq(9)) == at(0x70009));
  CHECK(stream.guess_again(seq(9), at(0x70009)) == at(0x80009));
  const SrtpStream last(1, SrtpRollover(UINT32_MAX));
  CHECK_FALSE(last.guess_again(seq(9), index_of(SrtpRollover(UINT32_MAX), seq(9))));
}

// A sender counts 48 bits; the network loses, repeats and reorders, and sends what nobody sent; a packet is authentic
// when the guess is what the sender counted. A set of what has been there, and the highest, say what must become of it.
TEST_CASE("each packet within the window is taken once, over wraps, loss and reordering") {
  for (unsigned seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto below = [&](std::uint32_t end) { return static_cast<std::uint32_t>(random() % end); };
    SrtpStream stream(1);
    std::uint64_t sent = seed % 3 == 0 ? 65536 - below(40) : below(65536);
    const std::uint64_t start = sent;
    std::set<std::uint64_t> seen;
    std::deque<std::uint64_t> late;
    int taken = 0;

    const auto receive = [&](std::uint64_t index) {
      const SrtpSequence sequence = seq(index);
      SrtpIndex guess = stream.guess(sequence);
      if (guess.value != index) {
        if (const auto again = stream.guess_again(sequence, guess)) guess = *again;
      }
      const bool first = seen.empty();
      if (first && index >= 65536 + 32768) return;  // nobody can know: outside what RFC 3711 asks of a sender
      const std::uint64_t highest = first ? index : *seen.rbegin();
      const bool known_place = highest < index + 32768 && index < highest + 32768;
      if (!known_place) return;  // more than half a circle of loss: not to be guessed
      REQUIRE(guess.value == index);
      const Place place = stream.place(guess);
      if (index <= highest && highest - index >= SrtpReplayWindow::kPackets) {
        REQUIRE(place == Place::too_old);
      } else {
        REQUIRE((place == Place::seen) == seen.contains(index));
      }
      if (place != Place::fresh) return;
      stream.add(guess);
      seen.insert(index);
      ++taken;
    };

    for (int turn = 0; turn < 4000; ++turn) {
      if (below(200) == 0) sent += below(seed % 2 == 0 ? 300 : 30000);  // a run of loss
      ++sent;
      if (below(10) == 0) late.push_back(sent);
      if (below(8) != 0) receive(sent);
      if (below(20) == 0) receive(sent);
      while (!late.empty() && (late.size() > 20 || below(6) == 0)) {
        const std::size_t which = below(static_cast<std::uint32_t>(late.size()));
        receive(late[which]);
        late.erase(late.begin() + static_cast<std::ptrdiff_t>(which));
      }
    }
    if (seed % 2 == 1) CHECK(sent / 65536 > start / 65536);
    CHECK(taken > 3000);
    CHECK(stream.highest().value == *seen.rbegin());
  }
}
