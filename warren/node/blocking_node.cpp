#include "warren/node/blocking_node.hpp"

#include "warren/async/event.hpp"
#include "warren/async/race.hpp"
#include "warren/async/store_value.hpp"
#include "warren/env/real/loop.hpp"
#include "warren/env/real/offload.hpp"

namespace warren {

namespace {

// Threads for handlers of services that block; the node's own workers stay free for signatures and the disk.
constexpr std::size_t kHandlerThreads = 4;

Task<void> run_node(Node* node) {
  co_await node->start();
}

}  // namespace

struct BlockingNode::State {
  explicit State(Config config) : node(std::make_unique<Node>(loop.env(), std::move(config))) {}
  ~State() { loop.run(end()); }

  // A call of the node, which stop() cancels.
  template <class T>
  T run(Task<T> task) {
    if constexpr (std::is_void_v<T>) {
      loop.run(cancelable(std::move(task)));
    } else {
      std::optional<T> value;
      loop.run(cancelable(store_value(std::move(task), value)));
      return std::move(*value);
    }
  }

  // A plain function, run in the loop.
  template <class Function>
  auto in_loop(Function function) {
    return loop.run(unless_stopped(std::move(function)));
  }

  Task<void> stop();

  real::LoopThread loop;
  real::WorkerPool handlers{kHandlerThreads};
  std::unique_ptr<Node> node;
  std::vector<Subscription> subscriptions;

 private:
  // Counts a call from its begin to its end.
  struct Running {
    explicit Running(State* owner) : state(owner) { ++state->running; }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() {
      --state->running;
      state->changed.notify_all();
    }
    State* state;
  };

  Task<void> cancelable(Task<void> task);
  Task<void> wait_for_stop();
  Task<void> end();

  template <class Function>
  Task<std::invoke_result_t<Function>> unless_stopped(Function function) {
    if (stopping) throw_error(Errc::kCanceled);
    co_return function();
  }

