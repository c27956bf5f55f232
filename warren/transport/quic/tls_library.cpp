#include "warren/transport/quic/tls_library.hpp"

#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include <array>

#include "warren/transport/quic/quic_integer.hpp"

namespace warren::quic {

namespace {

constexpr std::uint64_t kGreaseQuicBit = 0x2ab2;  // RFC 9287, section 3
constexpr std::size_t kParametersMax = 512;

ngtcp2_crypto_level level_of(gnutls_record_encryption_level_t level) {
  return ngtcp2_crypto_gnutls_from_gnutls_record_encryption_level(level);
}

int on_secrets(gnutls_session_t session, gnutls_record_encryption_level_t level, const void* receiving,
               const void* sending, std::size_t size) {
  ngtcp2_conn* connection = connection_of(session);
  const auto install = [&](auto function, const void* secret) {
    return secret == nullptr || function(connection, nullptr, nullptr, nullptr, level_of(level),
                                         static_cast<const std::uint8_t*>(secret), size) == 0;
  };
  const bool done = install(&ngtcp2_crypto_derive_and_install_rx_key, receiving) &&
                    install(&ngtcp2_crypto_derive_and_install_tx_key, sending);
  return done ? 0 : -1;
}

int on_handshake_message(gnutls_session_t session, gnutls_record_encryption_level_t level,
                         gnutls_handshake_description_t type, const void* data, std::size_t size) {
  if (type == GNUTLS_HANDSHAKE_CHANGE_CIPHER_SPEC) return 0;  // of TLS over TCP
  ngtcp2_conn* connection = connection_of(session);
  const int error = ngtcp2_conn_submit_crypto_data(connection, level_of(level),
                                                   static_cast<const std::uint8_t*>(data), size);
  if (error != 0) ngtcp2_conn_set_tls_error(connection, error);
  return error == 0 ? 0 : -1;
}

int on_alert(gnutls_session_t session, gnutls_record_encryption_level_t, gnutls_alert_level_t,
             gnutls_alert_description_t alert) {
  ngtcp2_conn_set_tls_alert(connection_of(session), static_cast<std::uint8_t>(alert));
  return 0;
}

int on_parameters(gnutls_session_t session, const unsigned char* data, std::size_t size) {
  ngtcp2_conn* connection = connection_of(session);
  const int error = ngtcp2_conn_decode_remote_transport_params(connection, data, size);
  if (error != 0) ngtcp2_conn_set_tls_error(connection, error);
  return error == 0 ? 0 : -1;
}

int send_parameters(gnutls_session_t session, gnutls_buffer_t to) {
  std::array<std::uint8_t, kParametersMax> buffer;
  const ngtcp2_ssize size =
      ngtcp2_conn_encode_local_transport_params(connection_of(session), buffer.data(), buffer.size());
  if (size < 0) return -1;
  const Bytes parameters = without_grease(BytesView(buffer).first(static_cast<std::size_t>(size)));
  return gnutls_buffer_append_data(to, parameters.data(), parameters.size()) == 0 ? 0 : -1;
}

}  // namespace

Bytes without_grease(BytesView parameters) {
  Bytes result;
  Reader reader(parameters);
  while (reader.ok() && reader.remaining() > 0) {
    const BytesView from_here = parameters.last(reader.remaining());
    const std::uint64_t id = read_integer(reader);
    reader.bytes(read_integer(reader));
    const BytesView parameter = from_here.first(from_here.size() - reader.remaining());
    if (reader.ok() && id != kGreaseQuicBit) append(result, parameter);
  }
  return result;
}

bool join_libraries(gnutls_session_t session) {
  gnutls_handshake_set_secret_function(session, &on_secrets);
  gnutls_handshake_set_read_function(session, &on_handshake_message);
  gnutls_alert_set_read_function(session, &on_alert);
  return gnutls_session_ext_register(
             session, "QUIC Transport Parameters", NGTCP2_TLSEXT_QUIC_TRANSPORT_PARAMETERS_V1, GNUTLS_EXT_TLS,
             &on_parameters, &send_parameters, nullptr, nullptr, nullptr,
             GNUTLS_EXT_FLAG_TLS | GNUTLS_EXT_FLAG_CLIENT_HELLO | GNUTLS_EXT_FLAG_EE) == 0;
}

}  // namespace warren::quic
