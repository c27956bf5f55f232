#include "warren/transport/quic/engine_callbacks.hpp"

#include <utility>

#include "warren/transport/quic/engine.hpp"
#include "warren/transport/quic/socket_address.hpp"

namespace warren::quic {

namespace {

thread_local FrameScreen* current_screen = nullptr;

int decrypt(std::uint8_t* to, const ngtcp2_crypto_aead* aead, const ngtcp2_crypto_aead_ctx* context,
            const std::uint8_t* from, std::size_t size, const std::uint8_t* nonce, std::size_t nonce_size,
            const std::uint8_t* header, std::size_t header_size) {
  const int error =
      ngtcp2_crypto_decrypt_cb(to, aead, context, from, size, nonce, nonce_size, header, header_size);
  if (error != 0 || current_screen == nullptr || size < aead->max_overhead) return error;
  return current_screen->inspect({to, size - aead->max_overhead}) ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
}

}  // namespace

ScreenScope::ScreenScope(FrameScreen& screen) : outer_(std::exchange(current_screen, &screen)) {}

ScreenScope::~ScreenScope() {
  current_screen = outer_;
}

struct Callbacks {
  static Engine& engine(void* user) { return *static_cast<Engine*>(user); }
  static StreamState& stream(void* attached) { return *static_cast<StreamState*>(attached); }

  static void fill(std::uint8_t* to, std::size_t size, const ngtcp2_rand_ctx* context) {
    static_cast<Random*>(context->native_handle)->fill({to, size});
  }

  static int path_challenge(ngtcp2_conn*, std::uint8_t* to, void* user) {
    engine(user).random_.fill({to, NGTCP2_PATH_CHALLENGE_DATALEN});
    return 0;
  }

  static int path_validated(ngtcp2_conn*, std::uint32_t, const ngtcp2_path*,
                            ngtcp2_path_validation_result result, void* user) {
    Engine& self = engine(user);
    self.moved_from_.reset();
    if (result != NGTCP2_PATH_VALIDATION_RESULT_SUCCESS) self.moving_until_ = Instant::min();
    return 0;
  }

  static int handshake_message(ngtcp2_conn* connection, ngtcp2_crypto_level level, std::uint64_t offset,
                               const std::uint8_t* data, std::size_t size, void* user) {
    if (engine(user).tls_.handle() == nullptr) return 0;  // a ticket
    return ngtcp2_crypto_recv_crypto_data_cb(connection, level, offset, data, size, user);
  }

  static int handshake_completed(ngtcp2_conn*, void* user) {
    engine(user).events_.on_handshake_completed();
    return 0;
  }

  static int stream_opened(ngtcp2_conn*, std::int64_t id, void* user) {
    engine(user).events_.on_stream_opened(id);
    return 0;
  }

