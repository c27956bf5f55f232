package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"math/big"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/protocol"
	"google.golang.org/protobuf/encoding/protowire"
)

// What docs/wire.md says of bindings.
const (
	bindingDomain = "warren/binding/1"
	keyPrefix     = "/warren-node/"
)

var sm2UserID = []byte("1234567812345678")

func warrenPrefix(network string) protocol.ID {
	return protocol.ID("/warren/" + network)
}

// bindingValidator is a Warren network's record type for go-libp2p-kad-dht, written from docs/wire.md alone.
type bindingValidator struct {
	network string
	blind   bool
}

type binding struct {
	network             string
	nodeKey, peerKey    []byte
	serial              uint64
	notBefore, notAfter uint64
}

type signedBinding struct{ binding, sm2Signature, peerSignature []byte }

func (v bindingValidator) Validate(key string, value []byte) error {
	if v.blind {
		return nil
	}
	signed, b, err := readSigned(value)
	if err != nil {
		return err
	}
	now := uint64(time.Now().UnixMilli())
	switch {
	case key != keyPrefix+string(b.nodeKey):
		return errors.New("a binding of another node")
	case b.network != v.network:
		return errors.New("a binding for another network")
	case now < b.notBefore || now > b.notAfter:
		return errors.New("not valid now")
	}
	return signed.verify(b)
}

// Select prefers the highest serial.
func (v bindingValidator) Select(_ string, values [][]byte) (int, error) {
	best, serial := -1, uint64(0)
	for i, value := range values {
		if _, b, err := readSigned(value); err == nil && (best < 0 || b.serial > serial) {
			best, serial = i, b.serial
		}
	}
	if best < 0 {
		if v.blind {
			return 0, nil
		}
		return 0, errors.New("no binding among the values")
	}
	return best, nil
}

func (s signedBinding) verify(b binding) error {
	x, y := elliptic.UnmarshalCompressed(sm2.P256(), b.nodeKey)
	if x == nil {
		return errors.New("not the key of a node")
	}
	node := &ecdsa.PublicKey{Curve: sm2.P256(), X: x, Y: y}
	r, sig := new(big.Int).SetBytes(s.sm2Signature[:32]), new(big.Int).SetBytes(s.sm2Signature[32:])
	if !sm2.VerifyWithSM2(node, sm2UserID, underDomain(s.binding), r, sig) {
		return errors.New("the node's signature is wrong")
	}
	peerKey, err := crypto.UnmarshalPublicKey(b.peerKey)
	if err != nil {
		return err
	}
	both := append(bytes.Clone(s.binding), s.sm2Signature...)
	if good, err := peerKey.Verify(underDomain(both), s.peerSignature); err != nil || !good {
		return errors.New("the peer's signature is wrong")
	}
	return nil
}

func underDomain(message []byte) []byte {
	return append(append([]byte{byte(len(bindingDomain))}, bindingDomain...), message...)
}

func readSigned(value []byte) (s signedBinding, b binding, err error) {
	fields, err := readFields(value)
	if err != nil {
		return s, b, err
	}
	s = signedBinding{fields[1].bytes, fields[2].bytes, fields[3].bytes}
	if len(s.sm2Signature) != 64 {
		return s, b, errors.New("not a signed binding")
	}
	inner, err := readFields(s.binding)
	if err != nil {
		return s, b, err
	}
	if inner[1].number != 1 || len(inner[3].bytes) != 33 {
		return s, b, errors.New("not a binding of version 1")
	}
	b = binding{
		network: string(inner[2].bytes), nodeKey: inner[3].bytes, peerKey: inner[4].bytes,
		serial: inner[5].number, notBefore: inner[6].number, notAfter: inner[7].number,
	}
	return s, b, nil
}

type field struct {
	number uint64
	bytes  []byte
}

func readFields(message []byte) (map[protowire.Number]field, error) {
	fields := map[protowire.Number]field{}
	for len(message) > 0 {
		number, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return nil, protowire.ParseError(size)
		}
		message = message[size:]
		var f field
		switch kind {
		case protowire.VarintType:
			f.number, size = protowire.ConsumeVarint(message)
		case protowire.BytesType:
			f.bytes, size = protowire.ConsumeBytes(message)
		default:
			return nil, errors.New("an unexpected type of field")
		}
		if size < 0 {
			return nil, protowire.ParseError(size)
		}
		message = message[size:]
		fields[number] = f
	}
	return fields, nil
}
