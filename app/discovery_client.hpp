// The commands' end of the control API's discovery part. Every call throws Failure, with the exit status that
// fits.
#pragma once

#include <functional>
#include <memory>

#include "app/data_dir.hpp"
#include "app/proto/discovery.pb.h"
#include "warren/base/time.hpp"

namespace warren::app {

namespace v1 = control::v1;

class DiscoveryClient {
 public:
  // Connects; kNoDaemon when nothing answers.
  explicit DiscoveryClient(const DataDir& dir);
  // The same; null when nothing answers.
  static std::unique_ptr<DiscoveryClient> if_running(const DataDir& dir);
  ~DiscoveryClient();

  // Calls `reply` for each target, whether it was found or not.
  void find(const v1::FindRequest& request, Duration timeout,
            const std::function<void(const v1::FindReply&)>& reply);
  v1::DhtStored put(const v1::DhtPutRequest& request, Duration timeout);
  v1::DhtValue get(const v1::DhtGetRequest& request, Duration timeout);
  v1::DhtStored provide(const v1::DhtProvideRequest& request, Duration timeout);
  v1::DhtProvidersReply providers(const v1::DhtProvidersRequest& request, Duration timeout);
  v1::DhtStatsReply stats(const v1::DhtStatsRequest& request);
  v1::BootstrapPeers bootstrap();
  v1::ChangeBootstrapReply change_bootstrap(const v1::ChangeBootstrapRequest& request);

 private:
  struct State;
  explicit DiscoveryClient(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace warren::app
