// What secure WebSockets need from outside.
#pragma once

#include <optional>
#include <vector>

#include "warren/security/tls/certificate_files.hpp"

namespace warren::websocket {

struct WebsocketConfig {
  // The server's certificate. The files are looked at when a connection comes, so that a renewed certificate
  // needs no restart. Without it, only /ws can be listened on.
  std::optional<tls::CertificateFiles> tls;
  // PEM files with authorities to trust besides the machine's, as a client.
  std::vector<std::filesystem::path> authorities;
};

}  // namespace warren::websocket
