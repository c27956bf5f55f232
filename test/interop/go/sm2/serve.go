package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"io"
	"math/big"
	"strings"

	"github.com/emmansun/gmsm/sm2"
)

// serveTool answers like the tool under test.
func serveTool(in io.Reader, out io.Writer) error {
	buffered := bufio.NewWriter(out)
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		answer, err := answerLine(strings.Fields(lines.Text()))
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(buffered, answer); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return buffered.Flush()
}

func answerLine(words []string) (string, error) {
	if len(words) == 0 {
		return "", fmt.Errorf("empty line")
	}
	var arguments [][]byte
	for _, word := range words[1:] {
		argument, err := hex.DecodeString(word)
		if err != nil {
			return "", err
		}
		arguments = append(arguments, argument)
	}
	switch {
	case words[0] == "verify" && len(arguments) == 3:
		return answerVerify(arguments[0], arguments[1], arguments[2]), nil
	case words[0] == "sign" && len(arguments) == 2:
		return answerSign(arguments[0], arguments[1])
	}
	return "", fmt.Errorf("unknown question %q", words[0])
}

func answerVerify(pub33, message, raw []byte) string {
	x, y := elliptic.UnmarshalCompressed(sm2.P256(), pub33)
	if x == nil || len(raw) != 64 {
		return "bad"
	}
	public := &ecdsa.PublicKey{Curve: sm2.P256(), X: x, Y: y}
	r, s := new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])
	if !sm2.VerifyWithSM2(public, []byte(defaultUserID), message, r, s) {
		return "bad"
	}
	return "ok"
}

func answerSign(d, message []byte) (string, error) {
	key := keyOf(new(big.Int).SetBytes(d))
	raw, err := sign(key, defaultUserID, message)
	if err != nil {
		return "", err
	}
	der, err := asn1.Marshal(derPair{new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])})
	if err != nil {
		return "", err
	}
	peer, err := peerID(&key.PublicKey)
	return fmt.Sprintf("%x %x %x %s %s", compress(&key.PublicKey), raw, der, nodeID(&key.PublicKey), peer), err
}
