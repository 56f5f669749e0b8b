#include "codecs/reorder.h"

#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "catch.h"

using namespace assent;

namespace {

constexpr nanoseconds kWindow = 60ms;

MonoTime at(nanoseconds since) { return MonoTime(since); }

// A stream's end with the window in front of it: packets are handles that count how many are alive.
struct Handle {
  explicit Handle(int number_) : number(number_), alive(&live) { ++live; }
  Handle(Handle&& other) noexcept : number(other.number), alive(std::exchange(other.alive, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    if (alive != nullptr) --*alive;
    number = other.number;
    alive = std::exchange(other.alive, nullptr);
    return *this;
  }
  ~Handle() {
    if (alive != nullptr) --*alive;
  }
  int number;
  int* alive;
  static inline int live = 0;
};

struct Stream {
  ReorderWindow<Handle> window{kWindow};
  std::vector<int> out;
  std::vector<MonoTime> arrivals;

  auto deliver() {
    return [this](Handle&& handle, MonoTime arrival) {
      out.push_back(handle.number);
      arrivals.push_back(arrival);
    };
  }
  void come(int number, nanoseconds now = 0ms) {
    window.push(SequenceNumber(static_cast<std::uint16_t>(number)), Handle(number), at(now), deliver());
  }
  void poll(nanoseconds now) { window.poll(at(now), deliver()); }
};

using Numbers = std::vector<int>;

}  // namespace

TEST_CASE("packets in order pass at once, across the wrap") {
  Stream stream;
  for (int n = 65530; n < 65545; ++n) {
    stream.come(n);
    CHECK(stream.out.back() == n);
  }
  CHECK(stream.window.held() == 0);
  CHECK(stream.window.counts().lost == 0);
}

TEST_CASE("a packet that is ahead waits for the one that is missing") {
  Stream stream;
  for (const int n : {10, 12, 13}) stream.come(n);
  CHECK(stream.out == Numbers{10});
  stream.come(11);
  CHECK(stream.out == Numbers{10, 11, 12, 13});
  CHECK(stream.window.counts().reordered == 1);
  CHECK(stream.window.counts().lost == 0);
}

TEST_CASE("a gap is given up when the window is over, not before") {
  Stream stream;
  stream.come(10, 0ms);
  stream.come(13, 20ms);
  stream.poll(79ms);
  CHECK(stream.out == Numbers{10});
  stream.poll(80ms);
  CHECK(stream.out == Numbers{10, 13});
  CHECK(stream.window.counts().lost == 2);
}

TEST_CASE("the window counts from the arrival of the packet held longest") {
  Stream stream;
  stream.come(10, 0ms);
  stream.come(13, 10ms);  // waits for 11 and 12
  stream.come(12, 50ms);  // waits for 11, but 13 waits already
  stream.poll(70ms);
  CHECK(stream.out == Numbers{10, 12, 13});
  CHECK(stream.window.counts().lost == 1);
}

TEST_CASE("of two gaps the later has its own time") {
  Stream stream;
  stream.come(10, 0ms);
  stream.come(12, 0ms);
  stream.come(14, 50ms);
  stream.poll(60ms);
  CHECK(stream.out == Numbers{10, 12});
  stream.poll(109ms);
  CHECK(stream.out == Numbers{10, 12});
  stream.poll(110ms);
  CHECK(stream.out == Numbers{10, 12, 14});
}

TEST_CASE("a delivery tells when its packet arrived") {
  Stream stream;
  stream.come(10, 0ms);
  stream.come(12, 5ms);
  stream.come(11, 9ms);
  CHECK(stream.arrivals == std::vector<MonoTime>{at(0ms), at(9ms), at(5ms)});
}

TEST_CASE("copies are dropped, whether the first is delivered or held") {
  Stream stream;
  for (const int n : {10, 10, 12, 12, 11, 11, 12}) stream.come(n);
  CHECK(stream.out == Numbers{10, 11, 12});
  CHECK(stream.window.counts().duplicated == 4);
  CHECK(stream.window.counts().late == 0);
}

TEST_CASE("a packet that was given up is late, not a copy") {
  Stream stream;
  stream.come(10, 0ms);
  stream.come(12, 0ms);
  stream.poll(60ms);
  stream.come(11, 61ms);
  CHECK(stream.out == Numbers{10, 12});
  CHECK(stream.window.counts().late == 1);
  CHECK(stream.window.counts().duplicated == 0);
}

TEST_CASE("a burst of loss larger than the window holds is given up at once") {
  Stream stream;
  stream.come(10);
  stream.come(12);
  stream.come(300);
  CHECK(stream.out == Numbers{10, 12});
  CHECK(stream.window.held() == 1);
  stream.poll(60ms);
  CHECK(stream.out == Numbers{10, 12, 300});
  CHECK(stream.window.counts().lost == 1 + 287);
}

TEST_CASE("a full window makes room from its oldest end") {
  Stream stream;
  stream.come(0);
  for (int n = 2; n < 200; ++n) stream.come(n);
  CHECK(stream.out.front() == 0);
  CHECK(stream.window.held() == 0);
  CHECK(stream.out.size() == 199);
  CHECK(stream.window.counts().lost == 1);
}

TEST_CASE("a far jump is believed when a second packet follows it, and loses neither") {
  Stream stream;
  stream.come(10);
  stream.come(30000);
  CHECK(stream.out == Numbers{10});
  stream.come(30001);
  CHECK(stream.out == Numbers{10, 30000, 30001});
  CHECK(stream.window.counts().restarts == 1);
  CHECK(stream.window.counts().lost == 0);
}

TEST_CASE("a jump back is a restart, too") {
  Stream stream;
  stream.come(5000);
  stream.come(100);
  stream.come(101);
  CHECK(stream.out == Numbers{5000, 100, 101});
}

TEST_CASE("a single packet from far away does not disturb the stream") {
  Stream stream;
  stream.come(10);
  stream.come(30000);
  stream.come(11);
  stream.come(12);
  stream.poll(1s);
  CHECK(stream.out == Numbers{10, 11, 12});
  CHECK(stream.window.counts().strays == 1);
  CHECK(Handle::live == 0);
}

TEST_CASE("what is held before a restart is delivered before it") {
  Stream stream;
  for (const int n : {10, 12, 30000, 30001}) stream.come(n);
  CHECK(stream.out == Numbers{10, 12, 30000, 30001});
}

TEST_CASE("a flush delivers what is held without waiting") {
  Stream stream;
  for (const int n : {10, 12, 15}) stream.come(n);
  stream.window.flush(stream.deliver());
  CHECK(stream.out == Numbers{10, 12, 15});
  CHECK(stream.window.counts().lost == 3);
  CHECK(Handle::live == 0);
}

TEST_CASE("a discard destroys what is held, and the stream goes on") {
  Stream stream;
  for (const int n : {10, 12, 13, 30000}) stream.come(n);
  CHECK(Handle::live == 3);
  stream.window.discard();
  CHECK(Handle::live == 0);
  stream.come(11);
  CHECK(stream.out == Numbers{10, 11});
}

TEST_CASE("a discard from within a delivery destroys the rest at once") {
  ReorderWindow<Handle> window(kWindow);
  Numbers out;
  auto deliver = [&](Handle&& handle, MonoTime) {
    out.push_back(handle.number);
    if (handle.number == 12) window.discard();
  };
  for (const int n : {10, 12, 13, 14, 16})
    window.push(SequenceNumber(static_cast<std::uint16_t>(n)), Handle(n), at(0ms), deliver);
  window.push(SequenceNumber(11), Handle(11), at(0ms), deliver);
  CHECK(out == Numbers{10, 11, 12});
  CHECK(Handle::live == 0);
}

TEST_CASE("a packet that made room by a delivery that discards is not kept") {
  ReorderWindow<Handle> window(kWindow);
  auto deliver = [&](Handle&& handle, MonoTime) {
    if (handle.number == 12) window.discard();
  };
  for (const int n : {10, 12, 300})
    window.push(SequenceNumber(static_cast<std::uint16_t>(n)), Handle(n), at(0ms), deliver);
  CHECK(Handle::live == 0);
}

TEST_CASE("after a restart any number is the first") {
  Stream stream;
  stream.come(10);
  stream.come(12);
  stream.window.restart();
  stream.come(40000);
  CHECK(stream.out == Numbers{10, 40000});
  CHECK(Handle::live == 0);
}

namespace {

struct Arrival {
  int number;
  nanoseconds when;
};

// Packets every 20 ms; a tenth lost, some twice, each delayed by up to `jitter`.
std::vector<Arrival> arrivals_of(std::mt19937& random, int first, int count, nanoseconds jitter) {
  std::vector<Arrival> arrivals;
  for (int i = 0; i < count; ++i) {
    if (i != 0 && random() % 10 == 0) continue;
    const int copies = random() % 8 == 0 ? 2 : 1;
    for (int copy = 0; copy < copies; ++copy) {
      const nanoseconds delay = i == 0 ? 0ns : nanoseconds(random() % static_cast<unsigned>(jitter.count()));
      arrivals.push_back({first + i, i * 20ms + delay});
    }
  }
  std::stable_sort(arrivals.begin(), arrivals.end(),
                   [](const Arrival& a, const Arrival& b) { return a.when < b.when; });
  return arrivals;
}

}  // namespace

TEST_CASE("under loss, copies and disorder every packet is accounted for, in order and in time") {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    const int first = static_cast<int>(random() % 65536);
    const nanoseconds jitter = seed % 2 == 0 ? nanoseconds(55ms) : nanoseconds(300ms);
    const auto arrivals = arrivals_of(random, first, 500, jitter);
    Stream stream;
    nanoseconds now = 0ms;
    bool in_time = true;
    for (const auto& arrival : arrivals) {
      for (; now < arrival.when; now += 1ms) {
        stream.poll(now);
        for (std::size_t i = 0; i < stream.arrivals.size(); ++i)
          in_time &= at(now) - stream.arrivals[i] <= kWindow + 1ms;
        stream.arrivals.clear();
      }
      stream.come(arrival.number, arrival.when);
      stream.arrivals.clear();
    }
    stream.window.flush(stream.deliver());

    CAPTURE(seed);
    const auto& counts = stream.window.counts();
    std::set<int> distinct;
    for (const auto& arrival : arrivals) distinct.insert(arrival.number);
    CHECK(in_time);
    CHECK(std::is_sorted(stream.out.begin(), stream.out.end()));
    CHECK(std::adjacent_find(stream.out.begin(), stream.out.end()) == stream.out.end());
    CHECK(stream.out.size() + counts.late + counts.duplicated == arrivals.size());
    CHECK(stream.out.size() + counts.lost == static_cast<std::size_t>(stream.out.back() - first + 1));
    // Disorder within the window costs nothing.
    if (jitter <= kWindow) CHECK(stream.out == Numbers(distinct.begin(), distinct.end()));
    CHECK(Handle::live == 0);
  }
}
