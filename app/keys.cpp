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

PrivateKey load(const std::filesystem::path& path, KeyType type) {
  Result<PrivateKey> key = load_key_file(path, "");
  if (!key) {
    const char* advice = key.error() == Errc::kDecryptFailed
                             ? "it is encrypted; write it without a passphrase (`openssl pkey`)"
                             : "restore it from a backup";
    throw Failure(ExitStatus::kFailed,
                  fmt::format("{}: {}; {}", path.string(), key.error().message(), advice));
  }
  if (key->type() != type) {
    throw Failure(ExitStatus::kFailed,
                  fmt::format("{} holds a key of type {}, not {}; restore it from a backup", path.string(),
                              name_of(key->type()), name_of(type)));
  }
  if (key_file_is_exposed(path)) {
    log::warning("keys", fmt::format("others can read {}; `chmod 600` it", path.string()));
  }
  return std::move(*key);
}

}  // namespace

Keys create_keys(const DataDir& dir) {
  const RandomFill random = system_random();
  Keys keys{Sm2PrivateKey::generate(random), PrivateKey::generate(KeyType::kEd25519, random)};
  // The file takes a PrivateKey; the Sm2PrivateKey is needed afterwards and has no copy.
  auto node = value_or_throw(Sm2PrivateKey::from_scalar(keys.node.scalar().view()));
  save(dir.node_key(), PrivateKey::from_sm2(std::move(node)), random);
  save(dir.peer_key(), keys.peer, random);
  return keys;
}

Keys load_keys(const DataDir& dir) {
  const PrivateKey node = load(dir.node_key(), KeyType::kSm2);
  return {value_or_throw(Sm2PrivateKey::from_scalar(node.sm2()->scalar().view())),
          load(dir.peer_key(), KeyType::kEd25519)};
}

}  // namespace warren::app
