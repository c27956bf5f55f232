#include "warren/security/tls/certificate.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "warren/crypto/peer_id.hpp"
#include "warren/security/tls/test_certificates.hpp"
#include "warren/sim/random.hpp"

using namespace warren;
using namespace warren::tls;
using namespace warren::tls::test;

namespace {

// The certificates of the specification: tls/tls.md, "Test vectors".
constexpr std::string_view kEd25519 =
    "308201ae30820156a0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c696270"
    "32702e696f310a300806035504051301313020170d3735303130313133303030305a180f343039363031303131333030"
    "30305a302031123010060355040a13096c69627032702e696f310a300806035504051301313059301306072a8648ce3d"
    "020106082a8648ce3d030107034200040c901d423c831ca85e27c73c263ba132721bb9d7a84c4f0380b2a6756fd60133"
    "1c8870234dec878504c174144fa4b14b66a651691606d8173e55bd37e381569ea37c307a3078060a2b0601040183a25a"
    "0101046a3068042408011220a77f1d92fedb59dddaea5a1c4abd1ac2fbde7d7b879ed364501809923d7c11b90440d90d"
    "2769db992d5e6195dbb08e706b6651e024fda6cfb8846694a435519941cac215a8207792e42849cccc6cd8136c6e4bde"
    "92a58c5e08cfd4206eb5fe0bf909300a06082a8648ce3d0403020346003043021f50f6b6c52711a881778718238f650c"
    "9fb48943ae6ee6d28427dc6071ae55e702203625f116a7a454db9c56986c82a25682f7248ea1cb764d322ea983ed36a3"
    "1b77";

constexpr std::string_view kEcdsa =
    "308201f63082019da0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c696270"
    "32702e696f310a300806035504051301313020170d3735303130313133303030305a180f343039363031303131333030"
    "30305a302031123010060355040a13096c69627032702e696f310a300806035504051301313059301306072a8648ce3d"
    "020106082a8648ce3d030107034200040c901d423c831ca85e27c73c263ba132721bb9d7a84c4f0380b2a6756fd60133"
    "1c8870234dec878504c174144fa4b14b66a651691606d8173e55bd37e381569ea381c23081bf3081bc060a2b06010401"
    "83a25a01010481ad3081aa045f0803125b3059301306072a8648ce3d020106082a8648ce3d03010703420004bf30511f"
    "909414ebdd3242178fd290f093a551cf75c973155de0bb5a96fedf6cb5d52da7563e794b512f66e60c7f55ba8a3acf3d"
    "d72a801980d205e8a1ad29f2044730450220064ea8124774caf8f50e57f436aa62350ce652418c019df5d98a3ac666c9"
    "386a022100aa59d704a931b5f72fb9222cb6cc51f954d04a4e2e5450f8805fe8918f71eaae300a06082a8648ce3d0403"
    "0203470030440220799395b0b6c1e940a7e4484705f610ab51ed376f19ff9d7c16757cfbf61b8d4302206205c03fbb0f"
    "95205c779be86581d3e31c01871ad5d1f3435bcf375cb0e5088a";

constexpr std::string_view kSecp256k1 =
    "308201ba3082015fa0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c696270"
    "32702e696f310a300806035504051301313020170d3735303130313133303030305a180f343039363031303131333030"
    "30305a302031123010060355040a13096c69627032702e696f310a300806035504051301313059301306072a8648ce3d"
    "020106082a8648ce3d030107034200040c901d423c831ca85e27c73c263ba132721bb9d7a84c4f0380b2a6756fd60133"
    "1c8870234dec878504c174144fa4b14b66a651691606d8173e55bd37e381569ea38184308181307f060a2b0601040183"
    "a25a01010471306f0425080212210206dc6968726765b820f050263ececf7f71e4955892776c0970542efd689d238204"
    "4630440220145e15a991961f0d08cd15425bb95ec93f6ffa03c5a385eedc34ecf464c7a8ab022026b3109b8a3f40ef83"
    "3169777eb2aa337cfb6282f188de0666d1bcec2a4690dd300a06082a8648ce3d0403020349003046022100e1a217eeef"
    "9ec9204b3f774a08b70849646b6a1e6b8b27f93dc00ed58545d9fe022100b00dafa549d0f03547878338c7b15e750288"
    "8f6d45db387e5ae6b5d46899cef0";

constexpr std::string_view kInvalid =
    "308201f73082019da0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c696270"
    "32702e696f310a300806035504051301313020170d3735303130313133303030305a180f343039363031303131333030"
    "30305a302031123010060355040a13096c69627032702e696f310a300806035504051301313059301306072a8648ce3d"
    "020106082a8648ce3d030107034200040c901d423c831ca85e27c73c263ba132721bb9d7a84c4f0380b2a6756fd60133"
    "1c8870234dec878504c174144fa4b14b66a651691606d8173e55bd37e381569ea381c23081bf3081bc060a2b06010401"
    "83a25a01010481ad3081aa045f0803125b3059301306072a8648ce3d020106082a8648ce3d03010703420004bf30511f"
    "909414ebdd3242178fd290f093a551cf75c973155de0bb5a96fedf6cb5d52da7563e794b512f66e60c7f55ba8a3acf3d"
    "d72a801980d205e8a1ad29f204473045022100bb6e03577b7cc7a3cd1558df0da2b117dfdcc0399bc2504ebe7de6f65c"
    "ade72802206de96e2a5be9b6202adba24ee0362e490641ac45c240db71fe955f2c5cf8df6e300a06082a8648ce3d0403"
    "020348003045022100e847f267f43717358f850355bdcabbefb2cfbf8a3c043b203a14788a092fe8db022027c1d04a2d"
    "41fd6b57a7e8b3989e470325de4406e52e084e34a3fd56eef0d0df";
const WallTime kNow = WallTime(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1));

