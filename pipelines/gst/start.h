// Starting GStreamer, in one place and in a way a program that holds keys can bear.
//
// Only the plugins that this folder uses are loaded, from the folder GStreamer was installed with: no scan of every
// plugin on the machine, no scanner process (a process that holds keys never forks), no registry file in anybody's
// home, and the process keeps its locale. Call before the first use of anything in pipelines/gst; every call after the
// first returns what the first returned. Any thread, but like all that reads the environment best before others are
// started. Errors: Errc::unavailable names the element that is missing and the packages that hold it.
#pragma once

#include <string_view>

#include "base/result.h"

namespace assent::gst {

Result<void> start_gstreamer();

// The element of a codec that few calls have: its plugin, which may bring the whole of libavcodec, is loaded when a
// recording that needs it is first listened to, and an engine of other calls does without it.
Result<void> load_decoder(std::string_view element);

}  // namespace assent::gst
