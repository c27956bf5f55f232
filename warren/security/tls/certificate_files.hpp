// Where a server's certificate is.
#pragma once

#include <filesystem>

namespace warren::tls {

// Two PEM files: the certificate with those between it and the authority, and its private key.
struct CertificateFiles {
  std::filesystem::path chain;
  std::filesystem::path key;
};

}  // namespace warren::tls
