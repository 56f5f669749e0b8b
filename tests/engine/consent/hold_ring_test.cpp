#include "engine/consent/hold_ring.h"

#include <utility>
#include <vector>

#include "catch.h"

using namespace assent;

namespace {

// Stands for a block of audio: notes its number when it is destroyed, as the real handle wipes.
class FakeBlock {
 public:
  FakeBlock(int number, std::vector<int>& wiped) : number_(number), wiped_(&wiped) {}
  FakeBlock(FakeBlock&& other) noexcept : number_(other.number_), wiped_(std::exchange(other.wiped_, nullptr)) {}
  FakeBlock& operator=(FakeBlock&& other) noexcept {
    wipe();
    number_ = other.number_;
    wiped_ = std::exchange(other.wiped_, nullptr);
    return *this;
  }
  FakeBlock(const FakeBlock&) = delete;
  FakeBlock& operator=(const FakeBlock&) = delete;
  ~FakeBlock() { wipe(); }
  int number() const { return number_; }

 private:
  void wipe() {
    if (wiped_ != nullptr) wiped_->push_back(number_);
    wiped_ = nullptr;
  }

  int number_;
  std::vector<int>* wiped_;
};

WallTime at(milliseconds time) { return WallTime(1'700'000'000s) + time; }

// Blocks of half a second: number n spans [n/2, n/2 + 1/2) seconds.
void push(HoldRing<FakeBlock>& ring, int number, std::vector<int>& wiped) {
  ring.push(FakeBlock(number, wiped), at(number * 500ms), at(number * 500ms + 500ms));
}

std::vector<int> drain(HoldRing<FakeBlock>& ring) {
  std::vector<int> numbers;
  while (auto held = ring.pop_front()) numbers.push_back(held->block.number());
  return numbers;
}

}  // namespace

TEST_CASE("a full ring wipes the oldest block for the newest") {
  std::vector<int> wiped;
  HoldRing<FakeBlock> ring(3);
  for (int i = 0; i < 5; ++i) push(ring, i, wiped);
  CHECK(wiped == std::vector{0, 1});
  CHECK(ring.size() == 3);
  CHECK(ring.counts().displaced == 2);
  CHECK(ring.counts().held == 5);
  CHECK(ring.span() == 1500ms);
  CHECK(drain(ring) == std::vector{2, 3, 4});
}

TEST_CASE("a ring of one holds the newest block") {
  std::vector<int> wiped;
  HoldRing<FakeBlock> ring(1);
  for (int i = 0; i < 3; ++i) push(ring, i, wiped);
  CHECK(wiped == std::vector{0, 1});
  CHECK(drain(ring) == std::vector{2});
  CHECK(ring.empty());
  CHECK_FALSE(ring.pop_front());
}

TEST_CASE("a block that is popped is not wiped by the ring") {
  std::vector<int> wiped;
  HoldRing<FakeBlock> ring(2);
  push(ring, 7, wiped);
  {
    auto held = ring.pop_front();
    REQUIRE(held);
    CHECK(held->first == at(3500ms));
    CHECK(held->end == at(4000ms));
    CHECK(wiped.empty());
  }
  CHECK(wiped == std::vector{7});
}

TEST_CASE("hold wipes blocks once all of their audio is too old") {
  std::vector<int> wiped;
  HoldRing<FakeBlock> ring(8);
  for (int i = 0; i < 4; ++i) push(ring, i, wiped);
  ring.drop_older_than(at(499ms));
  CHECK(wiped.empty());
  ring.drop_older_than(at(500ms));
  CHECK(wiped == std::vector{0});
  ring.drop_older_than(at(1600ms));
  CHECK(wiped == std::vector{0, 1, 2});
  CHECK(ring.counts().aged == 3);
}

TEST_CASE("preroll keeps nothing said before it began") {
  std::vector<int> wiped;
  HoldRing<FakeBlock> ring(8);
  for (int i = 0; i < 4; ++i) push(ring, i, wiped);  // up to 2 s
  SECTION("on a block's edge") {
    ring.keep_last(1s, at(2s));
    CHECK(wiped == std::vector{0, 1});
  }
  SECTION("a block that began earlier goes whole") {
    ring.keep_last(900ms, at(2s));
    CHECK(wiped == std::vector{0, 1, 2});
  }
  SECTION("none") {
    ring.keep_last(0s, at(2s));
    CHECK(wiped == std::vector{0, 1, 2, 3});
  }
  SECTION("more than there is") {
    ring.keep_last(1h, at(2s));
    CHECK(wiped.empty());
  }
}

TEST_CASE("blocks behind a corrected clock are judged by their own time") {
  std::vector<int> wiped;
  HoldRing<FakeBlock> ring(3);
  push(ring, 9, wiped);  // displaced, so that the ring wraps
  push(ring, 20, wiped);
  push(ring, 2, wiped);  // the clock was set back
  push(ring, 3, wiped);
  REQUIRE(wiped == std::vector{9});
  ring.drop_older_than(at(1500ms));
  CHECK(wiped == std::vector{9, 2});
  CHECK(drain(ring) == std::vector{20, 3});
}

TEST_CASE("clearing and destroying a ring wipe all that it holds") {
  std::vector<int> wiped;
  {
    HoldRing<FakeBlock> ring(4);
    for (int i = 0; i < 3; ++i) push(ring, i, wiped);
    ring.clear();
    CHECK(wiped == std::vector{0, 1, 2});
    CHECK(ring.counts().cleared == 3);
    CHECK(ring.span() == 0s);
    push(ring, 3, wiped);
  }
  CHECK(wiped == std::vector{0, 1, 2, 3});
}

TEST_CASE("a released ring holds again, and releasing one that holds blocks leaves them") {
  std::vector<int> wiped;
  HoldRing<FakeBlock> ring(3);
  for (int i = 0; i < 2; ++i) push(ring, i, wiped);
  ring.release();
  CHECK(ring.size() == 2);
  CHECK(ring.pop_front()->block.number() == 0);
  ring.clear();
  ring.release();
  CHECK(ring.empty());
  CHECK(ring.capacity() == 3);
  for (int i = 2; i < 6; ++i) push(ring, i, wiped);
  CHECK(ring.size() == 3);
  CHECK(ring.pop_front()->block.number() == 3);
}

TEST_CASE("a ring that wraps many times loses and repeats nothing") {
  for (std::size_t capacity = 1; capacity <= 4; ++capacity) {
    std::vector<int> wiped;
    HoldRing<FakeBlock> ring(capacity);
    std::vector<int> popped;
    for (int i = 0; i < 100; ++i) {
      push(ring, i, wiped);
      if (i % 3 == 0) popped.push_back(ring.pop_front()->block.number());
      if (i % 7 == 0) ring.drop_older_than(at(i * 500ms));
    }
    ring.clear();
    std::sort(wiped.begin(), wiped.end());
    REQUIRE(wiped.size() == 100);
    for (int i = 0; i < 100; ++i) CHECK(wiped[static_cast<std::size_t>(i)] == i);
    CHECK(std::is_sorted(popped.begin(), popped.end()));
    const auto& counts = ring.counts();
    CHECK(counts.held == counts.displaced + counts.aged + counts.cleared + popped.size());
  }
}

TEST_CASE("a ring is sorted by what its blocks may be used for, and what is for nothing goes") {
  std::vector<int> wiped;
  HoldRing<FakeBlock> ring(8);
  for (int i = 0; i < 6; ++i) push(ring, i, wiped);
  const auto uses = [&] {
    std::vector<AudioUse> all;
    while (auto held = ring.pop_front()) all.push_back(held->use);
    return all;
  };
  using enum AudioUse;
  SECTION("evidence reaches further back than the recording") {
    ring.sort_out(at(2s), at(1s));
    CHECK(wiped == std::vector{0, 1});
    CHECK(ring.counts().cleared == 2);
    CHECK(ring.evidence_span() == 1s);
    CHECK(ring.span() == 2s);
    CHECK(uses() == std::vector{evidence, evidence, both, both});
  }
  SECTION("the recording reaches further back") {
    ring.sort_out(WallTime::min(), at(2s));
    CHECK(wiped.empty());
    CHECK(ring.evidence_span() == 0s);
    CHECK(uses() == std::vector{recording, recording, recording, recording, both, both});
  }
  SECTION("nothing of it is recording") {
    ring.sort_out(WallTime::max(), at(2001ms));
    CHECK(wiped == std::vector{0, 1, 2, 3, 4});
    CHECK(uses() == std::vector{evidence});
  }
  SECTION("and the evidence goes again") {
    ring.sort_out(at(2s), at(1s));
    ring.drop_evidence();
    CHECK(wiped == std::vector{0, 1, 2, 3});
    CHECK(ring.counts().cleared == 4);
    CHECK(uses() == std::vector{recording, recording});
  }
}
