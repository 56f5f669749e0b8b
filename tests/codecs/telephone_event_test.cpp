#include "codecs/telephone_event.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "catch.h"

using namespace assent;

namespace {

struct Sent {
  RtpHeader header;
  TelephoneEvent event;
};

RtpHeader header_at(std::uint32_t timestamp, bool marker = false, std::uint32_t ssrc = 1) {
  RtpHeader header;
  header.timestamp = RtpTimestamp(timestamp);
  header.marker = marker;
  header.ssrc = Ssrc(ssrc);
  return header;
}

TelephoneEvent event_of(std::uint8_t event, std::uint16_t duration, bool end = false) {
  return {event, end, 10, duration};
}

// A press as it is sent: an update every 20 ms, then the end three times.
std::vector<Sent> press(std::uint8_t event, std::uint32_t start, int updates) {
  std::vector<Sent> packets;
  for (int i = 1; i <= updates; ++i) {
    packets.push_back({header_at(start, i == 1), event_of(event, static_cast<std::uint16_t>(160 * i))});
  }
  for (int i = 0; i < 3; ++i) {
    packets.push_back({header_at(start), event_of(event, static_cast<std::uint16_t>(160 * updates), true)});
  }
  return packets;
}

std::string digits_of(const std::vector<Sent>& packets) {
  DigitDetector detector;
  std::string digits;
  for (const auto& packet : packets) {
    if (const auto digit = detector.see(packet.header, packet.event)) digits += *digit;
  }
  return digits;
}

}  // namespace

TEST_CASE("the fields of a telephone event are read from their places") {
  CHECK(parse_telephone_event(Bytes{11, 0x80 | 0x40 | 10, 0x03, 0x20}) == TelephoneEvent{11, true, 10, 800});
  CHECK(parse_telephone_event(Bytes{0, 63, 0, 0}) == TelephoneEvent{0, false, 63, 0});
  for (const std::size_t size : {0U, 1U, 3U, 5U, 7U}) CHECK_FALSE(parse_telephone_event(Bytes(size)));
}

TEST_CASE("the sixteen keys have their digits, other events have none") {
  std::string digits;
  for (unsigned event = 0; event < 256; ++event) {
    if (const auto digit = digit_of(static_cast<std::uint8_t>(event))) digits += *digit;
  }
  CHECK(digits == "0123456789*#ABCD");
}

TEST_CASE("a press is reported at its first packet, once") {
  DigitDetector detector;
  const auto packets = press(1, 5000, 5);
  CHECK(detector.see(packets[0].header, packets[0].event) == '1');
  for (std::size_t i = 1; i < packets.size(); ++i) CHECK_FALSE(detector.see(packets[i].header, packets[i].event));
}

TEST_CASE("the end packet alone reports the press whose beginning was lost") {
  const auto packets = press(9, 5000, 5);
  CHECK(digits_of({packets.end() - 3, packets.end()}) == "9");
  CHECK(digits_of({packets.end() - 1, packets.end()}) == "9");
}

TEST_CASE("the same key pressed twice is two digits") {
  auto packets = press(1, 5000, 5);
  const auto again = press(1, 5000 + 1600, 5);
  packets.insert(packets.end(), again.begin(), again.end());
  CHECK(digits_of(packets) == "11");
}

TEST_CASE("the same key pressed twice is two digits though the ends of the first were lost") {
  auto packets = press(1, 5000, 5);
  packets.resize(5);
  const auto again = press(1, 5000 + 1600, 5);
  packets.insert(packets.end(), again.begin() + 1, again.end());
  CHECK(digits_of(packets) == "11");
}

TEST_CASE("a packet of the press before that comes late reports nothing") {
  auto packets = press(1, 5000, 5);
  const auto later = press(2, 6600, 5);
  packets.insert(packets.end() - 1, later.begin(), later.end());
  CHECK(digits_of(packets) == "12");
}

TEST_CASE("a press longer than a duration can say is one digit across its segments") {
  std::vector<Sent> packets;
  std::uint32_t start = 0xFFFF0000;  // the timestamp wraps within the press, too
  packets.push_back({header_at(start, true), event_of(5, 160)});
  for (int segment = 0; segment < 3; ++segment) {
    for (std::uint32_t duration = 800; duration < 0xFFFF; duration += 8000) {
      packets.push_back({header_at(start), event_of(5, static_cast<std::uint16_t>(duration))});
    }
    packets.push_back({header_at(start), event_of(5, 0xFFFF)});
    start += 0xFFFF;
  }
  packets.push_back({header_at(start), event_of(5, 400, true)});
  CHECK(digits_of(packets) == "5");
}

