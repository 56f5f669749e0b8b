// What a command of assent-load found, as text for people and as one line of JSON. Pure.
#pragma once

#include <string>

#include "bench/load/load_run.h"

namespace assent::load {

std::string text_of(const RunReport& report);
std::string json_of(const RunReport& report);
std::string json_of(const PlayerReport& report, milliseconds packet_time);

}  // namespace assent::load
