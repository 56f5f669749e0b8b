// send: RTP to the ports that standard input names, at the pace of real calls, to load any recorder.
#include <iostream>
#include <string>
#include <thread>

#include "bench/load/commands.h"
#include "bench/load/progress_bar.h"
#include "bench/load/reports.h"

namespace assent::load {
namespace {

Result<std::vector<Endpoint>> read_destinations() {
  std::vector<Endpoint> destinations;
  std::string address;
  std::uint16_t port = 0;
  while (std::cin >> address >> port) {
    const auto to = parse_address(address, port);
    if (!to) return error(Errc::invalid, "\"" + address + "\" is not an IP address");
    destinations.push_back(*to);
  }
  if (destinations.empty()) return error(Errc::invalid, "standard input names no port: ADDRESS PORT, one a line");
  return destinations;
}

}  // namespace

ExitStatus perform(const SendCommand& command) {
  const auto destinations = read_destinations();
  if (!destinations) {
    std::cerr << "assent-load: " << destinations.error().what << '\n';
    return ExitStatus::usage;
  }
  auto player = Player::create(command.player);
  if (!player) {
    std::cerr << "assent-load: " << player.error().what << '\n';
    return ExitStatus::failed;
  }
  for (std::size_t i = 0; i < destinations->size(); ++i) {
    (void)(*player)->add((*destinations)[i], {destinations->size(), i}, nullptr);
  }
  (*player)->start(command.duration);
  {
    ProgressBar progress;
    const auto whole = static_cast<std::size_t>(command.duration.count());
    for (std::size_t second = 0; second < whole; ++second) {
      progress.show("playing", {second, whole});
      std::this_thread::sleep_for(1s);
    }
  }
  const PlayerReport report = (*player)->finish();
  const milliseconds packet_time = command.player.shape.packet_time;
  std::cout << json_of(report, packet_time) << '\n';
  return report.is_valid(packet_time) ? ExitStatus::ok : ExitStatus::not_valid;
}

}  // namespace assent::load