PrivateKey host_key(KeyType type = KeyType::kEd25519, std::uint64_t seed = 1) {
  sim::SeededRandom random(seed);
  return PrivateKey::generate(type, [&](MutableBytes bytes) { random.fill(bytes); });
}

Result<PublicKey> verify(BytesView der, WallTime now = kNow) {
  return verify_certificates(std::array{der}, now);
}

Result<PublicKey> verify(const Recipe& recipe) {
  return verify(make_der(host_key(), recipe));
}

std::error_code key_error(const Result<PublicKey>& result) {
  return result ? std::error_code() : result.error();
}

std::string peer_of(std::string_view hex) {
  const auto key = verify(*from_hex(hex));
  return key ? PeerId::from_public_key(*key).to_string() : key.error().message();
}

}  // namespace

TEST_CASE("the specification's certificates prove the peers that it says, and the invalid one nobody") {
  CHECK(peer_of(kEd25519) == "12D3KooWM6CgA9iBFZmcYAHA6A2qvbAxqfkmrYiRQuz3XEsk4Ksv");
  CHECK(peer_of(kEcdsa) == "QmfXbAwNjJLXfesgztEHe8HwgVDCMMpZ9Eax1HYq6hn9uE");
  CHECK(peer_of(kSecp256k1) == "16Uiu2HAkutTMoTzDw1tCvSRtu6YoixJwS46S1ZFxW8hSx9fWHiPs");
  CHECK(key_error(verify(*from_hex(kInvalid))) == Errc::kBadSignature);
}

TEST_CASE("our certificate proves our host key, whatever its type, for a long time") {
  for (const KeyType type :
       {KeyType::kEd25519, KeyType::kSecp256k1, KeyType::kEcdsa, KeyType::kRsa, KeyType::kSm2}) {
    const PrivateKey key = host_key(type);
    sim::SeededRandom random(1);
    const CertifiedKey made = make_certificate(key, kNow, random);
    CHECK(made.certificate.size() < (type == KeyType::kRsa ? 1000 : 600));
    for (const WallTime now : {kNow, kNow - kValidBefore, kNow + kValidAfter}) {
      const auto proven = verify(made.certificate, now);
      REQUIRE(proven);
      CHECK(*proven == key.public_key());
    }
    CHECK(key_error(verify(made.certificate, kNow - kValidBefore - 1s)) == Errc::kNotValidNow);
    CHECK(key_error(verify(made.certificate, kNow + kValidAfter + 1s)) == Errc::kNotValidNow);
  }
}

