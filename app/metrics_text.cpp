#include "app/metrics_text.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>

#include "app/errors.hpp"
#include "app/metric_families.hpp"
#include "app/path_metrics.hpp"
#include "app/version.hpp"

namespace warren::app {
namespace {

using Labels = MetricFamilies::Labels;

Labels direction(const char* value) {
  return {{"direction", value}};
}

void add_swarm(const NodeMetrics& metrics, MetricFamilies& to) {
  const SwarmCounters& swarm = metrics.swarm;
  to.gauge("warren_connections", "Connections that are open.")
      .count(metrics.connections_inbound, direction("inbound"))
      .count(metrics.connections_outbound, direction("outbound"));
  to.counter("warren_connections_opened_total", "Connections that were secured and multiplexed.")
      .count(swarm.opened_inbound, direction("inbound"))
      .count(swarm.opened_outbound, direction("outbound"));
  to.counter("warren_connections_closed_total", "Connections that have ended.").count(swarm.closed);
  to.counter("warren_handshakes_failed_total", "Inbound handshakes that failed, for any reason but a limit.")
      .count(swarm.handshakes_failed);
  to.histogram("warren_handshake_seconds", "From the raw pipe to the multiplexed connection.")
      .durations(swarm.handshakes_inbound, direction("inbound"))
      .durations(swarm.handshakes_outbound, direction("outbound"));
  to.counter("warren_dials_failed_total", "Dials that failed at all addresses.").count(swarm.dials_failed);
  to.counter("warren_security_redials_total",
             "Dials repeated because the peer does not speak what we proposed.")
      .count(swarm.security_redials);
  to.gauge("warren_streams", "Streams that peers opened and that are open.").count(metrics.streams_inbound);
  to.counter("warren_streams_opened_total", "Streams that were opened.")
      .count(swarm.streams_opened_inbound, direction("inbound"))
      .count(swarm.streams_opened_outbound, direction("outbound"));
  to.counter("warren_received_bytes_total", "Bytes received, handshakes included.")
      .count(swarm.bytes_received);
  to.counter("warren_sent_bytes_total", "Bytes sent, handshakes included.").count(swarm.bytes_sent);
}

void add_limits(const NodeMetrics& metrics, MetricFamilies& to) {
  const auto each = [&](std::uint64_t LimitUse::* field) {
    for (const LimitUse& limit : metrics.limits) to.count(limit.*field, {{"knob", std::string(limit.knob)}});
  };
  to.gauge("warren_limit_used", "What is used of a limit.");
  each(&LimitUse::used);
  to.gauge("warren_limit_max", "The limit.");
  each(&LimitUse::max);
  to.counter("warren_refused_total", "What a limit has refused.");
  each(&LimitUse::refused);
}

void add_messaging(const MessagingCounters& messaging, MetricFamilies& to) {
  to.counter("warren_messages_sent_total", "Messages that their receivers acknowledged.")
      .count(messaging.messages_sent);
  to.counter("warren_messages_failed_total", "Messages of ours that were not acknowledged.")
      .count(messaging.messages_failed);
  to.counter("warren_messages_received_total", "Messages that were verified and stored.")
      .count(messaging.messages_received);
  to.counter("warren_requests_sent_total", "Requests of ours that were answered.")
      .count(messaging.requests_sent);
  to.counter("warren_requests_failed_total", "Requests of ours that were not answered.")
      .count(messaging.requests_failed);
  to.counter("warren_requests_served_total", "Requests of others that were answered.")
      .count(messaging.requests_served);
  to.counter("warren_messages_refused_total", "Messages and requests of others that were refused.");
  for (const auto& [reason, number] : messaging.refused) {
    to.count(number, {{"reason", std::string(describe(reason).name)}});
  }
  to.histogram("warren_sm2_verification_seconds", "Verifications of SM2 signatures of messages.")
      .durations(messaging.verifications);
}

void add_dhts(const std::vector<kad::Stats>& dhts, MetricFamilies& to) {
  const auto each = [&](auto number) {
    for (const kad::Stats& dht : dhts) to.value(static_cast<double>(number(dht)), {{"dht", dht.protocol}});
  };
  to.gauge("warren_dht_table_peers", "Peers in the routing table.");
  each([](const kad::Stats& dht) { return dht.table_peers; });
  to.gauge("warren_dht_network_size", "Estimate of how many servers the DHT has; 0: not known yet.");
  each([](const kad::Stats& dht) { return dht.network_size; });
  to.gauge("warren_dht_server", "1 in server mode, 0 in client mode.");
  each([](const kad::Stats& dht) { return dht.mode == kad::Mode::kServer ? 1 : 0; });
  to.gauge("warren_dht_records", "Value records kept, our own and for others.");
  each([](const kad::Stats& dht) { return dht.kept.records; });
  to.gauge("warren_dht_record_bytes", "What these take up.");
  each([](const kad::Stats& dht) { return dht.kept.record_bytes; });
  to.gauge("warren_dht_providers", "Provider records kept, our own and for others.");
  each([](const kad::Stats& dht) { return dht.kept.providers; });
  to.counter("warren_dht_requests_served_total", "Requests of others that were answered.");
  each([](const kad::Stats& dht) { return dht.requests_served; });
  to.counter("warren_dht_requests_refused_total", "Requests of others that were refused.");
  each([](const kad::Stats& dht) { return dht.requests_refused; });
  to.counter("warren_dht_requests_sent_total", "Requests of ours.");
  each([](const kad::Stats& dht) { return dht.requests_sent; });
  to.counter("warren_dht_requests_failed_total", "Requests of ours that were not answered.");
  each([](const kad::Stats& dht) { return dht.requests_failed; });
  to.counter("warren_dht_lookups_total", "Lookups of ours.");
  each([](const kad::Stats& dht) { return dht.lookups; });
}

void add_finding(const DaemonMetrics& metrics, MetricFamilies& to) {
  const AddressCacheCounters& addresses = metrics.addresses;
  to.counter("warren_address_cache_hits_total", "Dials and requests whose addresses were known.")
      .count(addresses.hits);
  to.counter("warren_address_cache_lookups_total", "Those that had to look for addresses.")
      .count(addresses.lookups);
  to.counter("warren_address_cache_refreshes_total",
             "Addresses of frequent targets that were looked up before they expired.")
      .count(addresses.refreshes);
  to.counter("warren_nodes_arrived_total", "Nodes that joined, or were found for the first time.")
      .count(metrics.presence.arrived);
  to.counter("warren_nodes_left_total", "Nodes that are gone.")
      .count(metrics.presence.said_goodbye, {{"how", "goodbye"}})
      .count(metrics.presence.lost, {{"how", "lost"}});
}

// Who reaches this node, and through whom.
void add_reachability(const ReachabilityStatus& status, MetricFamilies& to) {
  using enum autonat::Verdict;
  to.gauge("warren_reachability", "1 for what is known of whether others reach the node directly.");
  for (const autonat::Verdict verdict : {kUnknown, kReachable, kUnreachable}) {
    to.count(status.reachability == verdict ? 1 : 0, {{"verdict", std::string(autonat::to_string(verdict))}});
  }
  to.gauge("warren_behind_nat", "1 when others see an address that is not the machine's.")
      .count(status.behind_nat ? 1 : 0);
  to.gauge("warren_relays", "Relays that the node is reached through, or would like to be.");
  using relay::ReservationState;
  for (const ReservationState state :
       {ReservationState::kWanted, ReservationState::kReserving, ReservationState::kHeld,
        ReservationState::kRenewing, ReservationState::kBackoff}) {
    to.count(static_cast<std::uint64_t>(
                 std::ranges::count(status.relays, state, &relay::ReservationStatus::state)),
             {{"state", std::string(relay::to_string(state))}});
  }
}

// What it forwards for others.
void add_relay_service(const ReachabilityStatus& status, MetricFamilies& to) {
  const relay::ServiceCounters& relayed = status.relayed;
  to.gauge("warren_relay_service", "1 when the node relays for others.").count(status.relays_for_others);
  to.gauge("warren_relay_reservations", "Places that others hold here.").count(relayed.reservations);
  to.gauge("warren_relay_circuits", "Connections that are forwarded.").count(relayed.circuits);
  to.counter("warren_relay_reservations_total", "Places that others asked for, or asked for again.")
      .count(relayed.reservations_made, {{"result", "made"}})
      .count(relayed.reservations_refused, {{"result", "refused"}});
  to.counter("warren_relay_circuits_total", "Connections that others asked to be forwarded.")
      .count(relayed.circuits_opened, {{"result", "opened"}})
      .count(relayed.circuits_refused, {{"result", "refused"}});
  to.counter("warren_relay_circuits_ended_by_limit_total",
             "Forwarded connections that were over their time or their bytes.")
      .count(relayed.circuits_ended_by_limit);
  to.counter("warren_relay_bytes_total", "Bytes that were forwarded, in both directions.")
      .count(relayed.bytes_relayed);
}

// Topics are few, and their names are of this node's choice: they are subscribed to or published to.
void add_topics(const std::vector<TopicStatus>& topics, MetricFamilies& to) {
  const auto labels = [](const TopicStatus& topic) {
    return Labels{{"topic", topic.topic}, {"kind", topic.kind == TopicKind::kPlain ? "plain" : "warren"}};
  };
  const auto each = [&](auto number) {
    for (const TopicStatus& topic : topics) to.value(static_cast<double>(number(topic)), labels(topic));
  };
  const auto bytes = [&](const char* way, std::uint64_t TopicStatus::* field) {
    for (const TopicStatus& topic : topics) {
      Labels all = labels(topic);
      all.push_back({"direction", way});
      to.count(topic.*field, std::move(all));
    }
  };
  to.gauge("warren_topic_subscribed", "1 when the node subscribes to the topic.");
  each([](const TopicStatus& topic) { return topic.subscribed ? 1 : 0; });
  to.gauge("warren_topic_peers", "Connected peers that subscribe to it.");
  each([](const TopicStatus& topic) { return topic.peers.size(); });
  to.gauge("warren_topic_mesh_peers", "Those of them that are in the mesh.");
  each([](const TopicStatus& topic) {
    return std::ranges::count(topic.peers, true, &TopicPeerStatus::in_mesh);
  });
  to.counter("warren_topic_published_total", "Messages of this node.");
  each([](const TopicStatus& topic) { return topic.published; });
  to.counter("warren_topic_delivered_total", "Messages that its subscribers were given.");
  each([](const TopicStatus& topic) { return topic.delivered; });
  to.counter("warren_topic_duplicates_total", "Copies of messages that were there already.");
  each([](const TopicStatus& topic) { return topic.duplicates; });
  to.counter("warren_topic_rejected_total", "Messages that were not valid.");
  each([](const TopicStatus& topic) { return topic.rejected; });
  to.counter("warren_topic_fetched_total", "Messages that were missed, and fetched later.");
  each([](const TopicStatus& topic) { return topic.fetched; });
  to.counter("warren_topic_lost_total", "Messages that could not be had.");
  each([](const TopicStatus& topic) { return topic.lost; });
  to.gauge("warren_topic_gaps", "Gaps in origins' numbers that are open; 64 at most are counted.");
  each([](const TopicStatus& topic) { return topic.gaps.size(); });
  to.counter("warren_topic_bytes_total", "Bytes of its messages, every copy counted.");
  bytes("in", &TopicStatus::bytes_in);
  bytes("out", &TopicStatus::bytes_out);
}

}  // namespace

std::string metrics_text(const DaemonMetrics& metrics) {
  MetricFamilies families;
  families.gauge("warren_build_info", "Always 1; the version is a label.").count(1, {{"version", kVersion}});
  families.gauge("warren_uptime_seconds", "Since the node's start.").duration(metrics.node.uptime);
  add_swarm(metrics.node, families);
  add_limits(metrics.node, families);
  add_messaging(metrics.node.messaging, families);
  add_dhts(metrics.dhts, families);
  add_finding(metrics, families);
  add_reachability(metrics.reachability, families);
  add_peers(metrics.peers, families);
  add_paths(metrics.node.paths, families);
  add_relay_service(metrics.reachability, families);
  add_topics(metrics.topics, families);
  return prometheus::TextSerializer().Serialize(families.take());
}

}  // namespace warren::app