TEST_CASE("a next segment is known though the packets that filled the one before were lost") {
  CHECK(digits_of({{header_at(1000, true), event_of(5, 160)}, {header_at(1000 + 0xFFFF), event_of(5, 320)}}) == "5");
}

TEST_CASE("a key pressed again later is no segment of the press before") {
  CHECK(digits_of({{header_at(1000, true), event_of(5, 160)}, {header_at(1000 + 0x10000), event_of(5, 320)}}) == "55");
  CHECK(digits_of({{header_at(1000, true), event_of(5, 160, true)}, {header_at(1000 + 0xFFFF), event_of(5, 320)}}) ==
        "55");
}

TEST_CASE("a marker begins a press, though it follows the one before without a gap") {
  CHECK(digits_of({{header_at(1000, true), event_of(5, 1600, true)}, {header_at(2600, true), event_of(5, 160)}}) ==
        "55");
}

TEST_CASE("a sender that moves the timestamp with every update still presses once") {
  std::vector<Sent> packets;
  for (std::uint32_t i = 0; i < 10; ++i) {
    packets.push_back({header_at(1000 + 160 * i, i == 0), event_of(3, static_cast<std::uint16_t>(160 * (i + 1)))});
  }
  CHECK(digits_of(packets) == "3");
}

TEST_CASE("another source presses its own key") {
  CHECK(digits_of({{header_at(1000, true, 1), event_of(1, 160)}, {header_at(1000, true, 2), event_of(1, 160)}}) ==
        "11");
}

TEST_CASE("a sender whose timestamps begin anew is heard") {
  CHECK(digits_of({{header_at(0x50000000, true), event_of(1, 160, true)}, {header_at(160, true), event_of(2, 160)}}) ==
        "12");
}

TEST_CASE("a press whose packets all come after those of a later one is heard") {
  CHECK(digits_of({{header_at(9000, true), event_of(2, 160)}, {header_at(5000, true), event_of(1, 160)}}) == "21");
}

TEST_CASE("events that are no key report nothing and hide none") {
  CHECK(digits_of({{header_at(1000, true), event_of(16, 160, true)}, {header_at(2000, true), event_of(7, 160)}}) ==
        "7");
}

TEST_CASE("one packet may tell of several presses, and its copies tell nothing new") {
  DigitDetector detector;
  const Bytes payload{1, 0x8A, 0x03, 0x20, 2, 0x8A, 0x03, 0x20, 3, 0x0A, 0x00, 0xA0};
  std::string digits;
  std::vector<std::uint32_t> starts;
  for (int copy = 0; copy < 3; ++copy) {
    CHECK(detector.see_packet(header_at(1000, true), payload, [&](char digit, RtpTimestamp start) {
      digits += digit;
      starts.push_back(start.value);
    }));
  }
  CHECK(digits == "123");
  CHECK(starts == std::vector<std::uint32_t>{1000, 1800, 2600});
  CHECK_FALSE(detector.see_packet(header_at(9000), Bytes(6), [](char, RtpTimestamp) { FAIL("not an event"); }));
}

TEST_CASE("each press is one digit under loss, copies and disorder") {
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    std::string pressed;
    std::vector<Sent> packets;
    auto start = static_cast<std::uint32_t>(random());
    for (int n = 0; n < 8; ++n) {
      const auto event = static_cast<std::uint8_t>(random() % 16);
      pressed += *digit_of(event);
      const auto sent = press(event, start, 3 + static_cast<int>(random() % 6));
      // Any packets may be lost, but not all of a press; any may come twice; all may change places.
      const std::size_t kept = random() % sent.size();
      std::vector<Sent> come;
      for (std::size_t i = 0; i < sent.size(); ++i) {
        if (i != kept && random() % 3 == 0) continue;
        come.push_back(sent[i]);
        if (random() % 4 == 0) come.push_back(sent[i]);
      }
      packets.insert(packets.end(), come.begin(), come.end());
      start += 160 * 9 + 800;
    }
    for (std::size_t i = 0; i + 4 <= packets.size(); ++i) {
      std::shuffle(packets.begin() + static_cast<std::ptrdiff_t>(i),
                   packets.begin() + static_cast<std::ptrdiff_t>(i + 4), random);
    }
    std::string heard = digits_of(packets);
    std::sort(heard.begin(), heard.end());  // disorder may reach across presses
    std::sort(pressed.begin(), pressed.end());
    CAPTURE(seed);
    REQUIRE(heard == pressed);
  }
}
