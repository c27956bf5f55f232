package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"errors"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/crypto/pb"
)

// What docs/wire.md says of SM2 as a type of libp2p key.
const sm2KeyType = pb.KeyType(0x40)

var sm2UserID = []byte("1234567812345678")

// registerSM2 is all that a node of go-libp2p needs in order to know peers by SM2 keys.
func registerSM2() {
	crypto.PubKeyUnmarshallers[sm2KeyType] = unmarshalSM2PublicKey
}

type sm2PrivateKey struct{ key *sm2.PrivateKey }

type sm2PublicKey struct{ key *ecdsa.PublicKey }

func newSM2Key() (crypto.PrivKey, error) {
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return sm2PrivateKey{key}, nil
}

func unmarshalSM2PublicKey(spki []byte) (crypto.PubKey, error) {
	parsed, err := smx509.ParsePKIXPublicKey(spki)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	if !ok || key.Curve != sm2.P256() {
		return nil, errors.New("not an SM2 key")
	}
	// One key, one encoding, one peer ID.
	public := sm2PublicKey{key}
	if canonical, err := public.Raw(); err != nil || !bytes.Equal(canonical, spki) {
		return nil, errors.New("not the canonical encoding of an SM2 key")
	}
	return public, nil
}

func (k sm2PrivateKey) Type() pb.KeyType         { return sm2KeyType }
func (k sm2PrivateKey) Raw() ([]byte, error)     { return k.key.D.FillBytes(make([]byte, 32)), nil }
func (k sm2PrivateKey) GetPublic() crypto.PubKey { return sm2PublicKey{&k.key.PublicKey} }

func (k sm2PrivateKey) Equals(other crypto.Key) bool {
	o, ok := other.(sm2PrivateKey)
	return ok && k.key.Equal(o.key)
}

func (k sm2PrivateKey) Sign(message []byte) ([]byte, error) {
	return k.key.Sign(rand.Reader, message, sm2.NewSM2SignerOption(true, sm2UserID))
}

func (k sm2PublicKey) Type() pb.KeyType     { return sm2KeyType }
func (k sm2PublicKey) Raw() ([]byte, error) { return smx509.MarshalPKIXPublicKey(k.key) }

func (k sm2PublicKey) Equals(other crypto.Key) bool {
	o, ok := other.(sm2PublicKey)
	return ok && k.key.Equal(o.key)
}

func (k sm2PublicKey) Verify(message, signature []byte) (bool, error) {
	return sm2.VerifyASN1WithSM2(k.key, sm2UserID, message, signature), nil
}
