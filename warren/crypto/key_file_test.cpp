// Keys as PEM, and in files.
#include "warren/crypto/key_file.hpp"

#include <doctest/doctest.h>
#include <openssl/ui.h>
#include <sys/stat.h>

#include <fstream>

#include "warren/crypto/pem.hpp"
#include "warren/crypto/test_keys.hpp"
#include "warren/crypto/testing.hpp"

using namespace warren;
using testing::hex;
using testing::kAllKeyTypes;
using testing::standard_key;
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

// With secp256k1, P-384.
constexpr std::string_view kSecp256k1Pem = R"(-----BEGIN PRIVATE KEY-----
MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQge2X9HM5WaOT+XA/FW6NA
tI2ecFdVaoGCxAurMW3++vuhRANCAAQQSCN91tfSTgQFdpXnSOYmcJPTY0BYfhqn
vQ8Jt2d2flLXfZT8htZfwGofh5voMnzCUw1t+z8VaX4aakBq1T9d
-----END PRIVATE KEY-----
)";
constexpr std::string_view kP384Pem = R"(-----BEGIN PRIVATE KEY-----
MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDAQFdd/t6APJ4jOqEVI
okerN9Bc4bjX9g3lWzqaxL8Uv52a/vCO0TyCgSRgSXwECuWhZANiAATF/7lfcbjx
hWLqhldgBBR52J7nO3s/MLiYeZAcmEWgMWYlYggG0SgBN/vjRJ733W6GKArGFaOM
HMWVR6Ij7Tv9OlSV0aGuh0CkZeYgESJ2czErmyxRWFEZsytDkOly6Tw=
-----END PRIVATE KEY-----
)";

// `openssl genpkey -algorithm RSA`, with 2048 and 1024 bits.
constexpr std::string_view kRsaPem = R"(-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDfGcNjV71fJLgy
lMdPY9PC6d/ppjB3il+ei0DqkMR9ECHeCPXWUOU4wkwRcI9Z6hMlOW66k266rXH5
7W/LyxDJejdG/yl1by05ZWNNK2MzK35l5k4axOn2udy3ze42BM6MZVhsexUd0QDC
luSYyLGuQkkX81eKJBrsWrPxjZbYrq5ipF839XUX1vzGUq6hx8svGr8Gn2hyjjRx
KT+8DJJ3ndl6f1VqOb3SViik0uhcFt3bPfLsZK4zFB7Qi8iNU9scRoM3KsjSzsmC
lhGqdTbFPLr85Q/7JOMdhMIKnuYyAt1dzhTDw3vmNFWFiG9NDW8lDQ91EuTbmb2b
8sY1ffCFAgMBAAECggEANjSxBbvdcda+32FJLNelLbQ72G3t1DmdYmzUrLlYWEeZ
ZvR34KbejsQcjdcyqUbHeJGj/vaP3pECQpaHRXV1AnLsp9YayWLmEs44ypjqXRYp
+5Gxs+zYqL7/avRAtsTDt5ZvHcpo9snffKgDakDG9P87ebOA9zovBXLDSkMb3dDd
PPm4U8sTdDLmms4z6+sb0jC7RlLp0wUSiVFUnm9AaZ8rQ49V7r6dAyO5WcmO7SbG
0OmWgHCo6x2uP6LOgjhGFCXL3hEemP3teaOzqj9HGSW/bFWv30fA7wx+zQNXnLC+
933qCXemu00wv+Dup2kv5wGr+EeASo+YErKM2ENhoQKBgQDzP/kEzEIBWrMDfvb6
gD9Sg6kSv4OU7AHAVyXHgA+qWweC9WdQQyrYnBe1MhYFwUhsqGRe/eKx26turqAy
35deGXxnxgzABi7XXl7qje0Sfjk9xSnGrkl810d1btipnHlYds9Zp/QGVA66hJGe
wtP7TSGoRmprorbmEkkNdwu5IQKBgQDqy2tjuJp58bcM5s1YWlEmcUazCpRPUgrc
7Ru4EHQCKaP8OiQEjnIEy5vQopCQri0Tn2uVZvuq7CchuGWuF2Ht3Io9l4SKGQbh
UdfuX0G9DCM+jDolxjquXxJbDLSutQCcpf9F5XJUT+X6ve16MC/jvr/nG9MAGad0
djpPgIiW5QKBgQC6TVrZ098Rznegy9M5VJQrDG+nzkpm+sL0n0puG6Tj4shEAtRX
4rmkIRj/TBcV3U0s+2O0ZVsEwavxH4nOrPTvuzFPAZ6uS44AoWSs3HqgWVBaAPHY
G5BpLzCpvnXuoctGd+ijUEFTv3lwXSxyneFhbVfD2/qR6ZOPbp3I1E6EQQKBgAC8
BCj6sdkBzY3HxwqotapGHm9+7/nTit8oCrcnrgU3tiCa2fP9shObw3ACoishsFho
XkDIYq8lL/YmCoNh5VeGIhSRPcPk0iWwSNmhCKabvBx8+c2WciaLe5Y3UvVc8ZSL
3GGOly32VgTTxUNllTDELvt9FcrhSanOmN4Yy9SVAoGBANYNJkcYX6DZFk027Vnz
X19R8rfvhfK/Aw/OidvGVQagcGkQobMEPwbATbumGD4oXFU3LJaAiT7VyIQAdW9N
Lg07TPbsLcXlx7AMXCZQ91y+R7oo/aFPQcTSqTjpC9h1gjoB6zPwZwWa2IaHhSAT
9AAYku1HHK4k+J8ONxD02AqZ
-----END PRIVATE KEY-----
)";
constexpr std::string_view kRsa1024Pem = R"(-----BEGIN PRIVATE KEY-----
MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAJRANY5xcqMA0Igu
JmG9DS5UxIjDJ/rWZJGoFufBnAeOfd1o/BpnHASF67OClqKEoMjT4GxgmQ0fb/RE
Ol1scZ20hCjAPsJuEgQWC7KlRHqCw/Dgonj8NrEGSQMnW0GC/JEqk3aQjqPIC0sI
fg8fimt7f+4K7NBBfvwf/T+4v4C1AgMBAAECgYEAiz9oTpwmtg6M0GywpntBRzRd
yautAMGhguKkaRkEqmBfvrjemxogSetUQa82N/5lW10P3hw5hgbyTDhNrfSvHakw
0S2qeXMWDb+620jYnkZXovyRlRdePz+xKYJ83yy3AokwPsaWS6PMizTC3LGAWnzm
zOfcPkQfODR84YDLv/0CQQDFc9mwqc8gD8YfGLT1E/gK5NYLFS9gEIjtgvM/gaSd
tRXSNh3U1A7ezo5malBh6ImBTWNVjq0O8/4idVeJlExXAkEAwDWS5ocze/1sOSmI
ar4zqhBUnn78rXCRB9EXHT4cQ1yeo787L6UyS1hyUbaVRbonOTwJfDFRcgHvY+TY
wKLz0wJAd58wCy9VJH9p7/zv5Goso6zvX9d91B0wV3Q2GgtYx5KlnazbdczjFWje
LH3MJQTUCVnxDCxb++sl04pzdg46EQJBAIdz+c9dzkl9wYvTGiDnY29gzNFZemYb
4wkYL+rav341QlLxTBt6lqQEc6PkQPP/iO7LwX91HglzFapXNu0iqSMCQGdbpWUI
4stawewruStVcYsidFic+IYkCA6D7vnMc9t7dS4eIKYHdTc6Holn6YeT0bSAlcZU
+opz5+/DaeBVIWQ=
-----END PRIVATE KEY-----
)";

