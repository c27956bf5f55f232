package main

import (
	"bytes"
	"crypto/ecdsa"
	crand "crypto/rand"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"math/rand"
	"strings"

	"github.com/emmansun/gmsm/sm2"
)

const (
	defaultUserID = "1234567812345678"
	otherUserID   = "ALICE123@YAHOO.COM"
	messageMax    = 1024
)

// question is a line for the tool, and what decides whether its answer is right.
type question struct {
	name  string
	line  string
	check func(answer string) error
}

// makeQuestions draws keys and messages from the seed, and signs with fresh nonces.
func makeQuestions(cases int, seed int64) ([]question, error) {
	random := rand.New(rand.NewSource(seed))
	var questions []question
	for i := range cases {
		key := newKey(random, i)
		message := make([]byte, 1+random.Intn(messageMax))
		random.Read(message)
		more, err := oneCase(random, i, key, message)
		if err != nil {
			return nil, err
		}
		questions = append(questions, more...)
	}
	return questions, nil
}

// newKey draws d from [1, n-2]; the first two cases are the ends of that range.
func newKey(random *rand.Rand, index int) *sm2.PrivateKey {
	last := new(big.Int).Sub(sm2.P256().Params().N, big.NewInt(2))
	d := new(big.Int).Add(new(big.Int).Rand(random, last), big.NewInt(1))
	switch index {
	case 0:
		d.SetInt64(1)
	case 1:
		d.Set(last)
	}
	return keyOf(d)
}

func keyOf(d *big.Int) *sm2.PrivateKey {
	key := new(sm2.PrivateKey)
	key.D = d
	key.Curve = sm2.P256()
	key.X, key.Y = key.Curve.ScalarBaseMult(d.FillBytes(make([]byte, 32)))
	return key
}

func oneCase(random *rand.Rand, index int, key *sm2.PrivateKey, message []byte) ([]question, error) {
	public := compress(&key.PublicKey)
	signature, err := sign(key, defaultUserID, message)
	if err != nil {
		return nil, err
	}
	otherUser, err := sign(key, otherUserID, message)
	if err != nil {
		return nil, err
	}
	name := func(what string) string { return fmt.Sprintf("case %d, %s", index, what) }
	questions := []question{
		verifyQuestion(name("signature by gmsm"), public, message, signature, "ok"),
		verifyQuestion(name("signature for another user ID"), public, message, otherUser, "bad"),
		{
			name:  name("signature by the tool"),
			line:  fmt.Sprintf("sign %064x %x", key.D, message),
			check: func(answer string) error { return checkSigned(&key.PublicKey, message, answer) },
		},
	}
	// One bit is flipped, in turn in the message, the signature, and the sign of the key.
	switch index % 3 {
	case 0:
		flipped := flipBit(random, message)
		questions = append(questions, verifyQuestion(name("flipped message"), public, flipped, signature, "bad"))
	case 1:
		flipped := flipBit(random, signature)
		questions = append(questions, verifyQuestion(name("flipped signature"), public, message, flipped, "bad"))
	case 2:
		flipped := bytes.Clone(public)
		flipped[0] ^= 1
		questions = append(questions, verifyQuestion(name("flipped key"), flipped, message, signature, "bad"))
	}
	return questions, nil
}

func verifyQuestion(name string, public, message, signature []byte, want string) question {
	return question{
		name: name,
		line: fmt.Sprintf("verify %x %x %x", public, message, signature),
		check: func(answer string) error {
			if answer != want {
				return fmt.Errorf("expected %q", want)
			}
			return nil
		},
	}
}

func flipBit(random *rand.Rand, data []byte) []byte {
	flipped := bytes.Clone(data)
	bit := random.Intn(8 * len(data))
	flipped[bit/8] ^= 1 << (bit % 8)
	return flipped
}

// sign returns r||s, 64 bytes.
func sign(key *sm2.PrivateKey, userID string, message []byte) ([]byte, error) {
	der, err := key.Sign(crand.Reader, message, sm2.NewSM2SignerOption(true, []byte(userID)))
	if err != nil {
		return nil, err
	}
	pair, err := parseDer(der)
	if err != nil {
		return nil, err
	}
	return append(pair.R.FillBytes(make([]byte, 32)), pair.S.FillBytes(make([]byte, 32))...), nil
}

type derPair struct{ R, S *big.Int }

// parseDer accepts the one canonical encoding only.
func parseDer(der []byte) (pair derPair, err error) {
	rest, err := asn1.Unmarshal(der, &pair)
	if err != nil {
		return pair, err
	}
	again, err := asn1.Marshal(pair)
	if err != nil {
		return pair, err
	}
	if len(rest) > 0 || !bytes.Equal(again, der) {
		return pair, errors.New("the DER is not canonical")
	}
	return pair, nil
}

// checkSigned judges the tool's answer to "sign".
func checkSigned(public *ecdsa.PublicKey, message []byte, answer string) error {
	words := strings.Split(answer, " ")
	if len(words) != 5 {
		return fmt.Errorf("expected 5 words, got %d", len(words))
	}
	var decoded [3][]byte
	for i := range decoded {
		var err error
		if decoded[i], err = hex.DecodeString(words[i]); err != nil {
			return err
		}
	}
	pub33, raw, der := decoded[0], decoded[1], decoded[2]
	if !bytes.Equal(pub33, compress(public)) {
		return fmt.Errorf("the public key should be %x", compress(public))
	}
	if len(raw) != 64 {
		return fmt.Errorf("the raw signature has %d bytes", len(raw))
	}
	r, s := new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])
	if !sm2.VerifyWithSM2(public, []byte(defaultUserID), message, r, s) {
		return errors.New("gmsm refuses the raw signature")
	}
	if _, err := parseDer(der); err != nil {
		return err
	}
	if !sm2.VerifyASN1WithSM2(public, []byte(defaultUserID), message, der) {
		return errors.New("gmsm refuses the DER signature")
	}
	if want := nodeID(public); words[3] != want {
		return fmt.Errorf("the NodeID should be %s", want)
	}
	want, err := peerID(public)
	if err == nil && words[4] != want {
		err = fmt.Errorf("the PeerID should be %s", want)
	}
	return err
}
