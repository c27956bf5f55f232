// The commands' end of the control API's part about paths. Every call throws Failure, with the exit status
// that fits.
#pragma once

#include <memory>
#include <string>

#include "app/data_dir.hpp"
#include "app/proto/paths.pb.h"
#include "warren/base/time.hpp"

namespace warren::app {

namespace v1 = control::v1;

// The daemon looks for a direct path meanwhile. Ends with this object, at the latest.
class Seeking {
 public:
  virtual ~Seeking() = default;

  // Whether it has ended by then, whatever came of it; returns as soon as it has.
  virtual bool has_ended_within(Duration time) = 0;
};

class PathsClient {
 public:
  // Connects; kNoDaemon when nothing answers.
  explicit PathsClient(const DataDir& dir);
  ~PathsClient();

  v1::WhyReply why(const std::string& target);
  // Begins, and does not wait.
  std::unique_ptr<Seeking> seek_direct(const std::string& target);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace warren::app
