// Handshakes that must not succeed: attacks.md's rows of keys.
#pragma once

#include "test/attacks/raw_peer.hpp"

namespace warren::attacks {

struct Answer {
  bool refused = false;  // the victim hung up on what we said of ourselves; else it went on to talk
  Duration after{};      // from our last message on
};

// The handshake of this name; kNotFound when there is none. These are
//   noise_good, tls_good          nothing is wrong with them
//   noise_rsa                     an identity key of RSA with 16,384 bits
//   noise_signature               the static key's signature with a bit changed
//   noise_stranger                another peer's identity key, which did not sign
//   tls_rsa                       such an RSA key as the host key in the certificate
//   tls_rsa_certificate           such an RSA key as the certificate's own
//   tls_signature, tls_stranger   as with Noise, in the certificate's extension
Task<Answer> shake_hands(Env& env, Victim victim, std::string name);

}  // namespace warren::attacks
