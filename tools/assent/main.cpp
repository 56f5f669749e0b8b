// The one program: reads the command line and performs the command.
#include <unistd.h>

#include <iostream>
#include <variant>

#include "base/secure_arena.h"
#include "tools/assent/arguments.h"
#include "tools/assent/commands.h"

int main(int argc, char** argv) {
  using namespace assent;
  const auto parsed = parse_arguments(argc, argv, std::cout, std::cerr);
  if (const auto* status = std::get_if<ExitStatus>(&parsed)) return static_cast<int>(*status);

  const auto kind_of = [](int fd) { return isatty(fd) == 1 ? Console::Kind::terminal : Console::Kind::file; };
  Console console{std::cout, std::cerr, kind_of(STDERR_FILENO), kind_of(STDOUT_FILENO)};
  // Keys and audio pass through more commands than `run`: none of them may leave a core file.
  if (const auto forbidden = forbid_core_dumps(); !forbidden) return static_cast<int>(fail(console, forbidden.error()));
  const auto perform_it = [&console](const auto& arguments) { return perform(arguments, console); };
  const ExitStatus status = std::visit(perform_it, std::get<Arguments>(parsed));
  std::cout.flush();
  if (!std::cout) return static_cast<int>(fail(console, "could not write the output"));
  return static_cast<int>(status);
}
