// assent-load: plays calls to assent, or RTP to anything, and says what became of every packet.
#include <variant>

#include "bench/load/commands.h"

int main(int argc, char** argv) {
  using namespace assent::load;
  const auto parsed = parse_arguments(argc, argv);
  if (const auto* status = std::get_if<ExitStatus>(&parsed)) return static_cast<int>(*status);
  const auto perform_it = [](const auto& command) { return perform(command); };
  return static_cast<int>(std::visit(perform_it, std::get<Command>(parsed)));
}
