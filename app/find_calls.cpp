// Searches for nodes and peers: several at once, and each is told as soon as it ends.
#include <algorithm>
#include <deque>

#include "app/control_values.hpp"
#include "app/discovery_service.hpp"
#include "app/errors.hpp"
#include "app/grpc_error.hpp"
#include "app/lookup_values.hpp"
#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"

namespace warren::app {
namespace {

constexpr std::size_t kAtOnce = 16;
constexpr int kFindTargetsMax = 100;
constexpr Duration kFindLimit = 10min;  // for all of them; a single search is bounded by the node

// One call's searches. In the loop, but for `ready`, which its mutex guards.
struct FindSearch {
  Node& node;
  bool afresh = false;
  std::vector<Target> targets;
  std::vector<std::string> texts;
  std::size_t next = 0;

  std::mutex mutex;
  std::deque<v1::FindReply> ready;
};

void describe_found(const FindReport& found, v1::FindReply& to) {
  to.set_peer_id(found.peer.id.to_string());
  if (found.node) to.set_node_id(found.node->to_string());
  for (const Multiaddr& address : found.peer.addresses) to.add_addresses(address.to_string());
  to.set_source(found.source);
  to.set_took_ms(to_ms(found.took));
  describe_lookup(found.binding, *to.mutable_binding());
  describe_lookup(found.lookup, *to.mutable_lookup());
}

Task<void> work_off(FindSearch* search) {
  while (search->next < search->targets.size()) {
    const std::size_t index = search->next++;
    const auto found =
        co_await as_outcome(search->node.discovery().find(search->targets[index], search->afresh));
    v1::FindReply reply;
    reply.set_target(search->texts[index]);
    if (found) {
      describe_found(*found, reply);
    } else {
      reply.set_reason(std::string(describe(found.error().code()).name));
      reply.set_message(sentence_of(found.error()));
    }
    const std::lock_guard lock(search->mutex);
    search->ready.push_back(std::move(reply));
  }
}

Task<void> spawn_and_join(FindSearch* search, TaskGroup* group) {
  for (std::size_t i = 0; i < std::min(kAtOnce, search->targets.size()); ++i) group->spawn(work_off(search));
  co_await group->join();
}

Task<void> find_all(Executor executor, FindSearch* search) {
  TaskGroup group(executor, "find");
  co_await finally(spawn_and_join(search, &group), group.close());
}

// On gRPC's thread. False when the client takes no more.
bool pass_on(FindSearch& search, grpc::ServerWriter<v1::FindReply>& replies) {
  std::deque<v1::FindReply> ready;
  {
    const std::lock_guard lock(search.mutex);
    ready.swap(search.ready);
  }
  return std::ranges::all_of(ready, [&](const v1::FindReply& reply) { return replies.Write(reply); });
}

}  // namespace

grpc::Status DiscoveryService::Find(grpc::ServerContext* context, const v1::FindRequest* request,
                                    grpc::ServerWriter<v1::FindReply>* replies) {
  if (request->targets_size() > kFindTargetsMax)
    return {grpc::StatusCode::INVALID_ARGUMENT, "more than 100 targets; ask in several calls"};
  FindSearch search{.node = node_,
                    .afresh = request->afresh(),
                    .targets = {},
                    .texts = {request->targets().begin(), request->targets().end()},
                    .next = 0,
                    .mutex = {},
                    .ready = {}};
  for (const std::string& text : search.texts) {
    auto target = parse_target(text);
    if (!target) return to_status(*context, target.error());
    search.targets.push_back(std::move(*target));
  }
  // The thread that waits for the searches looks after its client about twenty times a second: the moment to
  // tell it what has been found by then.
  const auto client_left = [&] { return context->IsCancelled() || !pass_on(search, *replies); };
  const auto work = [&] { return find_all(loop_.env().executor, &search); };
  const auto done = calls_.run<void>(work, kFindLimit, client_left);
  if (!done) return to_status(*context, done.error());
  return pass_on(search, *replies) ? grpc::Status::OK : grpc::Status::CANCELLED;
}

}  // namespace warren::app
