// The commands' end of the control API's reachability part. Every call throws Failure, with the exit status
// that fits.
#pragma once

#include <memory>

#include "app/data_dir.hpp"
#include "app/proto/reachability.pb.h"

namespace warren::app {

namespace v1 = control::v1;

class ReachabilityClient {
 public:
  // Connects; kNoDaemon when nothing answers.
  explicit ReachabilityClient(const DataDir& dir);
  ~ReachabilityClient();

  v1::ReachabilityReply status();
  v1::OwnAddresses addresses();
  v1::NetcheckReply netcheck(bool afresh);
  v1::Relays relays();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace warren::app