  static int stream_data(ngtcp2_conn*, std::uint32_t flags, std::int64_t, std::uint64_t,
                         const std::uint8_t* data, std::size_t size, void* user, void* attached) {
    if (attached == nullptr) return 0;
    const bool fin = (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0;
    engine(user).events_.on_stream_data(stream(attached), BytesView(data, size), fin);
    return 0;
  }

  static int stream_acknowledged(ngtcp2_conn*, std::int64_t, std::uint64_t offset, std::uint64_t size,
                                 void* user, void* attached) {
    if (attached != nullptr) engine(user).events_.on_stream_acknowledged(stream(attached), offset + size);
    return 0;
  }

  static int stream_reset(ngtcp2_conn*, std::int64_t, std::uint64_t, std::uint64_t code, void* user,
                          void* attached) {
    if (attached != nullptr) engine(user).events_.on_stream_reset(stream(attached), code);
    return 0;
  }

  static int stream_window(ngtcp2_conn*, std::int64_t, std::uint64_t, void* user, void* attached) {
    if (attached != nullptr) engine(user).events_.on_stream_window(stream(attached));
    return 0;
  }

  static int stream_closed(ngtcp2_conn*, std::uint32_t, std::int64_t, std::uint64_t, void* user,
                           void* attached) {
    if (attached != nullptr) engine(user).events_.on_stream_closed(stream(attached));
    return 0;
  }

  static int stateless_reset(ngtcp2_conn*, const ngtcp2_pkt_stateless_reset*, void* user) {
    engine(user).stateless_reset_ = true;
    return 0;
  }

  static int new_connection_id(ngtcp2_conn*, ngtcp2_cid* id, std::uint8_t* token, std::size_t size,
                               void* user) {
    Engine& self = engine(user);
    std::array<std::uint8_t, ConnectionId::kSizeMax> bytes;
    const MutableBytes chosen = MutableBytes(bytes).first(size);
    self.random_.fill(chosen);
    ngtcp2_cid_init(id, chosen.data(), chosen.size());
    make_reset_token(token, self.reset_secret_, *id);
    self.events_.on_connection_id(ConnectionId::from(chosen));
    return 0;
  }

  static int connection_id_retired(ngtcp2_conn*, const ngtcp2_cid* id, void* user) {
    engine(user).events_.on_connection_id_retired(from_library(*id));
    return 0;
  }

  static int token(ngtcp2_conn*, const ngtcp2_vec* token, void* user) {
    engine(user).events_.on_token(BytesView(token->base, token->len));
    return 0;
  }

  static void write_qlog(void* user, const void* data, std::size_t size) {
    engine(user).qlog_(BytesView(static_cast<const std::uint8_t*>(data), size));
  }
};

void qlog_callback(void* engine, std::uint32_t, const void* data, std::size_t size) {
  Callbacks::write_qlog(engine, data, size);
}

void make_reset_token(std::uint8_t* token, BytesView secret, const ngtcp2_cid& id) {
  const bool made =
      ngtcp2_crypto_generate_stateless_reset_token(token, secret.data(), secret.size(), &id) == 0;
  WARREN_ASSERT(made);
}

ngtcp2_callbacks engine_callbacks(Side side) {
  ngtcp2_callbacks callbacks{};
  if (side == Side::kInitiator) {
    callbacks.client_initial = &ngtcp2_crypto_client_initial_cb;
    callbacks.recv_new_token = &Callbacks::token;
    callbacks.recv_retry = &ngtcp2_crypto_recv_retry_cb;
  } else {
    callbacks.recv_client_initial = &ngtcp2_crypto_recv_client_initial_cb;
  }
  callbacks.recv_crypto_data = &Callbacks::handshake_message;
  callbacks.encrypt = &ngtcp2_crypto_encrypt_cb;
  callbacks.decrypt = &decrypt;
  callbacks.hp_mask = &ngtcp2_crypto_hp_mask_cb;
  callbacks.update_key = &ngtcp2_crypto_update_key_cb;
  callbacks.delete_crypto_aead_ctx = &ngtcp2_crypto_delete_crypto_aead_ctx_cb;
  callbacks.delete_crypto_cipher_ctx = &ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
  callbacks.version_negotiation = &ngtcp2_crypto_version_negotiation_cb;
  callbacks.rand = &Callbacks::fill;
  callbacks.get_path_challenge_data = &Callbacks::path_challenge;
  callbacks.path_validation = &Callbacks::path_validated;
  callbacks.handshake_completed = &Callbacks::handshake_completed;
  callbacks.stream_open = &Callbacks::stream_opened;
  callbacks.recv_stream_data = &Callbacks::stream_data;
  callbacks.acked_stream_data_offset = &Callbacks::stream_acknowledged;
  callbacks.stream_reset = &Callbacks::stream_reset;
  callbacks.extend_max_stream_data = &Callbacks::stream_window;
  callbacks.stream_close = &Callbacks::stream_closed;
  callbacks.recv_stateless_reset = &Callbacks::stateless_reset;
  callbacks.get_new_connection_id = &Callbacks::new_connection_id;
  callbacks.remove_connection_id = &Callbacks::connection_id_retired;
  return callbacks;
}

}  // namespace warren::quic
