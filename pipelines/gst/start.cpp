#include "pipelines/gst/start.h"

#include <gst/gst.h>
#include <unistd.h>

#include <array>
#include <clocale>
#include <cstdlib>
#include <mutex>
#include <string>

namespace assent::gst {
namespace {

constexpr std::array kPlugins = {"coreelements",  "app",        "mulaw", "alaw", "audioconvert",
                                 "audioresample", "audiomixer", "opus",  "ogg"};
constexpr std::array kElements = {"capsfilter",    "appsrc",     "appsink", "mulawdec", "alawdec", "audioconvert",
                                  "audioresample", "audiomixer", "opusenc", "opusdec",  "oggmux"};

struct LateElement {
  const char* name;
  const char* plugin;
  const char* package;
};
// AMR is not left to libav: its avdec_amrwb of Debian 12 cannot agree on a format with anybody.
constexpr std::array<LateElement, 5> kLateElements = {{{"avdec_g722", "libav", "gstreamer1.0-libav"},
                                                       {"avdec_g729", "libav", "gstreamer1.0-libav"},
                                                       {"avdec_ilbc", "libav", "gstreamer1.0-libav"},
                                                       {"amrnbdec", "amrnb", "gstreamer1.0-plugins-ugly"},
                                                       {"amrwbdec", "amrwbdec", "gstreamer1.0-plugins-ugly"}}};

// A file that is missing shows as an element that is missing, below; a build of GStreamer may name files otherwise.
void load_plugin(const char* name) {
  const std::string path = std::string(ASSENT_GST_PLUGIN_DIR) + "/libgst" + name + ".so";
  if (GstPlugin* plugin = gst_plugin_load_file(path.c_str(), nullptr)) gst_object_unref(plugin);
}

bool is_there(const char* element) {
  GstElementFactory* factory = gst_element_factory_find(element);
  if (factory != nullptr) gst_object_unref(factory);
  return factory != nullptr;
}

Error missing(const char* element, const char* packages) {
  return error(Errc::unavailable, std::string("GStreamer's element ") + element +
                                      " is not in " ASSENT_GST_PLUGIN_DIR ": install " + packages);
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
  for (const auto* name : kPlugins) load_plugin(name);
  for (const auto* name : kElements) {
    if (!is_there(name)) return missing(name, "gstreamer1.0-plugins-base and gstreamer1.0-plugins-good");
  }
  return {};
}

}  // namespace

Result<void> start_gstreamer() {
  static const Result<void> started = start_once();
  return started;
}

Result<void> load_decoder(std::string_view element) {
  if (auto started = start_gstreamer(); !started) return started;
  static std::mutex loading;
  const std::lock_guard lock(loading);
  for (const LateElement& late : kLateElements) {
    if (late.name != element) continue;
    if (!is_there(late.name)) load_plugin(late.plugin);
    if (!is_there(late.name)) return missing(late.name, late.package);
  }
  return {};
}

}  // namespace assent::gst
