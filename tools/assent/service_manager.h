// ServiceManager: what a service manager of Type=notify or Type=notify-reload is told (sd_notify(3)); without one there
// is nobody to tell, and nothing happens. One thread.
#pragma once

#include <string>

#include "base/time.h"

namespace assent {

class ServiceManager {
 public:
  void ready() const { tell("READY=1"); }
  // The file is being read again, since `now`; `ready` ends that.
  void reloading(MonoTime now) const;
  // It goes down, and may take so long for it, whatever TimeoutStopSec says.
  void stopping(milliseconds at_most) const;
  void status(const std::string& text) const { tell("STATUS=" + text); }  // one line, for people

 private:
  static void tell(const std::string& state);
};

}  // namespace assent