// RFC 8410 section 10.3
constexpr std::string_view kEd25519Pem = R"(-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
)";

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
    CHECK(to_hex(key->sm2()->scalar().view()) == testing::kStandardD);
    CHECK(key->public_key().verify(as_bytes("m"), key->sign(as_bytes("m"))));
  }
  const auto ed25519 = private_key_from_pem(kEd25519Pem, "");
  REQUIRE(ed25519);
  CHECK(to_hex(ed25519->public_key().data()) ==
        "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
  CHECK(*sm2_public_key_from_pem(kPublicPem) == standard_key());
  for (const auto& [pem, type] : {std::pair{kP256Pem, KeyType::kEcdsa},
                                  {kSecp256k1Pem, KeyType::kSecp256k1},
                                  {kRsaPem, KeyType::kRsa}}) {
    const auto key = private_key_from_pem(pem, "");
    REQUIRE(key);
    CHECK(key->type() == type);
    CHECK(key->public_key().verify(as_bytes("m"), key->sign(as_bytes("m"))));
  }
}

TEST_CASE("PEM: we write what openssl writes") {
  for (const std::string_view pem : {kP256Pem, kSecp256k1Pem, kRsaPem}) {
    CHECK(to_pem(*private_key_from_pem(pem, ""), "") == pem);
  }
  CHECK(to_pem(standard_private(), "") == kSm2Pem);
  CHECK(to_pem(*private_key_from_pem(kEd25519Pem, ""), "") == kEd25519Pem);
  CHECK(sm2_public_key_to_pem(standard_key()) == kPublicPem);
}

TEST_CASE("PEM: encrypted, it opens with its passphrase only") {
  for (const auto type : kAllKeyTypes) {
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
  CHECK(private_key_from_pem(kP384Pem, "").error() == Errc::kUnknownKeyType);
  CHECK(private_key_from_pem(kRsa1024Pem, "").error() == Errc::kBadKeySize);
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
    for (const auto type : kAllKeyTypes) {
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
