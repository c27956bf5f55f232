#include "warren/protocols/kad/search.hpp"

namespace warren::kad {

namespace {

// Fills the report as the lookup goes on, for whoever does not wait for its end. One report may be given to
// several lookups in turn.
class Reporter {
 public:
  Reporter(const Clock& clock, const Lookup& lookup, LookupReport* report)
      : clock_(clock), lookup_(lookup), report_(report), began_(clock.now()) {
    if (report_ != nullptr) earlier_ = *report_;
  }
  ~Reporter() { update(); }
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

  void update() {
    if (report_ == nullptr) return;
    report_->steps = earlier_.steps;
    report_->steps.insert(report_->steps.end(), lookup_.steps().begin(), lookup_.steps().end());
    report_->hops = std::max(earlier_.hops, lookup_.hops());
    report_->took = earlier_.took + (clock_.now() - began_);
  }

 private:
  const Clock& clock_;
  const Lookup& lookup_;
  LookupReport* report_;
  Instant began_;
  LookupReport earlier_;
};

}  // namespace

Search::Search(Host& host, const Config& config, Members& members, Rpc& rpc)
    : host_(host), config_(config), members_(members), rpc_(rpc) {}

Task<std::vector<PeerInfo>> Search::run(Key target, Ask ask, Enough enough, LookupReport* report) {
  return run_from(members_.seeds(target, config_.lookup.closest), target, std::move(ask), std::move(enough),
                  report);
}

Task<std::vector<PeerInfo>> Search::run_from(std::vector<PeerInfo> seeds, Key target, Ask ask, Enough enough,
                                             LookupReport* report) {
  if (seeds.empty()) throw_error(Errc::kNoPeers, "DHT");
  ++lookups_;
  Env& env = host_.env();
  Lookup lookup(target, std::move(seeds), config_.lookup);
  Reporter reporter(env.clock, lookup, report);
  bool stopped = false;
  std::function<bool()> stop = [&] {
    reporter.update();
    stopped = enough && enough(lookup);
    return stopped;
  };
  Query<Lookup> query(env, lookup, std::move(ask), std::move(stop));
  co_await query.run();
  if (stopped) co_return lookup.nearest_known();
  auto nearest = lookup.closest();
  if (nearest.empty()) throw_error(Errc::kUnreachable, "nobody of the DHT answers");
  members_.measured(target, nearest);
  co_return nearest;
}

Task<std::vector<PeerInfo>> Search::nearest(Bytes key, LookupReport* report) {
  const Key target = Key::of(key);
  Ask ask = find_node(std::move(key));
  return run(target, std::move(ask), {}, report);
}

Task<std::vector<Bytes>> Search::preimages(std::vector<Prefix> prefixes) {
  const std::uint64_t seed = host_.env().random.u64();
  auto job = [&prefixes, seed] { return find_preimages(prefixes, seed); };
  auto keys = co_await host_.env().offload.run(std::move(job));
  std::erase_if(keys, [](const Bytes& key) { return key.empty(); });
  co_return keys;
}

Ask Search::find_node(Bytes key) {
  return [this, key = std::move(key)](PeerInfo peer) { return ask_for_node(std::move(peer), key); };
}

Task<std::vector<PeerInfo>> Search::ask_for_node(PeerInfo peer, Bytes key) {
  Message question{.type = MessageType::kFindNode, .key = std::move(key)};
  Message answer = co_await rpc_.ask(std::move(peer), std::move(question));
  co_return std::move(answer.closer);
}

}  // namespace warren::kad
