// send_rtp: sends G.711 RTP to many ports at the pace of real calls, for a given time, and says whether it kept up.
//
//   send_rtp SECONDS < ports        each line: ADDRESS PORT
//
// 20 ms packets, the legs spread over the 20 ms, sendmmsg in batches of what is due each millisecond. Prints one JSON
// line: packets sent, the largest lag behind schedule, CPU time. One thread.
#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "codecs/rtp.h"

namespace {

constexpr std::int64_t kPacketNs = 20'000'000;
constexpr std::size_t kPayload = 160;

struct Stream {
  sockaddr_in to{};
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::array<std::uint8_t, assent::kRtpHeaderBytes + kPayload> packet{};
};

std::int64_t now_ns() {
  timespec at{};
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1'000'000'000LL + at.tv_nsec;
}

void sleep_until(std::int64_t at_ns) {
  const timespec at{at_ns / 1'000'000'000, at_ns % 1'000'000'000};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
}

void prepare(Stream& stream, std::uint32_t number) {
  std::array<std::uint8_t, kPayload> payload{};
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<std::uint8_t>(stream.sequence + i);
  assent::RtpHeader header;
  header.sequence = assent::SequenceNumber(stream.sequence++);
  header.timestamp = assent::RtpTimestamp(stream.timestamp);
  header.ssrc = assent::Ssrc(number + 1);
  stream.timestamp += kPayload;
  assent::write_rtp(header, payload, stream.packet);
}

double cpu_seconds() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  return static_cast<double>(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
         static_cast<double>(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

std::vector<Stream> read_streams() {
  std::vector<Stream> streams;
  std::string address;
  int port = 0;
  while (std::cin >> address >> port) {
    Stream stream;
    stream.to.sin_family = AF_INET;
    stream.to.sin_port = htons(static_cast<std::uint16_t>(port));
    inet_pton(AF_INET, address.c_str(), &stream.to.sin_addr);
    streams.push_back(stream);
  }
  return streams;
}

}  // namespace

int main(int argc, char** argv) {
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 0;
  std::vector<Stream> streams = read_streams();
  if (seconds <= 0 || streams.empty()) {
    std::fprintf(stderr, "usage: send_rtp SECONDS < ports (each line: ADDRESS PORT)\n");
    return 2;
  }
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  std::vector<mmsghdr> messages(streams.size());
  std::vector<iovec> parts(streams.size());
  const std::int64_t start = now_ns() + 50'000'000;
  std::int64_t largest_lag = 0;
  std::uint64_t sent = 0;
  const auto legs = static_cast<std::int64_t>(streams.size());
  for (std::int64_t round = 0; round < std::int64_t{seconds} * 50; ++round) {
    std::size_t next = 0;
    for (std::int64_t slice = 0; slice < 20; ++slice) {
      const std::int64_t due = start + round * kPacketNs + slice * 1'000'000;
      sleep_until(due);
      largest_lag = std::max(largest_lag, now_ns() - due);
      const auto until = static_cast<std::size_t>(legs * (slice + 1) / 20);
      const std::size_t first = next;
      for (; next < until; ++next) {
        prepare(streams[next], static_cast<std::uint32_t>(next));
        parts[next] = {streams[next].packet.data(), streams[next].packet.size()};
        messages[next] = {};
        messages[next].msg_hdr.msg_name = &streams[next].to;
        messages[next].msg_hdr.msg_namelen = sizeof streams[next].to;
        messages[next].msg_hdr.msg_iov = &parts[next];
        messages[next].msg_hdr.msg_iovlen = 1;
      }
      std::size_t done = first;
      while (done < next) {
        const int count = sendmmsg(fd, &messages[done], static_cast<unsigned>(next - done), 0);
        if (count <= 0) break;
        done += static_cast<std::size_t>(count);
      }
      sent += done - first;
    }
  }
  std::printf("{\"sent\": %llu, \"largest_lag_ms\": %.1f, \"cpu_s\": %.2f}\n", static_cast<unsigned long long>(sent),
              static_cast<double>(largest_lag) / 1e6, cpu_seconds());
  return 0;
}
