package transform

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

// Split cuts text into lists of text.
//
//	"words"       the longest runs of letters, marks, digits and other numbers (Unicode's L, M and N); an apostrophe
//	              (' or ’) between two of them belongs to the word; all else separates. The default
//	"space"       what lies between white space (Unicode's White_Space)
//	"characters"  code points; of a letter and a mark that follows it each is one
//
// Bytes that are no UTF-8 separate words, and are characters of one byte. Nothing is normalised: é of one code point
// and of two differ.
type Split struct {
	Columns []string `json:"columns"`
	By      string   `json:"by,omitempty"`
	Lower   bool     `json:"lower,omitempty"` // in lower case, code point by code point
}

func (o Split) columns() []string { return o.Columns }

// Bind implements Op.
func (o Split) Bind(in dataset.Spec) (*Step, error) {
	var next func(text []byte) (from, to int)
	switch o.By {
	case "", "words":
		next = nextWord
	case "space":
		next = nextField
	case "characters":
		next = func(text []byte) (from, to int) {
			_, n := utf8.DecodeRune(text)
			return 0, n
		}
	default:
		return nil, fmt.Errorf(`transform: Split: By is %q, want "words", "space" or "characters"`, o.By)
	}
	return eachColumn("Split", in, o.Columns, func(_ int, c dataset.Column) (changed, error) {
		if !c.Text || c.Ragged {
			return changed{}, wrongKind("Split", c, "text")
		}
		to := dataset.Column{Name: c.Name, DType: tensor.Uint8, Text: true, Ragged: true}
		return changed{to, func(call *Call, out, in *dataset.Batch) error {
			call.bytes, call.ends = call.bytes[:0], call.ends[:0]
			lists, _ := out.GrowLists(c.Name, 0)
			values, from := in.Ragged(c.Name)
			all := tensor.Data[uint8](values)
			for i := range in.N {
				text := all[from[i]:from[i+1]]
				for lo, hi := next(text); hi > lo; lo, hi = next(text) {
					call.bytes = appendWord(call.bytes, text[lo:hi], o.Lower)
					call.ends = append(call.ends, int64(len(call.bytes)))
					text = text[hi:]
				}
				lists[i+1] = int64(len(call.ends))
			}
			_, offsets := out.GrowLists(c.Name, len(call.ends))
			copy(offsets[1:], call.ends)
			to, _ := out.Grow(c.Name, len(call.bytes))
			copy(tensor.Data[uint8](to), call.bytes)
			return nil
		}}, nil
	})
}

func appendWord(dst, word []byte, lower bool) []byte {
	if !lower {
		return append(dst, word...)
	}
	for len(word) > 0 {
		r, n := utf8.DecodeRune(word)
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, word[0])
		} else {
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		}
		word = word[n:]
	}
	return dst
}

// nextWord returns where the first word of text lies; to is 0 if there is none.
func nextWord(text []byte) (from, to int) {
	inside := false
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		switch {
		case inWord(r, n):
			if !inside {
				from, inside = i, true
			}
			to = i + n
		case inside && (r == '\'' || r == '’'):
			if r, n := utf8.DecodeRune(text[i+n:]); !inWord(r, n) {
				return from, to
			}
		case inside:
			return from, to
		}
		i += n
	}
	return from, to
}

func inWord(r rune, n int) bool {
	return (r != utf8.RuneError || n > 1) && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r))
}

func nextField(text []byte) (from, to int) {
	for from < len(text) {
		r, n := utf8.DecodeRune(text[from:])
		if !unicode.IsSpace(r) {
			break
		}
		from += n
	}
	for to = from; to < len(text); {
		r, n := utf8.DecodeRune(text[to:])
		if unicode.IsSpace(r) {
			break
		}
		to += n
	}
	return from, to
}
