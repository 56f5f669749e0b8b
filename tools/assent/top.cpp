// assent top: what an engine does, live: its /metrics, read again every interval.
#include <algorithm>
#include <ostream>

#include "tools/assent/commands.h"
#include "tools/assent/engine_reach.h"
#include "tools/assent/top_frame.h"
#include "tools/assent/top_screen.h"

namespace assent {
namespace {

// One look at the engine.
struct Look {
  Scrape scrape;
  MonoTime at;
};

class Watch {
 public:
  Watch(ApiClient client, std::string engine) : client_(std::move(client)), engine_(std::move(engine)) {}

  // Makes the earlier look of the next frame.
  Result<void> look() {
    auto body = client_.get("/metrics");
    if (!body) return body.error();
    before_ = std::move(now_);
    now_ = Look{Scrape::read(*body), read_mono()};
    return {};
  }
  bool has_frame() const { return before_ && now_; }
  EngineView view() const { return view_of(before_->scrape, now_->scrape, now_->at - before_->at, read_clocks().wall); }
  const std::string& engine() const { return engine_; }

 private:
  ApiClient client_;
  std::string engine_;
  std::optional<Look> before_;
  std::optional<Look> now_;
};

std::vector<std::string> frame_of(const Watch& watch, const TopArguments& arguments) {
  const EngineView view = watch.view();
  if (arguments.output == Output::json) return {json_frame(view, watch.engine(), read_clocks().wall).dump()};
  auto lines = text_frame(view, watch.engine());
  if (arguments.frames == TopArguments::Frames::live) lines.emplace_back();  // into a pipe, one frame ends here
  return lines;
}

// An engine that does not answer for a while is told and asked again; one that never did is an error.
ExitStatus watch_live(Watch& watch, const TopArguments& arguments, TopScreen& screen) {
  MonoTime next = read_mono();
  for (;;) {
    next += arguments.interval;
    if (!screen.wait_until(next)) return ExitStatus::ok;
    next = std::max(next, read_mono());  // after a stop, no hurry
    if (const auto looked = watch.look(); looked) {
      screen.show(frame_of(watch, arguments));
    } else if (arguments.output == Output::text) {
      screen.show({"assent at " + watch.engine() + "  does not answer", "", looked.error().what});
    }
  }
}

}  // namespace

ExitStatus perform(const TopArguments& arguments, Console& console) {
  auto engine = reach_open_engine(arguments.engine);
  if (!engine) return fail(console, engine.error());
  Watch watch(std::move(engine->client), to_text(engine->address));
  if (const auto looked = watch.look(); !looked) return fail(console, looked.error());

  const bool live_on_terminal = arguments.frames == TopArguments::Frames::live && arguments.output == Output::text &&
                                console.out_kind == Console::Kind::terminal;
  TopScreen screen(console.out, live_on_terminal ? TopScreen::Kind::terminal : TopScreen::Kind::file);
  if (arguments.frames == TopArguments::Frames::live) return watch_live(watch, arguments, screen);

  if (!screen.wait_until(read_mono() + arguments.interval)) return ExitStatus::ok;
  if (const auto looked = watch.look(); !looked) return fail(console, looked.error());
  screen.show(frame_of(watch, arguments));
  return ExitStatus::ok;
}

}  // namespace assent
