// Runs the handlers of services: each request at most once, so many at a time, so long each. A handler
// belongs to no connection; when the requester's breaks, its retry finds the answer.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"
#include "warren/env/env.hpp"
#include "warren/messaging/config.hpp"
#include "warren/messaging/peer_quota.hpp"
#include "warren/messaging/request_log.hpp"
#include "warren/messaging/service.hpp"

namespace warren {

class ServiceRunner {
 public:
  // All outlive this object; `tasks` is closed before.
  ServiceRunner(Env& env, const MessagingConfig& config, WallTime started, TaskGroup& tasks);

  // Replaces an earlier handler of this name; requests that are running run on.
  void serve(std::string service, ServiceHandler handler);
  void stop_serving(const std::string& service);
  std::vector<std::string> services() const;

  // The answer of this attempt, run now, waited for, or from the log. Never fails: what goes wrong is in the
  // verdict. Cancelable; the handler runs on.
  Task<AnswerPtr> answer(RequestLog::Attempt attempt, ServiceCall call);

 private:
  struct Running {
    AnswerPtr answer;
    Event done;
  };
  using RunningPtr = std::shared_ptr<Running>;
  using Key = std::pair<NodeKey, RequestId>;

  RunningPtr start(const Key& key, ServiceCall call, AnswerPtr& refusal);
  Task<void> run(Key key, ServiceHandler handler, ServiceCall call, PeerQuota::Lease lease,
                 RunningPtr running);
  static Task<AnswerPtr> wait_for(RunningPtr running);

  Env& env_;
  const MessagingConfig& config_;
  TaskGroup& tasks_;
  std::map<std::string, ServiceHandler> handlers_;
  RequestLog log_;
  PeerQuota slots_;
  std::map<Key, RunningPtr> running_;
};

}  // namespace warren
