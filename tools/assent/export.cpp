// assent export: a recording's audio as a file, from a running engine or straight from a state folder without one.
#include <array>
#include <ostream>

#include "engine/catalog/catalog_writer.h"
#include "engine/control/recordings.h"
#include "pipelines/gst/audio_renderer.h"
#include "pipelines/gst/start.h"
#include "pipelines/quantity.h"
#include "tools/assent/commands.h"
#include "tools/assent/engine_reach.h"
#include "tools/assent/opened_state.h"
#include "tools/assent/output_file.h"

namespace assent {
namespace {

std::string progress_text(std::uint64_t so_far, std::optional<std::uint64_t> total) {
  return size_text(so_far) + (total ? " of " + size_text(*total) : "");
}

Result<std::uint64_t> export_from_engine(const ExportArguments& arguments, OutputFile& out, Console& console) {
  auto engine = reach_engine(arguments.engine);
  if (!engine) return engine.error();
  std::string legs;
  for (const auto& leg : arguments.legs) legs += (legs.empty() ? "" : ",") + leg;
  const auto target =
      target_of("/v1/recordings/" + to_text(arguments.recording) + "/audio",
                {{"purpose", arguments.purpose}, {"format", std::string(name_of(arguments.format))}, {"legs", legs}});
  ProgressLine line(console, "exporting");
  return engine->download(target, {[&out](ByteView piece) { return out.write(piece); },
                                   [&line](std::uint64_t so_far, std::optional<std::uint64_t> total) {
                                     line.show(progress_text(so_far, total));
                                   }});
}

AudioFormat format_of(ExportFormat format) {
  switch (format) {
    case ExportFormat::wav: return AudioFormat::wav;
    case ExportFormat::ogg: return AudioFormat::ogg;
    case ExportFormat::mka: return AudioFormat::mka;
  }
  return AudioFormat::wav;
}

Result<std::uint64_t> pull_all(BodyStream& stream, OutputFile& out, Console& console) {
  constexpr std::size_t kPieceBytes = std::size_t{64} * 1024;
  ProgressLine line(console, "exporting");
  Bytes piece(kPieceBytes);
  std::uint64_t so_far = 0;
  for (;;) {
    const auto pulled = stream.pull(piece);
    if (!pulled) return pulled.error();
    if (*pulled == 0) return so_far;
    if (auto written = out.write(ByteView(piece).first(*pulled)); !written) return written.error();
    so_far += *pulled;
    line.show(progress_text(so_far, stream.length_bytes));
  }
}

Result<std::uint64_t> export_from_state(const ExportArguments& arguments, OpenedState& state, OutputFile& out,
                                        Console& console) {
  if (auto started = gst::start_gstreamer(); !started) return started.error();
  CatalogWriter writer(state.catalog());
  gst::GstAudioRenderer renderer;
  RecordingService recordings({state.catalog(), writer, state.keys(), state.store(), renderer});
  auto stream = recordings.audio({arguments.recording, arguments.purpose, arguments.legs}, format_of(arguments.format),
                                 Caller{"command line"});
  if (!stream) return stream.error();
  return pull_all(*stream, out, console);
}

Result<std::uint64_t> export_audio(const ExportArguments& arguments, OutputFile& out, Console& console) {
  if (!arguments.engine.state || arguments.engine.api) return export_from_engine(arguments, out, console);
  auto state = OpenedState::open({*arguments.engine.state, arguments.root_key}, StateUse::write);
  if (state) return export_from_state(arguments, **state, out, console);
  if (state.error().code != Errc::conflict) return state.error();
  return export_from_engine(arguments, out, console);
}

}  // namespace

ExitStatus perform(const ExportArguments& arguments, Console& console) {
  auto out = OutputFile::create(arguments.out);
  if (!out) return fail(console, out.error());
  const auto bytes = export_audio(arguments, *out, console);
  if (!bytes) return fail(console, bytes.error());
  if (const auto finished = out->finish(); !finished) return fail(console, finished.error());
  console.err << size_text(*bytes) << " written to "
              << (arguments.out == "-" ? "standard output" : arguments.out.string()) << "\n";
  return ExitStatus::ok;
}

}  // namespace assent
