#include "pipelines/pipeline_config.h"

// Whatever the text, it loads or has at least one error that can be shown.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto loaded = assent::load_pipeline({reinterpret_cast<const char*>(data), size});
  if (!loaded) ASSENT_CHECK(!to_text(loaded.error().at(0), "p.toml").empty());
  return 0;
}
