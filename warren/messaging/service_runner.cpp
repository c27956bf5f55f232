#include "warren/messaging/service_runner.hpp"

#include "warren/async/as_result.hpp"
#include "warren/messaging/error_context.hpp"

namespace warren {
namespace {

AnswerPtr refusal_answer(Errc code) {
  return std::make_shared<const ResponseBody>(ResponseBody{.verdict = to_verdict(make_error_code(code))});
}

ResponseBody to_response(std::expected<Bytes, std::system_error> result, std::size_t payload_max) {
  if (result && result->size() > payload_max)
    result = std::unexpected(std::system_error(make_error_code(Errc::kTooLarge)));
  if (result) return {.payload = std::move(*result)};
  if (result.error().code() == Errc::kTimedOut)
    return {.verdict = to_verdict(make_error_code(Errc::kServiceTimedOut))};
  // Whatever went wrong in there is the service's failure, not ours to interpret.
  const bool known = result.error().code() == Errc::kServiceFailed;  // the status says so already
  return {.verdict = {Status::kServiceFailed, known ? context_of(result.error()) : result.error().what()}};
}

// What the handler throws before its first co_await is caught with the rest.
Task<Bytes> invoke(ServiceHandler handler, ServiceCall call) {
  co_return co_await handler(std::move(call));
}

}  // namespace

ServiceRunner::ServiceRunner(Env& env, const MessagingConfig& config, WallTime started, TaskGroup& tasks)
    : env_(env),
      config_(config),
      tasks_(tasks),
      log_(started, config.limits),
      slots_(config.limits.peer_handlers_max, config.limits.total_handlers_max) {}

void ServiceRunner::serve(std::string service, ServiceHandler handler) {
  if (!is_service_name(service)) throw_error(Errc::kBadConfig, "name of a service");
  handlers_.insert_or_assign(std::move(service), std::move(handler));
}

void ServiceRunner::stop_serving(const std::string& service) {
  handlers_.erase(service);
}

std::vector<std::string> ServiceRunner::services() const {
  std::vector<std::string> names;
  for (const auto& [name, _] : handlers_) names.push_back(name);
  return names;
}

Task<AnswerPtr> ServiceRunner::answer(RequestLog::Attempt attempt, ServiceCall call) {
  const Key key{attempt.sender, attempt.id};
  const RequestLog::Moment now{env_.clock.wall_now(), env_.clock.now()};
  switch (log_.begin(attempt, now)) {
    case RequestLog::Decision::kRun: {
      AnswerPtr refusal;
      RunningPtr running = start(key, std::move(call), refusal);
      if (!running) co_return refusal;
      co_return co_await wait_for(std::move(running));
    }
    case RequestLog::Decision::kWait: {
      RunningPtr running = running_.at(key);
      co_return co_await wait_for(std::move(running));
    }
    case RequestLog::Decision::kAnswer: co_return log_.answer(attempt.sender, attempt.id);
    case RequestLog::Decision::kUnknown: co_return refusal_answer(Errc::kOutcomeUnknown);
    case RequestLog::Decision::kBusy: break;
  }
  co_return refusal_answer(Errc::kLimitReached);
}

// Starts the handler; or null, and why not, and the request may be tried again.
ServiceRunner::RunningPtr ServiceRunner::start(const Key& key, ServiceCall call, AnswerPtr& refusal) {
  const auto handler = handlers_.find(call.service);
  PeerQuota::Lease lease(slots_, call.from_peer);
  if (handler == handlers_.end()) {
    refusal = refusal_answer(Errc::kNoSuchService);
  } else if (!lease.take(1)) {
    refusal = refusal_answer(Errc::kLimitReached);
  }
  if (refusal) {
    log_.abandon(key.first, key.second);
    return nullptr;
  }
  const auto running = std::make_shared<Running>();
  running_.emplace(key, running);
  tasks_.spawn(run(key, handler->second, std::move(call), std::move(lease), running));
  return running;
}

Task<void> ServiceRunner::run(Key key, ServiceHandler handler, ServiceCall call, PeerQuota::Lease lease,
                              RunningPtr running) {
  const PeerQuota::Lease held = std::move(lease);
  auto result = co_await as_outcome(
      with_timeout(env_.clock, config_.limits.handler_timeout, invoke(std::move(handler), std::move(call))));
  const std::size_t payload_max = config_.limits.body_max - kBodyOverheadMax;
  running->answer = std::make_shared<const ResponseBody>(to_response(std::move(result), payload_max));
  log_.finish(key.first, key.second, running->answer, env_.clock.now());
  running_.erase(key);
  running->done.notify_all();
}

Task<AnswerPtr> ServiceRunner::wait_for(RunningPtr running) {
  while (!running->answer) co_await running->done.wait();
  co_return running->answer;
}

}  // namespace warren