  // In the loop only.
  std::size_t running = 0;
  bool stopping = false;
  bool stopped = false;
  Event changed;  // one of these three
};

Task<void> BlockingNode::State::cancelable(Task<void> task) {
  if (stopping) throw_error(Errc::kCanceled);
  const Running counted(this);
  const Winner winner = co_await race(std::move(task), wait_for_stop());
  if (winner == Winner::kSecond) throw_error(Errc::kCanceled);
}

Task<void> BlockingNode::State::wait_for_stop() {
  while (!stopping) co_await changed.wait();
}

// The first one stops, the others wait for it.
Task<void> BlockingNode::State::stop() {
  if (!std::exchange(stopping, true)) {
    changed.notify_all();
    while (running > 0) co_await changed.wait();
    subscriptions.clear();
    co_await node->stop();
    stopped = true;
    changed.notify_all();
  }
  while (!stopped) co_await changed.wait();
}

// The node dies where it has lived, in the loop, which may still have its last work before it.
Task<void> BlockingNode::State::end() {
  co_await stop();
  node.reset();
}

BlockingNode::BlockingNode(Config config) : state_(std::make_unique<State>(std::move(config))) {
  state_->run(run_node(state_->node.get()));
}

BlockingNode::~BlockingNode() = default;

void BlockingNode::stop() {
  state_->loop.run(state_->stop());
}

const NodeId& BlockingNode::node_id() const {
  return state_->node->node_id();
}
const PeerId& BlockingNode::peer_id() const {
  return state_->node->peer_id();
}

std::vector<Multiaddr> BlockingNode::addresses() {
  return state_->in_loop([this] { return state_->node->addresses(); });
}

std::vector<PeerStatus> BlockingNode::peers() {
  return state_->in_loop([this] { return state_->node->peers(); });
}

PeerStatus BlockingNode::connect(Target target, PathPolicy policy) {
  return state_->run(state_->node->connect(std::move(target), policy));
}

PeerInfo BlockingNode::find_peer(Target target) {
  return state_->run(state_->node->find_peer(std::move(target)));
}

void BlockingNode::send_message(Target target, Bytes payload, PathPolicy policy) {
  state_->run(state_->node->send_message(std::move(target), std::move(payload), policy));
}

Bytes BlockingNode::request(Target target, std::string service, Bytes payload) {
  return state_->run(state_->node->request(std::move(target), std::move(service), std::move(payload)));
}

Bytes BlockingNode::request(Target target, std::string service, Bytes payload, Duration timeout,
                            PathPolicy policy) {
  return state_->run(
      state_->node->request(std::move(target), std::move(service), std::move(payload), timeout, policy));
}

PingReply BlockingNode::ping(Target target, PathPolicy policy) {
  return state_->run(state_->node->ping(std::move(target), policy));
}

PathReport BlockingNode::why(Target target) {
  return state_->run(state_->node->why(std::move(target)));
}

BenchReport BlockingNode::bench(Target target, perf::MeasurePlan plan, OnBench on_progress) {
  return state_->run(state_->node->bench(std::move(target), plan, std::move(on_progress)));
}

std::vector<InboxMessage> BlockingNode::inbox(std::uint64_t after, std::size_t limit) {
  return state_->run(state_->node->inbox(after, limit));
}

namespace {

using BlockingHandler = std::function<Bytes(const ServiceCall&)>;

Result<Bytes> answer(const BlockingHandler& handler, const ServiceCall& call, std::string& reason) {
  try {
    return handler(call);
  } catch (const std::exception&
               error) {  // the boundary to the application's code: any exception is a failed request
    reason = error.what();
    return fail(Errc::kServiceFailed);
  }
}

Task<Bytes> serve_blocking(Offload* workers, std::shared_ptr<const BlockingHandler> handler,
                           ServiceCall call) {
  std::string reason;
  const auto work = [&handler, &call, &reason] { return answer(*handler, call, reason); };
  auto result = co_await workers->run(work);
  co_return value_or_throw(std::move(result), reason);
}

}  // namespace

void BlockingNode::serve(std::string service, BlockingHandler handler) {
  auto shared = std::make_shared<const BlockingHandler>(std::move(handler));
  Offload* workers = &state_->handlers;
  const ServiceHandler serve = [workers, shared](ServiceCall call) {
    return serve_blocking(workers, shared, std::move(call));
  };
  state_->in_loop([&] { state_->node->serve(service, serve); });
}

void BlockingNode::stop_serving(const std::string& service) {
  state_->in_loop([&] { state_->node->stop_serving(service); });
}

void BlockingNode::on_message(std::function<void(const InboxMessage&)> handler) {
  state_->in_loop([&] { state_->subscriptions.push_back(state_->node->on_message(std::move(handler))); });
}

BroadcastReport BlockingNode::broadcast(std::string topic, Bytes payload, BroadcastOptions options) {
  return state_->run(state_->node->broadcast(std::move(topic), std::move(payload), options));
}

void BlockingNode::subscribe(std::string topic, TopicHandler handler, TopicOptions options) {
  state_->in_loop([&] {
    state_->subscriptions.push_back(
        state_->node->subscribe(std::move(topic), std::move(handler), std::move(options)));
  });
}

std::vector<TopicStatus> BlockingNode::topics() {
  return state_->in_loop([this] { return state_->node->topics(); });
}

void BlockingNode::on_event(std::function<void(const NodeEvent&)> handler) {
  state_->in_loop([&] { state_->subscriptions.push_back(state_->node->on_event(std::move(handler))); });
}

ReachabilityStatus BlockingNode::reachability() {
  return state_->in_loop([this] { return state_->node->reachability().status(); });
}

std::vector<LimitUse> BlockingNode::limits() {
  return state_->in_loop([this] { return state_->node->limits(); });
}

NodeMetrics BlockingNode::metrics() {
  return state_->in_loop([this] { return state_->node->metrics(); });
}

void BlockingNode::set_access(AccessSubject subject, Access access) {
  state_->run(state_->node->set_access(std::move(subject), access));
}

std::vector<AccessList::Entry> BlockingNode::access_entries() {
  return state_->in_loop([this] { return state_->node->access_entries(); });
}

Sm2Signature BlockingNode::sm2_sign(std::string_view domain, BytesView message) const {
  return state_->node->sm2_sign(domain, message);
}

}  // namespace warren
