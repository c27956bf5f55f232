// TLS as the web has it, for secure WebSockets: the server shows a certificate that an authority vouches for,
// the client is nobody. Who the peer is, is found out on top of it.
#pragma once

#include "warren/security/tls/certificate_files.hpp"
#include "warren/security/tls/record_pipe.hpp"

namespace warren::tls {

// One end, before and after its handshake. As RecordPipe; shake_hands() comes before anything else.
class WebPipe final : public ByteStream {
 public:
  // `verdict` is where `ssl` notes why the server is not liked.
  WebPipe(StreamPtr pipe, SslPtr ssl, std::unique_ptr<std::error_code> verdict, BufferPool pool,
          Clock& clock);

  // Throws, on the client's side: kUntrustedCertificate (no authority that is known here vouches for it, or
  // it is not for servers), kWrongServerName, kNotValidNow; on both, what tls::shake_hands() does. The pipe
  // is reset then, and when it is canceled.
  Task<void> shake_hands();

  Task<std::size_t> read_some(MutableBytes to) override { return pipe_.read_some(to); }
  Task<void> write(BytesView bytes) override { return pipe_.write(bytes); }
  Task<void> close_write() override { return pipe_.close_write(); }
  void reset() override { pipe_.reset(); }

 private:
  std::unique_ptr<std::error_code> verdict_;
  RecordPipe pipe_;
  Clock& clock_;
};

class WebServer {
 public:
  WebServer(CertificateFiles files, Clock& clock);

  // Reads the files if they are not those that were read last, so that a renewed certificate serves from the
  // next connection on. kBadConfig: they can't be read, or do not belong together; the log says which. The
  // ones that were good before stay then.
  Result<> refresh();

  // The server's end of a pipe. Precondition: refresh() has succeeded once.
  std::unique_ptr<WebPipe> secure(StreamPtr pipe);

 private:
  using Stamp = std::array<std::filesystem::file_time_type, 2>;

  CertificateFiles files_;
  Stamp stamp_;
  Clock& clock_;
  SslContextPtr context_;
  BufferPool pool_;
};

class WebClient {
 public:
  // Trusts the machine's authorities, and those in these PEM files.
  WebClient(std::vector<std::filesystem::path> authorities, Clock& clock);

  // The client's end of a pipe to `host`, a DNS name or an IP address, which the certificate must be for.
  // kBadConfig: a file of authorities can't be read; the log says which. kBadAddress: no host's name.
  Result<std::unique_ptr<WebPipe>> secure(StreamPtr pipe, const std::string& host);

 private:
  std::vector<std::filesystem::path> authorities_;
  Clock& clock_;
  SslContextPtr context_;  // made with the first pipe: not everybody needs it
  BufferPool pool_;
};

}  // namespace warren::tls
