#include "warren/node/blocking_node.hpp"

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
  real::LoopThread loop;
  real::WorkerPool handlers{kHandlerThreads};
  std::unique_ptr<Node> node;
  std::vector<Subscription> subscriptions;

  // Runs a plain function in the loop.
  template <class Function>
  auto in_loop(Function function) {
    return loop.run(call(std::move(function)));
  }

 private:
  template <class Function>
  static Task<std::invoke_result_t<Function>> call(Function function) {
    co_return function();
  }
};

BlockingNode::BlockingNode(Config config) : state_(std::make_unique<State>()) {
  state_->node = std::make_unique<Node>(state_->loop.env(), std::move(config));
  try {
    state_->loop.run(run_node(state_->node.get()));
  } catch (...) {
    state_->loop.run(state_->node->stop());
    throw;
  }
}

BlockingNode::~BlockingNode() {
  state_->in_loop([this] { state_->subscriptions.clear(); });
  state_->loop.run(state_->node->stop());
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

PeerStatus BlockingNode::connect(Target target) {
  return state_->loop.run(state_->node->connect(std::move(target)));
}

PeerInfo BlockingNode::find_peer(Target target) {
  return state_->loop.run(state_->node->find_peer(std::move(target)));
}

void BlockingNode::send_message(Target target, Bytes payload) {
  state_->loop.run(state_->node->send_message(std::move(target), std::move(payload)));
}

Bytes BlockingNode::request(Target target, std::string service, Bytes payload) {
  return state_->loop.run(state_->node->request(std::move(target), std::move(service), std::move(payload)));
}

Bytes BlockingNode::request(Target target, std::string service, Bytes payload, Duration timeout) {
  return state_->loop.run(
      state_->node->request(std::move(target), std::move(service), std::move(payload), timeout));
}

PingReply BlockingNode::ping(Target target) {
  return state_->loop.run(state_->node->ping(std::move(target)));
}

std::vector<InboxMessage> BlockingNode::inbox(std::uint64_t after, std::size_t limit) {
  return state_->loop.run(state_->node->inbox(after, limit));
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

void BlockingNode::on_message(std::function<void(const InboxMessage&)> handler) {
  state_->in_loop([&] { state_->subscriptions.push_back(state_->node->on_message(std::move(handler))); });
}

void BlockingNode::on_event(std::function<void(const NodeEvent&)> handler) {
  state_->in_loop([&] { state_->subscriptions.push_back(state_->node->on_event(std::move(handler))); });
}

std::vector<LimitUse> BlockingNode::limits() {
  return state_->in_loop([this] { return state_->node->limits(); });
}

Sm2Signature BlockingNode::sm2_sign(std::string_view domain, BytesView message) const {
  return state_->node->sm2_sign(domain, message);
}

}  // namespace warren
