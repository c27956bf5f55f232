#include "warren/multiformats/multihash.hpp"

#include <doctest/doctest.h>

#include "warren/multiformats/cid.hpp"
#include "warren/multiformats/multibase.hpp"
#include "warren/multiformats/peer_multihash.hpp"

using namespace warren;

namespace {

Result<Multihash> decode(const std::string& hex) {
  return Multihash::decode(*from_hex(hex));
}
const std::string kDigest(64, 'a');

}  // namespace

TEST_CASE("multihash: code, size, digest") {
  const auto sha = decode("1220" + kDigest);
  REQUIRE(sha);
  CHECK(sha->code == kHashSha256);
  CHECK(to_hex(sha->digest) == kDigest);
  CHECK(to_hex(sha->encode()) == "1220" + kDigest);

  CHECK(decode("cda60120" + kDigest)->code == kHashSm3);
  CHECK(to_hex(decode("0003616263")->digest) == "616263");
  CHECK(decode("0000")->digest.empty());
  CHECK(decode("d50110" + std::string(32, '0'))->code == 0xd5);
}

TEST_CASE("multihash: what is none") {
  CHECK(decode("").error() == Errc::kTruncated);
  CHECK(decode("12").error() == Errc::kTruncated);
  CHECK(decode("1220aa").error() == Errc::kTruncated);
  CHECK(decode("1220" + kDigest + "00").error() == Errc::kMalformed);
  CHECK(decode("121f" + kDigest.substr(2)).error() == Errc::kMalformed);
  CHECK(decode("cda60104aaaaaaaa").error() == Errc::kMalformed);
  CHECK(decode("920020" + kDigest).error() == Errc::kNotMinimal);
  CHECK(decode("00"
               "8101" +
               std::string(258, '0'))
            .error() == Errc::kTooLarge);
}

TEST_CASE("a peer's multihash: base58 and every CID of the same peer are equal") {
  const Bytes hashed = *parse_peer_multihash("bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe");
  CHECK(to_hex(hashed) == to_hex(*parse_peer_multihash("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N")));

  const Bytes inlined = *parse_peer_multihash("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA");
  CHECK(to_hex(inlined).starts_with("002408011220"));
  const Cid cid{kCodecLibp2pKey, inlined};
  CHECK(*parse_peer_multihash(cid.to_string()) == inlined);
  Bytes cid_bytes = *from_hex("0172");
  append(cid_bytes, inlined);
  for (const auto base : {Multibase::kBase16, Multibase::kBase32, Multibase::kBase36, Multibase::kBase58Btc,
                          Multibase::kBase64Url}) {
    CHECK(*parse_peer_multihash(multibase_encode(base, cid_bytes)) == inlined);
  }
}

TEST_CASE("a peer's multihash: what is none") {
  const auto cid = [](std::string_view hex) { return multibase_encode(Multibase::kBase16, *from_hex(hex)); };
  CHECK(parse_peer_multihash(cid("01721220" + kDigest)));
  CHECK(parse_peer_multihash(cid("01701220" + kDigest)).error() == Errc::kMalformed);    // dag-pb: a file
  CHECK(parse_peer_multihash(cid("00721220" + kDigest)).error() == Errc::kUnsupported);  // version
  CHECK(parse_peer_multihash(cid("0172d50110" + std::string(32, '0'))).error() == Errc::kMalformed);  // md5
  CHECK(parse_peer_multihash(cid("01720000")).error() == Errc::kMalformed);
  CHECK(parse_peer_multihash(cid("0172002b" + std::string(86, '0'))).error() == Errc::kMalformed);
  CHECK(parse_peer_multihash(cid("0172002a" + std::string(84, '0'))));
  CHECK(parse_peer_multihash(cid("01")).error() == Errc::kTruncated);
  CHECK(parse_peer_multihash("").error() == Errc::kBadEncoding);
  CHECK(parse_peer_multihash("Qm").error() == Errc::kTruncated);
  CHECK(parse_peer_multihash("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5").error());
  // sha2-256 with more than 32 bytes, from go-multiaddr's tests
  CHECK(parse_peer_multihash("QmxoHT6iViN5xAjoz1VZ553cL31U9F94ht3QvWR1FrEbZY").error());
}
