package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"

	"github.com/emmansun/gmsm/smx509"
	"github.com/mr-tron/base58"
)

const (
	sm2PubCodec = 0x1206 // multicodec sm2-pub
	sm2KeyType  = 0x40   // Type in libp2p's PublicKey
)

// compress gives the 33-byte compressed SEC1 form.
func compress(public *ecdsa.PublicKey) []byte {
	return elliptic.MarshalCompressed(public.Curve, public.X, public.Y)
}

// nodeID is varint(0x1206) and the compressed key, in multibase base58btc.
func nodeID(public *ecdsa.PublicKey) string {
	return "z" + base58.Encode(append(binary.AppendUvarint(nil, sm2PubCodec), compress(public)...))
}

// peerID is the sha2-256 multihash of the libp2p PublicKey message, whose data is the uncompressed SPKI.
func peerID(public *ecdsa.PublicKey) (string, error) {
	spki, err := smx509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "", err
	}
	message := binary.AppendUvarint([]byte{0x08}, sm2KeyType)                // field 1, varint
	message = binary.AppendUvarint(append(message, 0x12), uint64(len(spki))) // field 2, bytes
	digest := sha256.Sum256(append(message, spki...))
	return base58.Encode(append([]byte{0x12, sha256.Size}, digest[:]...)), nil
}

// checkKnownNames compares this program's own NodeID and PeerID with fixed ones, for the key of GB/T
// 32918.5 A.2.
func checkKnownNames() error {
	const (
		d        = "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8"
		wantNode = "zEPJcGHUVYyrGAXXGQhLF39KAny4ojC9RPmA777H2iVztKwBd"
		wantPeer = "QmSastTzcnjJUX5fR9RjhXSQTvgvR8txVUyZ6Jw539DsXp"
	)
	number, _ := new(big.Int).SetString(d, 16)
	key := keyOf(number)
	node := nodeID(&key.PublicKey)
	peer, err := peerID(&key.PublicKey)
	if err != nil {
		return err
	}
	if node != wantNode || peer != wantPeer {
		return fmt.Errorf("this program derives NodeID %s and PeerID %s from the standard's key", node, peer)
	}
	return nil
}
