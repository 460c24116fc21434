package safetensors

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// parseHeader parses the JSON. It reads token by token, and not into structs, because encoding/json forgives what the format
// forbids: names twice, other cases of a key, bytes that are not UTF-8.
func parseHeader(header []byte) ([]Info, map[string]string, error) {
	if len(header) == 0 || header[0] != '{' {
		return nil, nil, errors.New("does not start with '{'")
	}
	if !utf8.Valid(header) {
		return nil, nil, errors.New("is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(header))
	dec.UseNumber()
	var infos []Info
	var meta map[string]string
	err := object(dec, func(key string) error {
		if key == metadataKey {
			meta = make(map[string]string)
			return object(dec, func(key string) (err error) {
				meta[key], err = text(dec)
				return err
			})
		}
		info, err := parseInfo(dec)
		info.Name = key
		infos = append(infos, info)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if tok, err := dec.Token(); err != io.EOF {
		return nil, nil, fmt.Errorf("goes on after its object: %v", orErr(tok, err))
	}
	return infos, meta, nil
}

// parseInfo parses a tensor's description and checks it against itself.
func parseInfo(dec *json.Decoder) (Info, error) {
	var info Info
	var shape, offsets []int64
	var dtype string
	var has int
	err := object(dec, func(key string) (err error) {
		has++
		switch key {
		case "dtype":
			dtype, err = text(dec)
		case "shape":
			shape, err = integers(dec)
		case "data_offsets":
			offsets, err = integers(dec)
		default:
			err = errors.New("is not a key of the format")
		}
		return err
	})
	if err != nil {
		return info, err
	}
	if has != 3 {
		return info, errors.New("want the three keys dtype, shape and data_offsets")
	}
	if len(offsets) != 2 || offsets[0] > offsets[1] {
		return info, fmt.Errorf("data_offsets %v, want a begin and an end not before it", offsets)
	}
	d, ok := dtypeNamed(dtype)
	if !ok {
		return info, fmt.Errorf("dtype %q is not supported", dtype)
	}
	info.DType, info.lo, info.hi = d, offsets[0], offsets[1]
	info.Shape = make([]int, len(shape))
	size := int64(d.Size())
	for i, n := range shape {
		if n > math.MaxInt || n > 0 && size > math.MaxInt64/n {
			return info, fmt.Errorf("shape %v of %s overflows", shape, dtype)
		}
		info.Shape[i] = int(n)
		size *= n
	}
	if size != info.hi-info.lo {
		return info, fmt.Errorf("shape %v of %s takes %d bytes, data_offsets %v hold %d", shape, dtype, size, offsets, info.hi-info.lo)
	}
	return info, nil
}

// checkLayout sorts infos by their data and checks that they cover the data section of size bytes exactly.
func checkLayout(infos []Info, size int64) error {
	slices.SortStableFunc(infos, func(a, b Info) int {
		return cmp.Or(cmp.Compare(a.lo, b.lo), cmp.Compare(a.hi, b.hi))
	})
	end := int64(0)
	for _, info := range infos {
		if info.lo != end {
			return fmt.Errorf("tensor %q begins at byte %d of the data, the one before ends at %d", info.Name, info.lo, end)
		}
		end = info.hi
	}
	if end != size {
		return fmt.Errorf("the tensors take %d bytes, the file holds %d", end, size)
	}
	return nil
}

// object reads a JSON object and calls value for each key, to read its value. A key twice is an error.
func object(dec *json.Decoder, value func(key string) error) error {
	if err := delim(dec, '{'); err != nil {
		return err
	}
	seen := make(map[string]bool)
	for dec.More() {
		key, err := text(dec)
		if err != nil {
			return err
		}
		if seen[key] {
			return fmt.Errorf("key %q occurs twice", key)
		}
		seen[key] = true
		if err := value(key); err != nil {
			return fmt.Errorf("%q: %w", key, err)
		}
	}
	return delim(dec, '}')
}

// integers reads a JSON array of integers, none negative.
func integers(dec *json.Decoder) ([]int64, error) {
	if err := delim(dec, '['); err != nil {
		return nil, err
	}
	var list []int64
	for dec.More() {
		tok, err := dec.Token()
		number, ok := tok.(json.Number)
		if !ok {
			return nil, fmt.Errorf("%v, want an integer", orErr(tok, err))
		}
		n, err := strconv.ParseUint(number.String(), 10, 63)
		if err != nil {
			return nil, fmt.Errorf("%s, want an integer from 0 to %d", number, int64(math.MaxInt64))
		}
		list = append(list, int64(n))
	}
	return list, delim(dec, ']')
}

func text(dec *json.Decoder) (string, error) {
	tok, err := dec.Token()
	s, ok := tok.(string)
	if !ok {
		return "", fmt.Errorf("%v, want a string", orErr(tok, err))
	}
	return s, nil
}

func delim(dec *json.Decoder, want json.Delim) error {
	if tok, err := dec.Token(); tok != want {
		return fmt.Errorf("%v, want %v", orErr(tok, err), want)
	}
	return nil
}

// orErr returns the error if there is one, for messages, else the token.
func orErr(tok json.Token, err error) any {
	switch {
	case err == io.EOF:
		return "end of header"
	case err != nil:
		return err
	case tok == nil:
		return "null"
	}
	return tok
}
