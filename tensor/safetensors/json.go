package safetensors

// This file reads JSON token by token, and not into structs, because encoding/json forgives what the format forbids:
// other cases of a key, and keys twice. It makes nothing but what it returns: a header may describe a million tensors.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// scanner is a place in a JSON text.
type scanner struct {
	text []byte
	at   int
}

// space skips white space.
func (s *scanner) space() {
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n", s.text[s.at]) >= 0 {
		s.at++
	}
}

// take skips white space and then c, and reports whether it was there.
func (s *scanner) take(c byte) bool {
	s.space()
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) want(c byte) error {
	if !s.take(c) {
		return fmt.Errorf("%v, want %c", s.found(), c)
	}
	return nil
}

// found returns the next token, for messages.
func (s *scanner) found() any {
	dec := json.NewDecoder(bytes.NewReader(s.text[s.at:]))
	dec.UseNumber()
	tok, err := dec.Token()
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return "end of header"
	case err != nil:
		return err
	case tok == nil:
		return "null"
	}
	return tok
}

// object reads an object, and calls value for each key, to read its value.
func (s *scanner) object(value func(key string) error) error {
	if err := s.want('{'); err != nil {
		return err
	}
	for first := true; !s.take('}'); first = false {
		if !first && !s.take(',') {
			return s.want('}')
		}
		key, err := s.string()
		if err != nil {
			return err
		}
		if err := s.want(':'); err != nil {
			return err
		}
		if err := value(key); err != nil {
			return fmt.Errorf("%q: %w", key, err)
		}
	}
	return nil
}

// null skips a null, and reports whether there was one.
func (s *scanner) null() bool {
	if s.take('n') {
		if bytes.HasPrefix(s.text[s.at:], []byte("ull")) {
			s.at += len("ull")
			return true
		}
		s.at--
	}
	return false
}

// skip skips a value, whatever it is.
func (s *scanner) skip() error {
	dec := json.NewDecoder(bytes.NewReader(s.text[s.at:]))
	var value json.RawMessage
	if err := dec.Decode(&value); err != nil {
		return err
	}
	s.at += int(dec.InputOffset())
	return nil
}

func (s *scanner) string() (string, error) {
	if !s.take('"') {
		return "", fmt.Errorf("%v, want a string", s.found())
	}
	begin, plain := s.at, true
	for ; s.at < len(s.text) && s.text[s.at] != '"'; s.at++ {
		if c := s.text[s.at]; c < ' ' || c == '\\' {
			plain = false
			if c == '\\' {
				s.at++
			}
		}
	}
	if s.at >= len(s.text) {
		return "", fmt.Errorf("end of header in a string")
	}
	s.at++
	if plain {
		return string(s.text[begin : s.at-1]), nil
	}
	var decoded string
	err := json.Unmarshal(s.text[begin-1:s.at], &decoded)
	return decoded, err
}

// integers reads an array of integers, none negative.
func (s *scanner) integers() ([]int64, error) {
	if err := s.want('['); err != nil {
		return nil, err
	}
	list := []int64{}
	for first := true; !s.take(']'); first = false {
		if !first && !s.take(',') {
			return nil, s.want(']')
		}
		n, err := s.integer()
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, nil
}

func (s *scanner) integer() (int64, error) {
	s.space()
	begin := s.at
	for s.at < len(s.text) && strings.IndexByte("0123456789+-.eE", s.text[s.at]) >= 0 {
		s.at++
	}
	number := s.text[begin:s.at]
	if len(number) == 0 {
		return 0, fmt.Errorf("%v, want an integer", s.found())
	}
	n, err := strconv.ParseUint(string(number), 10, 63)
	if err != nil || number[0] == '0' && len(number) > 1 { // JSON has no 007
		return 0, fmt.Errorf("%s, want an integer from 0 to %d", number, int64(math.MaxInt64))
	}
	return int64(n), nil
}
