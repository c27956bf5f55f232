// Keys as PEM, and in files.
#include "warren/crypto/key_file.hpp"

#include <doctest/doctest.h>
#include <openssl/ui.h>
#include <sys/stat.h>

#include <fstream>

#include "warren/crypto/pem.hpp"
#include "warren/crypto/testing.hpp"

using namespace warren;
using testing::hex;
namespace fs = std::filesystem;

namespace {

// The key of GB/T 32918.5 A.2 as `openssl genpkey -algorithm SM2` writes keys.
constexpr std::string_view kSm2Pem = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQgOUUgj3shRLE/NuOK
xtOflYiTk2koYLUaQvuB7033xbihRANCAAQJ+d8xHlQhoVDdfRYeS8XGchefrRgz
/AdrsI/zVvNQIMzqSQziZ3WlLcbqcYzBqmAK7QX7814ISmYy9gctqa0T
-----END PRIVATE KEY-----
)";

// The same, from `openssl pkcs8 -topk8 -scrypt -passout pass:secret`.
constexpr std::string_view kEncryptedPem = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHkME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAhkz003BF/plAICQAAC
AQgCAQEwHQYJYIZIAWUDBAEqBBCosNhcCek2WqB4cidtjeZqBIGQxnBPGvU7dhkg
0In3mzM293YZl19LsyspFPRA8+kEw3bDfSS54vDYOOMWF0jUbEycNkqVWIHrDePo
D0gXKdx3X/oY6MNpALBL5qf2/eLJmjMF34cjp35y5QjxhkQ4WKgeqoDmnRB0N634
FwmUneBtqwMERiWnFXEnPeVskXaa97cZTPaHGoY27cdLF6gkqTE1
-----END ENCRYPTED PRIVATE KEY-----
)";

// The same, from `openssl ec`.
constexpr std::string_view kTraditionalPem = R"(-----BEGIN SM2 PRIVATE KEY-----
MHcCAQEEIDlFII97IUSxPzbjisbTn5WIk5NpKGC1GkL7ge9N98W4oAoGCCqBHM9V
AYItoUQDQgAECfnfMR5UIaFQ3X0WHkvFxnIXn60YM/wHa7CP81bzUCDM6kkM4md1
pS3G6nGMwapgCu0F+/NeCEpmMvYHLamtEw==
-----END SM2 PRIVATE KEY-----
)";

constexpr std::string_view kPublicPem = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAECfnfMR5UIaFQ3X0WHkvFxnIXn60Y
M/wHa7CP81bzUCDM6kkM4md1pS3G6nGMwapgCu0F+/NeCEpmMvYHLamtEw==
-----END PUBLIC KEY-----
)";

// `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`
constexpr std::string_view kP256Pem = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgdtOH/SJt/RadTZnk
TmNgDbOophle7c4Wl3nxDUMZkBihRANCAASNhJ4WWgZULoJAvG0+YI/XQcuDM5xE
Nl2KcilCbV6CxmVv590cVhElphR0ZkzBbIRpXTkWW2PVhrlZdnQl+/O+
-----END PRIVATE KEY-----
)";

// RFC 8410 section 10.3
constexpr std::string_view kEd25519Pem = R"(-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
)";

Sm2PublicKey standard_key() {
  return *Sm2PublicKey::from_compressed(hex("03" + std::string(testing::kStandardX)));
}

PrivateKey standard_private() {
  return PrivateKey::from_sm2(std::move(*Sm2PrivateKey::from_scalar(hex(testing::kStandardD))));
}

std::string to_pem(const PrivateKey& key, std::string_view passphrase) {
  return to_text(private_key_to_pem(key, passphrase, testing::seeded(1)).view());
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string result(text);
  return result.replace(result.find(from), from.size(), to);
}

// A folder of its own, gone at the end.
struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "warren-keys-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path), {}));
  }

  fs::path path;
};

void write_file(const fs::path& path, std::string_view text) {
  std::ofstream(path) << text;
}

}  // namespace

