#include "warren/transport/quic/engine.hpp"

#include <ngtcp2/ngtcp2_crypto.h>

#include <utility>

#include "warren/transport/quic/engine_callbacks.hpp"
#include "warren/transport/quic/socket_address.hpp"

namespace warren::quic {

namespace {

// Our connection IDs that the peer may hold: for migrations, of which it uses up one each.
constexpr std::uint64_t kConnectionIdsMax = 4;
// A frame names so many pieces of a stream's bytes at most.
constexpr std::size_t kPiecesMax = 8;
constexpr std::size_t kInitialIdSize = 16;
constexpr std::size_t kBurstPackets = 10;
constexpr Duration kBurstTimeMax = 500ms;
constexpr Duration kAheadMax = 1ms;  // what the library lets pass
// On shorter ways a window is over after a few grains of any timer, and acknowledgements keep the pace.
constexpr Duration kPacedFrom = 5ms;
constexpr Duration kTimerGrain = 100us;
// The new path is validated up to two times, and then the old one, for three probe timeouts each; some more
// for those that grow meanwhile. On a path where nothing is measured yet, a timeout is more than a second.
constexpr int kMoveTimeouts = 12;
constexpr Duration kFirstTimeout = 1100ms;
constexpr Duration kPaceMax = 1s;  // no batch is held back for longer

ngtcp2_duration nanoseconds(Duration duration) {
  return static_cast<ngtcp2_duration>(duration.count());
}

ngtcp2_settings settings_for(const EngineSetup& setup, const Limits& limits) {
  ngtcp2_settings settings;
  ngtcp2_settings_default(&settings);
  settings.cc_algo = NGTCP2_CC_ALGO_CUBIC;
  settings.initial_ts = to_library(setup.now);
  if (setup.side == Side::kInitiator) settings.initial_rtt = nanoseconds(limits.dial_round_trip);
  settings.max_tx_udp_payload_size = limits.datagram_max;
  settings.max_window = limits.connection_window_max;
  settings.max_stream_window = limits.stream_window_max;
  settings.handshake_timeout = nanoseconds(limits.handshake_max);
  settings.rand_ctx.native_handle = &setup.random;
  // A token that was verified lifts the limit of what is sent to an address that nobody has shown to be his.
  const BytesView token = setup.first == nullptr ? setup.token
                          : setup.first->shown   ? BytesView(setup.first->token)
                                                 : BytesView();
  settings.token = {const_cast<std::uint8_t*>(token.data()), token.size()};
  if (setup.qlog) settings.qlog.write = &qlog_callback;
  return settings;
}

ngtcp2_transport_params parameters_for(const Limits& limits) {
  ngtcp2_transport_params parameters;
  ngtcp2_transport_params_default(&parameters);
  parameters.initial_max_stream_data_bidi_local = limits.stream_window;
  parameters.initial_max_stream_data_bidi_remote = limits.stream_window;
  parameters.initial_max_data = limits.connection_window;
  parameters.initial_max_streams_bidi = limits.inbound_streams_max;
  parameters.initial_max_streams_uni = 0;  // libp2p has none
  parameters.max_idle_timeout = nanoseconds(limits.idle_max);
  parameters.active_connection_id_limit = kConnectionIdsMax;
  return parameters;
}

}  // namespace

void Engine::FreeConnection::operator()(ngtcp2_conn* connection) const {
  ngtcp2_conn_del(connection);
}

Engine::Engine(const EngineSetup& setup, const Limits& limits, TlsSession& tls, EngineEvents& events)
    : tls_(tls),
      events_(events),
      random_(setup.random),
      reset_secret_(setup.reset_secret),
      qlog_(setup.qlog),
      memory_(limits.library_memory_max),
      side_(setup.side),
      keepalive_(limits.keepalive) {
  const ngtcp2_callbacks callbacks = engine_callbacks(setup.side);
  ngtcp2_settings settings = settings_for(setup, limits);
  ngtcp2_transport_params parameters = parameters_for(limits);
  const LibraryPath path(setup.path);
  const ngtcp2_cid source = to_library(ConnectionId::make(random_));
  ngtcp2_conn* connection = nullptr;
  int error = 0;
  if (setup.side == Side::kResponder) {
    const FirstPacket& first = *setup.first;
    parameters.original_dcid = to_library(first.original.value_or(first.destination));
    settings.qlog.odcid = parameters.original_dcid;
    if (first.original) {
      parameters.retry_scid = to_library(first.destination);
      parameters.retry_scid_present = 1;
    }
    parameters.stateless_reset_token_present = 1;
    make_reset_token(parameters.stateless_reset_token, reset_secret_, source);
    const ngtcp2_cid destination = to_library(first.source);
    error = ngtcp2_conn_server_new(&connection, &destination, &source, &path.path, first.version, &callbacks,
                                   &settings, &parameters, memory_.functions(), this);
  } else {
    const ngtcp2_cid destination = to_library(ConnectionId::from(random_.bytes<kInitialIdSize>()));
    error = ngtcp2_conn_client_new(&connection, &destination, &source, &path.path, NGTCP2_PROTO_VER_V1,
                                   &callbacks, &settings, &parameters, memory_.functions(), this);
  }
  WARREN_ASSERT(error == 0);
  connection_.reset(connection);
  tls_.attach(connection);
  ngtcp2_conn_set_tls_native_handle(connection, tls_.handle());
  ngtcp2_conn_set_keep_alive_timeout(connection, nanoseconds(keepalive_));
}

Engine::~Engine() = default;

bool Engine::read(const Path& path, BytesView datagram, Ecn ecn, Instant now) {
  const Path before = this->path();
  if (!may_come_from(path, before, now)) return true;
  const LibraryPath way(path);
  const ngtcp2_pkt_info info{.ecn = static_cast<std::uint32_t>(ecn)};
  const ScreenScope scope(screen_);
  const int error = ngtcp2_conn_read_pkt(connection_.get(), &way.path, &info, datagram.data(),
                                         datagram.size(), to_library(now));
  if (side_ == Side::kResponder && path != before) note_move(before, this->path(), now);
  return error == 0 || fail(error);
}

// One move of the client's at a time: when a path is left before it, and the one before, have been validated,
// the library may retire a connection ID twice, and then it aborts the process.
bool Engine::may_come_from(const Path& path, const Path& current, Instant now) const {
  return side_ == Side::kInitiator || path == current || path == moved_from_ || now >= moving_until_;
}

void Engine::note_move(const Path& from, const Path& to, Instant now) {
  if (from == to) return;
  if (to == moved_from_) {  // back to where it came from, which ends the move
    moved_from_.reset();
    moving_until_ = Instant::min();
    return;
  }
  const Duration timeout(static_cast<Duration::rep>(ngtcp2_conn_get_pto(connection_.get())));
  moved_from_ = from;
  moving_until_ = now + kMoveTimeouts * std::max(timeout, kFirstTimeout);
}

Engine::Written Engine::write(MutableBytes buffer, const Offer& offer, Instant now) {
  std::array<ngtcp2_vec, kPiecesMax> pieces;
  std::size_t count = 0;
  std::size_t offered = 0;
  for (const BytesView piece : offer.pieces.first(std::min(offer.pieces.size(), kPiecesMax))) {
    pieces[count++] = {const_cast<std::uint8_t*>(piece.data()), piece.size()};
    offered += piece.size();
  }
  const bool fin = offer.fin && count == offer.pieces.size();
  std::uint32_t flags = offer.stream < 0 ? NGTCP2_WRITE_STREAM_FLAG_NONE : NGTCP2_WRITE_STREAM_FLAG_MORE;
  if (fin) flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;

  ngtcp2_path_storage way;
  ngtcp2_path_storage_zero(&way);
  ngtcp2_ssize accepted = -1;
  ngtcp2_pkt_info info{.ecn = packet_ecn_};
  const ScreenScope scope(screen_);
  const ngtcp2_ssize size =
      ngtcp2_conn_writev_stream(connection_.get(), &way.path, &info, buffer.data(), buffer.size(), &accepted,
                                flags, offer.stream, pieces.data(), count, to_library(now));
  packet_ecn_ = info.ecn;
  Written written;
  if (accepted >= 0) {
    written.accepted = static_cast<std::size_t>(accepted);
    written.fin_accepted = fin && written.accepted == offered;
  }
  using enum Written::Status;
  if (size > 0) {
    written.status = kPacket;
    written.size = static_cast<std::size_t>(size);
    written.path = from_library(way.path);
    written.ecn = static_cast<Ecn>(info.ecn & NGTCP2_ECN_MASK);
    if (std::exchange(probing_, false)) {
      ngtcp2_conn_set_keep_alive_timeout(connection_.get(), nanoseconds(keepalive_));
    }
    return written;
  }
  switch (size) {
    case 0: note_acknowledgement(now); return written;
    case NGTCP2_ERR_WRITE_MORE: written.status = kMore; return written;
    case NGTCP2_ERR_STREAM_DATA_BLOCKED: written.status = kBlocked; return written;
    case NGTCP2_ERR_STREAM_SHUT_WR:
    case NGTCP2_ERR_STREAM_NOT_FOUND: written.status = kStopped; return written;
    default:
      written.status = kFailed;
      fail(static_cast<int>(size));
      return written;
  }
}

// Nothing is in flight, nothing waits to be sent, not even for the pace: the peer has everything.
void Engine::note_acknowledgement(Instant now) {
  if (!screen_.expects_acknowledgement()) return;
  ngtcp2_conn_stat stat;
  ngtcp2_conn_get_conn_stat(connection_.get(), &stat);
  if (stat.bytes_in_flight == 0 && deadline() > now + kPaceMax) screen_.acknowledged();
}

// A leaky bucket: after a pause, a burst as large as a new connection's window may leave at once (RFC 9002,
// section 7.7). The library by itself would hold back a question that follows the handshake.
void Engine::end_batch(std::size_t bytes, Instant now) {
  ngtcp2_conn_stat stat;
  ngtcp2_conn_get_conn_stat(connection_.get(), &stat);
  // The library's own rate: a quarter more than the window in a round trip.
  const double per_byte = static_cast<double>(stat.smoothed_rtt) / (static_cast<double>(stat.cwnd) * 1.25);
  const auto time_for = [&](std::size_t size) {
    return Duration(static_cast<Duration::rep>(static_cast<double>(size) * per_byte));
  };
  const Duration burst = std::min(time_for(kBurstPackets * stat.max_tx_udp_payload_size), kBurstTimeMax);
  unpaced_ += bytes;
  if (Duration(static_cast<Duration::rep>(stat.smoothed_rtt)) < kPacedFrom) {
    paced_until_ = now;
    return;
  }
  paced_until_ = std::max(paced_until_, now - burst) + time_for(bytes);
  // The library would have itself woken for each batch, even if it is not ahead of the pace by what it
  // tolerates: setting a timer costs more than sending.
  if (paced_until_ <= now + kAheadMax) return;
  ngtcp2_conn_update_pkt_tx_time(connection_.get(), to_library(paced_until_ - time_for(unpaced_)));
  unpaced_ = 0;
}

Engine::Written Engine::write_close(MutableBytes buffer, const CloseReason* reason, Instant now) {
  ngtcp2_connection_close_error close;
  ngtcp2_connection_close_error_default(&close);
  if (reason != nullptr) {
    const auto* text = reinterpret_cast<const std::uint8_t*>(reason->text.data());
    const auto set = reason->by_application ? &ngtcp2_connection_close_error_set_application_error
                                            : &ngtcp2_connection_close_error_set_transport_error;
    set(&close, reason->code, text, reason->text.size());
  } else if (library_error_ == NGTCP2_ERR_CRYPTO) {
    ngtcp2_connection_close_error_set_transport_error_tls_alert(
        &close, ngtcp2_conn_get_tls_alert(connection_.get()), nullptr, 0);
  } else {
    ngtcp2_connection_close_error_set_transport_error_liberr(&close, library_error_, nullptr, 0);
  }
  ngtcp2_path_storage way;
  ngtcp2_path_storage_zero(&way);
  ngtcp2_pkt_info info{};
  const ngtcp2_ssize size = ngtcp2_conn_write_connection_close(
      connection_.get(), &way.path, &info, buffer.data(), buffer.size(), &close, to_library(now));
  Written written;
  if (size <= 0) return written;
  written.status = Written::Status::kPacket;
  written.size = static_cast<std::size_t>(size);
  written.path = from_library(way.path);
  return written;
}

Instant Engine::deadline() const {
  const Instant at = from_library(ngtcp2_conn_get_expiry(connection_.get()));
  // Some of the library's timers are over only after their instant.
  return at > expired_at_ ? at : expired_at_ + kTimerGrain;
}

// A keepalive that is due.
void Engine::probe() {
  probing_ = true;
  ngtcp2_conn_set_keep_alive_timeout(connection_.get(), 1);
}

bool Engine::expire(Instant now) {
  expired_at_ = now;
  const int error = ngtcp2_conn_handle_expiry(connection_.get(), to_library(now));
  return error == 0 || fail(error);
}

// Notes why the connection is over. Returns false.
bool Engine::fail(int library_error) {
  if (failure_) return false;
  library_error_ = library_error;
  failure_ = Errc::kMalformed;
  switch (library_error) {
    case NGTCP2_ERR_DRAINING: {
      ngtcp2_connection_close_error close;
      ngtcp2_conn_get_connection_close_error(connection_.get(), &close);
      peer_reason_ = {.by_application = close.type == NGTCP2_CONNECTION_CLOSE_ERROR_CODE_TYPE_APPLICATION,
                      .code = close.error_code,
                      .text = std::string(as_text(BytesView(close.reason, close.reasonlen)))};
      failure_ = stateless_reset_ ? make_error_code(Errc::kReset) : meaning_of(peer_reason_);
      ended_by_peer_ = true;
      silent_ = true;
      break;
    }
    case NGTCP2_ERR_IDLE_CLOSE:
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
      failure_ = Errc::kTimedOut;
      silent_ = true;
      break;
    case NGTCP2_ERR_CRYPTO: {
      const std::error_code alert = meaning_of_alert(ngtcp2_conn_get_tls_alert(connection_.get()));
      const bool disagreed = alert == Errc::kProtocolNotSupported || alert == Errc::kUnsupported;
      if (disagreed) failure_ = alert;
      if (tls_.verdict()) failure_ = tls_.verdict();
      break;
    }
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
      failure_ = Errc::kUnsupported;
      silent_ = true;
      break;
    case NGTCP2_ERR_RETRY:
      wants_retry_ = true;
      silent_ = true;
      break;
    case NGTCP2_ERR_DROP_CONN: silent_ = true; break;
    case NGTCP2_ERR_INTERNAL: failure_ = Errc::kLimitReached; break;  // a thousand gaps in a stream
    case NGTCP2_ERR_NOMEM:
      failure_ = Errc::kLimitReached;
      silent_ = true;
      break;
    case NGTCP2_ERR_CALLBACK_FAILURE:
      if (screen_.violated()) library_error_ = NGTCP2_ERR_CONNECTION_ID_LIMIT;
      break;
    case NGTCP2_ERR_NO_VIABLE_PATH: failure_ = Errc::kUnreachable; break;
    default: break;
  }
  return false;
}

}  // namespace warren::quic
