#include "pipelines/gst/start.h"

#include <gst/gst.h>
#include <unistd.h>

#include <array>
#include <clocale>
#include <cstdlib>
#include <string>

namespace assent::gst {
namespace {

constexpr std::array kPlugins = {"coreelements",  "app",        "mulaw", "alaw", "audioconvert",
                                 "audioresample", "audiomixer", "opus",  "ogg"};
constexpr std::array kElements = {"capsfilter",   "appsrc",        "appsink",    "mulawdec", "alawdec",
                                  "audioconvert", "audioresample", "audiomixer", "opusenc",  "oggmux"};

void load_plugins() {
  for (const auto* name : kPlugins) {
    const std::string path = std::string(ASSENT_GST_PLUGIN_DIR) + "/libgst" + name + ".so";
    // A file that is missing shows as an element that is missing, below; a build of GStreamer may name files otherwise.
    if (GstPlugin* plugin = gst_plugin_load_file(path.c_str(), nullptr)) gst_object_unref(plugin);
  }
}

Result<void> start_once() {
  const char* const found = std::setlocale(LC_ALL, nullptr);
  const std::string locale = found == nullptr ? "C" : found;
  ::setenv("GST_REGISTRY_DISABLE", "yes", 1);
  gst_registry_fork_set_enabled(FALSE);
  GError* failure = nullptr;
  const bool started = gst_init_check(nullptr, nullptr, &failure) != FALSE;
  ::unsetenv("GST_REGISTRY_DISABLE");
  std::setlocale(LC_ALL, locale.c_str());
  if (!started) {
    const std::string why = failure != nullptr ? failure->message : "no reason given";
    g_clear_error(&failure);
    return error(Errc::unavailable, "GStreamer does not start: " + why);
  }
  // Threads of pipelines that are gone end at once instead of waiting in a pool for the next pipeline.
  g_thread_pool_set_max_unused_threads(0);
  load_plugins();
  for (const auto* name : kElements) {
    GstElementFactory* factory = gst_element_factory_find(name);
    if (factory == nullptr) {
      return error(Errc::unavailable, std::string("GStreamer's element ") + name +
                                          " is not in " ASSENT_GST_PLUGIN_DIR
                                          ": install gstreamer1.0-plugins-base and gstreamer1.0-plugins-good");
    }
    gst_object_unref(factory);
  }
  return {};
}

}  // namespace

Result<void> start_gstreamer() {
  static const Result<void> started = start_once();
  return started;
}

}  // namespace assent::gst