TEST_CASE("PEM: what the openssl program writes loads") {
  for (const auto& [pem, passphrase] :
       {std::pair{kSm2Pem, ""}, {kSm2Pem, "not needed"}, {kEncryptedPem, "secret"}, {kTraditionalPem, ""}}) {
    const auto key = private_key_from_pem(pem, passphrase);
    REQUIRE(key);
    CHECK(key->type() == KeyType::kSm2);
    CHECK(*key->public_key().sm2() == standard_key());
    CHECK(to_hex(key->secret().view()) == testing::kStandardD);
    CHECK(key->public_key().verify(as_bytes("m"), key->sign(as_bytes("m"))));
  }
  const auto ed25519 = private_key_from_pem(kEd25519Pem, "");
  REQUIRE(ed25519);
  CHECK(to_hex(ed25519->public_key().raw()) ==
        "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
  CHECK(*sm2_public_key_from_pem(kPublicPem) == standard_key());
}

TEST_CASE("PEM: we write what openssl writes") {
  CHECK(to_pem(standard_private(), "") == kSm2Pem);
  CHECK(to_pem(*private_key_from_pem(kEd25519Pem, ""), "") == kEd25519Pem);
  CHECK(sm2_public_key_to_pem(standard_key()) == kPublicPem);
}

TEST_CASE("PEM: encrypted, it opens with its passphrase only") {
  for (const auto type : {KeyType::kSm2, KeyType::kEd25519}) {
    const auto key = PrivateKey::generate(type, testing::seeded(5));
    const std::string pem = to_pem(key, "correct horse");
    CHECK(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    CHECK(private_key_from_pem(pem, "correct horse")->public_key() == key.public_key());
    for (const std::string_view wrong : {"", "correct hors", "correct horse "}) {
      CHECK(private_key_from_pem(pem, wrong).error() == Errc::kDecryptFailed);
    }
    CHECK(private_key_from_pem(pem, std::string(5000, 'x')).error() == Errc::kDecryptFailed);
  }
}

TEST_CASE("PEM: what is no key of ours") {
  CHECK(private_key_from_pem(kP256Pem, "").error() == Errc::kUnknownKeyType);
  CHECK(private_key_from_pem("", "").error() == Errc::kBadKey);
  CHECK(private_key_from_pem("hello", "").error() == Errc::kBadKey);
  CHECK(private_key_from_pem(kPublicPem, "").error() == Errc::kBadKey);
  CHECK(private_key_from_pem(kSm2Pem.substr(0, 150), "").error() == Errc::kBadKey);
  CHECK(private_key_from_pem(std::string(kPemSizeMax + 1, 'a'), "").error() == Errc::kTooLarge);
  // d changed, the public key left as it was.
  CHECK(private_key_from_pem(replaced(kSm2Pem, "AQQgOUUg", "AQQgOUUh"), "").error() == Errc::kBadKey);
  CHECK(sm2_public_key_from_pem(kSm2Pem).error() == Errc::kBadKey);
  CHECK(sm2_public_key_from_pem("").error() == Errc::kBadKey);
  CHECK(sm2_public_key_from_pem(replaced(kPublicPem, "DQgAECfnf", "DQgAECfnE")).error() == Errc::kBadKey);
}

bool asked_on_terminal = false;

TEST_CASE("PEM: nobody is asked for a passphrase on the terminal") {
  UI_METHOD* const spy = UI_create_method("spy");
  const auto note = [](UI*) {
    asked_on_terminal = true;
    return 0;
  };
  UI_method_set_opener(spy, note);
  UI_set_default_method(spy);
  const std::string_view header =
      "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00000000000000000000000000000000\n\n";
  for (const std::string_view plain : {kPublicPem, kSm2Pem, kTraditionalPem}) {
    std::string pem(plain);
    pem.insert(pem.find('\n') + 1, header);
    CHECK_FALSE(sm2_public_key_from_pem(pem).has_value());
    CHECK_FALSE(private_key_from_pem(pem, "").has_value());
  }
  CHECK_FALSE(sm2_public_key_from_pem(kEncryptedPem).has_value());
  CHECK(private_key_from_pem(kEncryptedPem, "").error() == Errc::kDecryptFailed);
  CHECK_FALSE(asked_on_terminal);
  UI_set_default_method(UI_OpenSSL());
  UI_destroy_method(spy);
}

TEST_CASE("key file: saved and loaded, with and without a passphrase") {
  const Folder folder;
  const fs::path path = folder.path / "node.key";
  for (const std::string_view passphrase : {"", "secret"}) {
    for (const auto type : {KeyType::kSm2, KeyType::kEd25519}) {
      const auto key = PrivateKey::generate(type, testing::seeded(6));
      REQUIRE(save_key_file(path, key, passphrase, system_random()));
      CHECK(load_key_file(path, passphrase)->public_key() == key.public_key());
      CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
      CHECK_FALSE(key_file_is_exposed(path));
      CHECK(folder.files() == 1);  // no temporary file is left
      fs::remove(path);
    }
  }
}

TEST_CASE("key file: nothing is ever overwritten") {
  const Folder folder;
  const fs::path path = folder.path / "node.key";
  const auto first = PrivateKey::generate(KeyType::kSm2, testing::seeded(1));
  const auto second = PrivateKey::generate(KeyType::kSm2, testing::seeded(2));
  REQUIRE(save_key_file(path, first, "", system_random()));
  CHECK(save_key_file(path, second, "", system_random()).error() == Errc::kExists);
  CHECK(load_key_file(path, "")->public_key() == first.public_key());

  // Not through a link that leads nowhere yet, either.
  fs::create_symlink(folder.path / "elsewhere", folder.path / "link");
  CHECK(save_key_file(folder.path / "link", second, "", system_random()).error() == Errc::kExists);
  CHECK_FALSE(fs::exists(folder.path / "elsewhere"));
  CHECK(folder.files() == 2);
}

TEST_CASE("key file: errors say what is wrong") {
  const Folder folder;
  const auto key = PrivateKey::generate(KeyType::kSm2, testing::seeded(1));
  const fs::path path = folder.path / "node.key";
  CHECK(load_key_file(path, "").error() == Errc::kNotFound);
  CHECK(load_key_file(folder.path, "").error() == Errc::kIo);
  CHECK(save_key_file(folder.path / "no" / "node.key", key, "", system_random()).error() == Errc::kIo);
  REQUIRE(save_key_file(path, key, "secret", system_random()));
  CHECK(load_key_file(path, "").error() == Errc::kDecryptFailed);
  CHECK(load_key_file(path, "wrong").error() == Errc::kDecryptFailed);

  write_file(folder.path / "text", "hello");
  CHECK(load_key_file(folder.path / "text", "").error() == Errc::kBadKey);
  write_file(folder.path / "empty", "");
  CHECK(load_key_file(folder.path / "empty", "").error() == Errc::kBadKey);
  write_file(folder.path / "big", std::string(kPemSizeMax + 1, 'a'));
  CHECK(load_key_file(folder.path / "big", "").error() == Errc::kTooLarge);

  write_file(folder.path / "open", kSm2Pem);
  fs::permissions(folder.path / "open", fs::perms(0644));
  CHECK(load_key_file(folder.path / "open", ""));
  CHECK(key_file_is_exposed(folder.path / "open"));
  REQUIRE(mkfifo((folder.path / "pipe").c_str(), 0600) == 0);
  CHECK(load_key_file(folder.path / "pipe", "").error() == Errc::kIo);
}
