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

Result<Bytes> argument(const std::string& text) {
  return text == "-" ? Result<Bytes>(Bytes()) : from_hex(text);
}

Result<Sm2PublicKey> public_key(const Bytes& point) {
  return point.size() == kSm2KeySize ? Sm2PublicKey::from_compressed(point)
                                     : Sm2PublicKey::from_uncompressed(point);
}

std::string verify(const Bytes& point, const Bytes& message, const Bytes& signature) {
  const auto key = public_key(point);
  if (!key) return "error";
  return key->verify(message, signature) ? "ok" : "bad";
}

std::string verify_der(const Bytes& point, const Bytes& message, const Bytes& signature) {
  const auto key = public_key(point);
  if (!key) return "error";
  return PublicKey::from_sm2(*key).verify(message, signature) ? "ok" : "bad";
}

std::string sign(const Bytes& d, const Bytes& message) {
  const auto key = Sm2PrivateKey::from_scalar(d);
  if (!key) return "error";
  const Sm2Signature signature = key->sign(message);
  std::ostringstream answer;
  answer << to_hex(key->public_key().compressed()) << ' ' << to_hex(signature) << ' '
         << to_hex(ec_signature_to_der(signature)) << ' ' << NodeId(key->public_key()).to_string() << ' '
         << PeerId::from_public_key(PublicKey::from_sm2(key->public_key())).to_string();
  return answer.str();
}

std::string answer(const std::string& line) {
  std::istringstream words(line);
  std::string command, first, second, third;
  words >> command >> first >> second >> third;
  const auto a = argument(first);
  const auto b = argument(second);
  const auto c = argument(third);
  if (!a || !b || !c) return "error";
  if (command == "verify") return verify(*a, *b, *c);
  if (command == "verify-der") return verify_der(*a, *b, *c);
  if (command == "sign") return sign(*a, *b);
  return "error";
}

}  // namespace
}  // namespace warren

int main() {
  for (std::string line; std::getline(std::cin, line);) std::cout << warren::answer(line) << std::endl;
}