TEST_CASE("the private key belongs to the certificate, and is another one each time") {
  sim::SeededRandom random(1);
  const CertifiedKey made = make_certificate(host_key(), kNow, random);
  const BytesView secret = made.private_key.view();
  const unsigned char* at = secret.data();
  const openssl::Key key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(secret.size())));
  REQUIRE(key);
  at = made.certificate.data();
  const openssl::X509Certificate certificate(
      d2i_X509(nullptr, &at, static_cast<long>(made.certificate.size())));
  REQUIRE(certificate);
  CHECK(X509_check_private_key(certificate.get(), key.get()) == 1);

  const CertifiedKey other = make_certificate(host_key(), kNow, random);
  CHECK(to_hex(other.private_key.view()) != to_hex(secret));
  CHECK(other.certificate != made.certificate);
}

TEST_CASE("there must be one certificate, and it must be nothing but a certificate") {
  const Bytes good = make_der(host_key(), {});
  REQUIRE(verify(good));
  CHECK(key_error(verify_certificates({}, kNow)) == Errc::kMalformed);
  const BytesView twice[] = {good, good};
  CHECK(key_error(verify_certificates(twice, kNow)) == Errc::kMalformed);

  Bytes longer = good;
  longer.push_back(0);
  CHECK(key_error(verify(longer)) == Errc::kMalformed);
  CHECK(key_error(verify(Bytes())) == Errc::kMalformed);
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_FALSE(verify(BytesView(good).first(size)));
  }
  CHECK(key_error(verify(Bytes(kCertificateSizeMax + 1, 0x30))) == Errc::kTooLarge);
}

TEST_CASE("no bit of a certificate can be changed") {
  Bytes der = make_der(host_key(), {});
  for (std::size_t i = 0; i < der.size(); ++i) {
    CAPTURE(i);
    der[i] ^= 1;
    CHECK_FALSE(verify(der));
    der[i] ^= 1;
  }
  CHECK(verify(der));
}

TEST_CASE("a certificate must be of version 3, and valid now") {
  CHECK(key_error(verify(Recipe{.version = X509_VERSION_2})) == Errc::kMalformed);
  CHECK(key_error(verify(Recipe{.not_before = kNow + 1s})) == Errc::kNotValidNow);
  CHECK(key_error(verify(Recipe{.not_after = kNow - 1s})) == Errc::kNotValidNow);
  CHECK(verify(Recipe{.not_before = kNow, .not_after = kNow}));
}

TEST_CASE("a certificate must be signed by its own key, with a digest that nobody can forge") {
  Recipe stranger;
  stranger.signing_key = make_ec_key("P-256");
  CHECK(key_error(verify(stranger)) == Errc::kBadSignature);
  CHECK(key_error(verify(Recipe{.digest = EVP_sha1()})) == Errc::kUnsupported);
  CHECK(verify(Recipe{.digest = EVP_sha512()}));
}

TEST_CASE("a certificate's key may be of these types and sizes") {
  const auto with_key = [](openssl::Key key) { return key_error(verify(Recipe{.key = std::move(key)})); };
  CHECK(!with_key(make_ec_key("P-256")));
  CHECK(!with_key(make_ec_key("P-384")));
  CHECK(!with_key(make_ec_key("P-521")));
  CHECK(!with_key(make_rsa_key(2048)));
  CHECK(with_key(make_rsa_key(1024)) == Errc::kBadKey);
  CHECK(with_key(make_ec_key("secp256k1")) == Errc::kBadKey);
  CHECK(with_key(make_ec_key("P-224")) == Errc::kBadKey);
  CHECK(key_error(verify(Recipe{.key = make_key("ED25519"), .digest = nullptr})) == std::error_code());
  CHECK(key_error(verify(Recipe{.key = make_key("ED448"), .digest = nullptr})) == Errc::kBadKey);
}

