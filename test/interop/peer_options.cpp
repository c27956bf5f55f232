#include "test/interop/peer_options.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace warren::interop {

const std::string_view kUsage =
    "usage:\n"
    "  warren_peer listen [--addr MULTIADDR] [--security SECURITY] [--key-type TYPE] [--psk KEYFILE]\n"
    "                     [--certificates FOLDER] [--retry] [--seconds N] [--timeout N]\n"
    "  warren_peer dial MULTIADDR [--identify] [--ping N] [--echo-streams N --echo-bytes B] [--hold]\n"
    "                             [--addr MULTIADDR|none] [--security SECURITY] [--key-type TYPE]\n"
    "                             [--psk KEYFILE] [--certificates FOLDER] [--retry]\n"
    "                             [--seconds N] [--timeout N]\n"
    "SECURITY is noise, tls, or both (Noise first), which is the default;\n"
    "TYPE is ed25519 (the default), secp256k1, ecdsa, rsa or sm2, and the PeerID of such a new key;\n"
    "KEYFILE makes the peer a member of the private network with that pre-shared key;\n"
    "FOLDER has chain.pem and key.pem for its own wss addresses, and ca.pem that those of others end at;\n"
    "with --retry, who dials over QUIC has to show its address first\n";

namespace {

constexpr std::pair<std::string_view, KeyType> kKeyTypes[] = {{"ed25519", KeyType::kEd25519},
                                                              {"secp256k1", KeyType::kSecp256k1},
                                                              {"ecdsa", KeyType::kEcdsa},
                                                              {"rsa", KeyType::kRsa},
                                                              {"sm2", KeyType::kSm2}};

// Goes through the words of the command line.
class OptionReader {
 public:
  explicit OptionReader(std::vector<std::string> words) : words_(std::move(words)) {}

  // Nothing when the words mean nothing.
  std::optional<Options> read() {
    const auto command = next();
    if (command != "listen" && command != "dial") return std::nullopt;
    options_.dial = command == "dial";
    if (options_.dial) read_target();
    while (const auto word = next()) read_flag(*word);
    return ok_ ? std::optional(options_) : std::nullopt;
  }

 private:
  std::optional<std::string> next() {
    return at_ < words_.size() ? std::optional(words_[at_++]) : std::nullopt;
  }

  void read_target() {
    auto target = Target::parse(next().value_or(""));
    ok_ = target.has_value() && target->info() != nullptr;
    if (ok_) options_.target = std::move(*target);
  }

  std::uint64_t number() {
    const auto number = parse_number(next().value_or(""));
    ok_ = ok_ && number.has_value();
    return number.value_or(0);
  }

  Duration seconds() {
    const std::uint64_t count = number();
    ok_ = ok_ && count > 0 && count < 1'000'000;
    return std::chrono::seconds(count);
  }

  void read_address() {
    const std::string text = next().value_or("");
    options_.address.reset();
    if (text == "none" && options_.dial) return;
    auto address = Multiaddr::parse(text);
    ok_ = ok_ && address.has_value();
    if (address) options_.address = std::move(*address);
  }

  void read_security() {
    const std::string name = next().value_or("");
    if (name == "noise") {
      options_.securities = {"/noise"};
    } else if (name == "tls") {
      options_.securities = {"/tls/1.0.0"};
    } else {
      ok_ = ok_ && name == "both";
    }
  }

  void read_key_type() {
    const std::string name = next().value_or("");
    const auto found = std::ranges::find(kKeyTypes, name, &std::pair<std::string_view, KeyType>::first);
    ok_ = ok_ && found != std::end(kKeyTypes);
    if (ok_) options_.key_type = found->second;
  }

  void read_pre_shared_key() {
    std::ifstream file(next().value_or(""), std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    const auto key = pnet::parse_key_file(text.str());
    ok_ = ok_ && key.has_value();
    if (key) options_.pre_shared_key = *key;
  }

  void read_flag(const std::string& flag) {
    if (flag == "--addr") {
      read_address();
    } else if (flag == "--security") {
      read_security();
    } else if (flag == "--key-type") {
      read_key_type();
    } else if (flag == "--psk") {
      read_pre_shared_key();
    } else if (flag == "--certificates") {
      options_.certificates = next();
      ok_ = ok_ && options_.certificates.has_value();
    } else if (flag == "--retry") {
      options_.retry = true;
    } else if (flag == "--seconds") {
      options_.whole_limit = seconds();
    } else if (flag == "--timeout") {
      options_.step_limit = seconds();
    } else if (!options_.dial) {
      ok_ = false;
    } else if (flag == "--identify") {
      options_.identify = true;
    } else if (flag == "--hold") {
      options_.hold = true;
    } else if (flag == "--ping") {
      options_.pings = number();
    } else if (flag == "--echo-streams") {
      options_.echo_streams = number();
    } else if (flag == "--echo-bytes") {
      options_.echo_bytes = number();
    } else {
      ok_ = false;
    }
  }

  std::vector<std::string> words_;
  std::size_t at_ = 0;
  bool ok_ = true;
  Options options_;
};

}  // namespace

std::optional<Options> read_options(std::vector<std::string> words) {
  return OptionReader(std::move(words)).read();
}

}  // namespace warren::interop
