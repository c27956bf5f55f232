// Cross-checks SM2 with another implementation, line by line: reads questions on standard input, answers on
// standard output. Plain SM2 with the user ID 1234567812345678, no domain.
//
//   verify <public key, 33 or 65 bytes> <message> <r||s>   ->  ok | bad
//   verify-der <public key> <message> <DER signature>      ->  ok | bad
//   sign <d> <message>  ->  <public key, 33 bytes> <r||s> <DER> <NodeID> <PeerID of key type 0x40>
//
// Everything but the IDs is hexadecimal, `-` is an empty message. A line that is not understood is answered
// with `error`.
#include <iostream>
#include <sstream>
#include <string>

#include "warren/crypto/node_id.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/crypto/sm2.hpp"

namespace warren {
namespace {

Bytes argument(const std::string& text) {
  return text == "-" ? Bytes() : value_or_throw(from_hex(text), text);
}

Sm2PublicKey public_key(const Bytes& point) {
  return value_or_throw(point.size() == kSm2KeySize ? Sm2PublicKey::from_compressed(point)
                                                    : Sm2PublicKey::from_uncompressed(point));
}

std::string verify(const Bytes& point, const Bytes& message, const Bytes& signature) {
  return public_key(point).verify(message, signature) ? "ok" : "bad";
}

std::string verify_der(const Bytes& point, const Bytes& message, const Bytes& signature) {
  return PublicKey::from_sm2(public_key(point)).verify(message, signature) ? "ok" : "bad";
}

std::string sign(const Bytes& d, const Bytes& message) {
  const Sm2PrivateKey key = value_or_throw(Sm2PrivateKey::from_scalar(d));
  const Sm2Signature signature = key.sign(message);
  std::ostringstream answer;
  answer << to_hex(key.public_key().compressed()) << ' ' << to_hex(signature) << ' '
         << to_hex(sm2_signature_to_der(signature)) << ' ' << NodeId(key.public_key()).to_string() << ' '
         << PeerId::from_public_key(PublicKey::from_sm2(key.public_key())).to_string();
  return answer.str();
}

std::string answer(const std::string& line) {
  std::istringstream words(line);
  std::string command, a, b, c;
  words >> command >> a >> b >> c;
  if (command == "verify") return verify(argument(a), argument(b), argument(c));
  if (command == "verify-der") return verify_der(argument(a), argument(b), argument(c));
  if (command == "sign") return sign(argument(a), argument(b));
  return "error";
}

}  // namespace
}  // namespace warren

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    try {
      std::cout << warren::answer(line) << std::endl;
    } catch (const std::system_error&) {
      std::cout << "error" << std::endl;
    }
  }
}