TEST_CASE("there must be one libp2p extension, critical or not") {
  CHECK(key_error(verify(Recipe{.libp2p_extensions = 0})) == Errc::kMalformed);
  CHECK(key_error(verify(Recipe{.libp2p_extensions = 2})) == Errc::kMalformed);
  CHECK(verify(Recipe{.critical = true}));
}

TEST_CASE("other extensions are ignored, unless they are critical and not known") {
  CHECK(verify(Recipe{.unknown_extension = "not critical"}));
  CHECK(key_error(verify(Recipe{.unknown_extension = "critical"})) == Errc::kUnsupported);
  const auto with = [](int name, std::string value) {
    return key_error(verify(Recipe{.more_extensions = {{name, std::move(value)}}}));
  };
  CHECK(!with(NID_subject_alt_name, "DNS:example.org"));
  CHECK(with(NID_subject_alt_name, "critical,DNS:example.org") == Errc::kUnsupported);
  CHECK(!with(NID_basic_constraints, "critical,CA:FALSE"));
  CHECK(!with(NID_key_usage, "critical,digitalSignature"));
  CHECK(with(NID_key_usage, "critical,keyCertSign") == Errc::kMalformed);
}

TEST_CASE("the host key must vouch for the certificate's key") {
  const auto changed = [](std::function<void(SignedKey&)> change) {
    return key_error(verify(Recipe{.change_signed_key = std::move(change)}));
  };
  CHECK(changed([](SignedKey& key) { key.signature.back() ^= 1; }) == Errc::kBadSignature);
  CHECK(changed([](SignedKey& key) { key.signature.clear(); }) == Errc::kBadSignature);
  CHECK(changed([](SignedKey& key) {
          key.public_key = host_key(KeyType::kEd25519, 2).public_key().to_protobuf();
        }) == Errc::kBadSignature);
  CHECK(changed([](SignedKey& key) { key.signature = host_key().sign(as_bytes("something else")); }) ==
        Errc::kBadSignature);
  CHECK(changed([](SignedKey& key) { key.public_key[1] = 77; }) == Errc::kUnknownKeyType);
  CHECK(changed([](SignedKey& key) { key.public_key.push_back(0); }) == Errc::kMalformed);
  CHECK(changed([](SignedKey& key) { key.public_key.clear(); }) == Errc::kMalformed);
}

TEST_CASE("the extension must be a SignedKey in its shortest encoding") {
  const auto changed = [](std::function<void(Bytes&)> change) {
    return key_error(verify(Recipe{.change_extension = std::move(change)}));
  };
  CHECK(changed([](Bytes& value) { value.push_back(0); }) == Errc::kMalformed);
  CHECK(changed([](Bytes& value) { value.pop_back(); }) == Errc::kMalformed);
  CHECK(changed([](Bytes& value) { value.clear(); }) == Errc::kMalformed);
  CHECK(changed([](Bytes& value) { value[0] = 0x31; }) == Errc::kMalformed);
  CHECK(changed([](Bytes& value) { value.insert(value.begin() + 1, 0x81); }) == Errc::kMalformed);
  CHECK(changed([](Bytes& value) { value[1] = 0x80; }) == Errc::kMalformed);
}

TEST_CASE("signed keys of all sizes are read as they were written") {
  for (const std::size_t size : {0, 1, 127, 128, 255, 256, 1000, 4000}) {
    const SignedKey key{Bytes(size, 1), Bytes(size / 2, 2)};
    const auto read = SignedKey::decode(key.encode());
    REQUIRE(read);
    CHECK(*read == key);
  }
}
