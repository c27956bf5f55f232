#include "app/keys.hpp"

#include <fmt/format.h>

#include "app/exit_status.hpp"
#include "warren/base/log.hpp"
#include "warren/crypto/key_file.hpp"
#include "warren/crypto/random.hpp"

namespace warren::app {
namespace {

void save(const std::filesystem::path& path, const PrivateKey& key, const RandomFill& random) {
  const Result<> saved = save_key_file(path, key, "", random);
  if (saved) return;
  throw Failure(ExitStatus::kFailed,
                fmt::format("{}: {}; give another --data-dir", path.string(), saved.error().message()));
}

PrivateKey load(const std::filesystem::path& path) {
  Result<PrivateKey> key = load_key_file(path, "");
  if (!key) {
    const char* advice = key.error() == Errc::kDecryptFailed
                             ? "it is encrypted; write it without a passphrase (`openssl pkey`)"
                             : "restore it from a backup";
    throw Failure(ExitStatus::kFailed,
                  fmt::format("{}: {}; {}", path.string(), key.error().message(), advice));
  }
  if (key_file_is_exposed(path)) {
    log::warning("keys", fmt::format("others can read {}; `chmod 600` it", path.string()));
  }
  return std::move(*key);
}

[[noreturn]] void refuse_type(const std::filesystem::path& path, const PrivateKey& key, const char* wanted) {
  throw Failure(ExitStatus::kFailed,
                fmt::format("{} holds a key of type {}, not {}; restore it from a backup", path.string(),
                            name_of(key.type()), wanted));
}

Sm2PrivateKey copy_of(const Sm2PrivateKey& key) {
  return value_or_throw(Sm2PrivateKey::from_scalar(key.scalar().view()));
}

}  // namespace

Keys create_keys(const DataDir& dir, IdentityMode mode) {
  const RandomFill random = system_random();
  Keys keys{Sm2PrivateKey::generate(random), std::nullopt};
  save(dir.node_key(), PrivateKey::from_sm2(copy_of(keys.node)), random);
  if (mode == IdentityMode::kBound) {
    keys.peer = PrivateKey::generate(KeyType::kEd25519, random);
    save(dir.peer_key(), *keys.peer, random);
  }
  return keys;
}

Keys load_keys(const DataDir& dir, IdentityMode mode) {
  const PrivateKey node = load(dir.node_key());
  if (node.sm2() == nullptr) refuse_type(dir.node_key(), node, "SM2");
  Keys keys{copy_of(*node.sm2()), std::nullopt};
  if (mode == IdentityMode::kBound) {
    keys.peer = load(dir.peer_key());
    if (keys.peer->sm2() != nullptr) refuse_type(dir.peer_key(), *keys.peer, "Ed25519");
  }
  return keys;
}

}  // namespace warren::app
