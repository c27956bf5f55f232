// Engine: what it says about streams and paths.
#include "warren/transport/quic/engine.hpp"
#include "warren/transport/quic/socket_address.hpp"

namespace warren::quic {

Result<StreamId> Engine::open_stream(StreamState& state) {
  StreamId id = -1;
  if (ngtcp2_conn_open_bidi_stream(connection_.get(), &id, &state) != 0) {
    return warren::fail(Errc::kLimitReached);
  }
  return id;
}

void Engine::attach(StreamId id, StreamState* state) {
  ngtcp2_conn_set_stream_user_data(connection_.get(), id, state);
}

void Engine::extend_stream_window(StreamId id, std::uint64_t bytes) {
  ngtcp2_conn_extend_max_stream_offset(connection_.get(), id, bytes);
}

void Engine::extend_connection_window(std::uint64_t bytes) {
  ngtcp2_conn_extend_max_offset(connection_.get(), bytes);
}

void Engine::extend_stream_limit() {
  ngtcp2_conn_extend_max_streams_bidi(connection_.get(), 1);
}

void Engine::reset_stream(StreamId id, std::uint64_t code) {
  ngtcp2_conn_shutdown_stream_write(connection_.get(), id, code);
}

void Engine::stop_sending(StreamId id, std::uint64_t code) {
  ngtcp2_conn_shutdown_stream_read(connection_.get(), id, code);
}

std::uint64_t Engine::connection_window_left() const {
  return ngtcp2_conn_get_max_data_left(connection_.get());
}

Path Engine::path() const {
  return from_library(*ngtcp2_conn_get_path(connection_.get()));
}

Result<> Engine::migrate(const Path& path, Instant now) {
  const LibraryPath way(path);
  // Immediately: whoever migrates has lost the old path, and waiting for proof would only add a round trip.
  if (ngtcp2_conn_initiate_immediate_migration(connection_.get(), &way.path, to_library(now)) != 0) {
    return warren::fail(Errc::kUnsupported);
  }
  return {};
}

void Engine::release_handshake() {
  ngtcp2_conn_set_tls_native_handle(connection_.get(), nullptr);
  tls_.release();
}

void Engine::give_token(Instant now) {
  const Bytes token = address_token(path().remote, reset_secret_, now);
  ngtcp2_conn_submit_new_token(connection_.get(), token.data(), token.size());
}

Duration Engine::round_trip() const {
  ngtcp2_conn_stat stat;
  ngtcp2_conn_get_conn_stat(connection_.get(), &stat);
  const bool measured = stat.first_rtt_sample_ts != UINT64_MAX;
  return measured ? Duration(static_cast<Duration::rep>(stat.smoothed_rtt)) : Duration::zero();
}

Duration Engine::close_period() const {
  return 3 * Duration(static_cast<Duration::rep>(ngtcp2_conn_get_pto(connection_.get())));
}

std::size_t Engine::datagram_size() const {
  return ngtcp2_conn_get_path_max_tx_udp_payload_size(connection_.get());
}

std::vector<ConnectionId> Engine::connection_ids() const {
  std::vector<ngtcp2_cid> ids(ngtcp2_conn_get_num_scid(connection_.get()));
  ngtcp2_conn_get_scid(connection_.get(), ids.data());
  std::vector<ConnectionId> result;
  for (const ngtcp2_cid& id : ids) result.push_back(from_library(id));
  return result;
}

}  // namespace warren::quic
