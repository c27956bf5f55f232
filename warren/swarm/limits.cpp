#include "warren/swarm/limits.hpp"

namespace warren {

namespace {

using L = SwarmLimits;

constexpr LimitKnob kKnobs[] = {
    {"connections_max", &L::connections_max, "connections, both directions"},
    {"connections_inbound_max", &L::connections_inbound_max, "connections that others dialed"},
    {"connections_per_peer_max", &L::connections_per_peer_max, "connections with one peer"},
    {"connections_per_ip4_max", &L::connections_per_ip4_max, "inbound connections from one IPv4 address"},
    {"connections_per_ip6_56_max", &L::connections_per_ip6_56_max, "inbound connections from one IPv6 /56"},
    {"connections_per_ip6_48_max", &L::connections_per_ip6_48_max, "inbound connections from one IPv6 /48"},
    {"half_open_max", &L::half_open_max, "inbound handshakes under way"},
    {"half_open_quic_max", &L::half_open_quic_max, "the same over QUIC"},
    {"dials_per_second_max", &L::dials_per_second_max, "dial attempts in a second"},
    {"dial_addresses_max", &L::dial_addresses_max, "addresses that one dial tries"},
    {"connections_high", &L::connections_high, "connections above which the least useful are closed"},
    {"connections_low", &L::connections_low, "connections that are left then"},
    {"streams_max", &L::streams_max, "streams that peers opened"},
    {"streams_per_connection_max", &L::streams_per_connection_max, "of these, on one connection"},
    {"streams_per_protocol_and_peer_max", &L::streams_per_protocol_and_peer_max,
     "of these, from one peer for one protocol"},
    {"bytes_buffered_max", &L::bytes_buffered_max, "bytes received and not read yet"},
    {"bytes_buffered_per_connection_max", &L::bytes_buffered_per_connection_max,
     "of these, on one connection"},
    {"identify_protocols_max", &L::identify_protocols_max, "protocols that a peer announces"},
    {"identify_addresses_max", &L::identify_addresses_max, "addresses that a peer announces"},
    {"peerstore_peers_max", &L::peerstore_peers_max, "peers remembered"},
    {"peerstore_bytes_max", &L::peerstore_bytes_max, "bytes of what is remembered of them"},
    {"peerstore_addresses_per_peer_max", &L::peerstore_addresses_per_peer_max,
     "addresses remembered of one peer"},
    {"dht_records_max", &L::dht_records_max, "values kept for the DHT"},
    {"dht_record_bytes_max", &L::dht_record_bytes_max, "bytes of these"},
    {"dht_providers_max", &L::dht_providers_max, "providers kept for the DHT"},
    {"dht_providers_per_key_max", &L::dht_providers_per_key_max, "of these, for one key"},
    {"dht_streams_max", &L::dht_streams_max, "conversations of the DHT that are served"},
    {"rendezvous_registrations_max", &L::rendezvous_registrations_max,
     "registrations at this rendezvous point"},
    {"rendezvous_registrations_per_peer_max", &L::rendezvous_registrations_per_peer_max,
     "of these, of one peer"},
    {"relay_reservations_max", &L::relay_reservations_max, "peers that can be reached through this relay"},
    {"relay_reservations_per_ip_max", &L::relay_reservations_per_ip_max, "of these, from one address"},
    {"relay_reservations_per_network_max", &L::relay_reservations_per_network_max,
     "of these, from one IPv4 /24 or IPv6 /48"},
    {"relay_circuits_max", &L::relay_circuits_max, "circuits that this relay forwards"},
    {"relay_circuits_per_peer_max", &L::relay_circuits_per_peer_max, "of these, from or to one peer"},
    {"autonat_dials_max", &L::autonat_dials_max, "addresses of others dialed back in a minute"},
    {"autonat_dials_per_peer_max", &L::autonat_dials_per_peer_max, "of these, for one peer"},
    {"stun_answers_max", &L::stun_answers_max, "STUN requests answered in a second"},
    {"stun_answers_per_ip_max", &L::stun_answers_per_ip_max, "of these, of one address"},
    {"punches_max", &L::punches_max, "hole punches under way at a time"},
    {"punch_flows_per_second_max", &L::punch_flows_per_second_max, "new flows of hole punches in a second"},
    {"spray_entries_max", &L::spray_entries_max, "entries in the router's table that one spray makes"},
    {"topics_max", &L::topics_max, "topics subscribed to"},
    {"topic_queue_bytes_per_peer_max", &L::topic_queue_bytes_per_peer_max,
     "bytes of broadcasts that wait for one peer"},
    {"topic_queue_bytes_max", &L::topic_queue_bytes_max, "bytes of broadcasts that wait for all peers"},
};

}  // namespace

std::span<const LimitKnob> limit_knobs() {
  return kKnobs;
}

}  // namespace warren
