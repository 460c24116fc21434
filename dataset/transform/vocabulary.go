package transform

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/dataset"
)

// Vocabulary makes of text and integers the number of each in a list of tokens that its columns share, Int64; an
// integer's token is its decimal text. The numbers are, in this order:
//
//	0              of padding, if Padding; no text has it
//	Unknown of     what is no token, by its hash (see Hash)
//	the tokens     in order
//
// Fit counts: the most frequent first, those of one count by their bytes. Memory is that of all that differ.
type Vocabulary struct {
	Columns []string `json:"columns"`
	// Unknown is how many numbers what is no token shares; default 1. Below 0 it is an error, as suits labels, whose
	// ClassNames are then the tokens.
	Unknown  int  `json:"unknown,omitempty"`
	Padding  bool `json:"padding,omitempty"`
	MinCount int  `json:"min_count,omitempty"` // tokens that Fit finds less often are none
	MaxSize  int  `json:"max_size,omitempty"`  // tokens at most; 0: all
	// Sorted puts fitted tokens in order of their bytes, or of the integers, as scikit-learn's encoders do; those that
	// MaxSize keeps are the most frequent still.
	Sorted bool     `json:"sorted,omitempty"`
	Tokens []string `json:"tokens,omitempty"` // nil: fitted
}

func (o Vocabulary) columns() []string { return o.Columns }
func (o Vocabulary) fitted() bool      { return o.Tokens != nil }

// layout returns the number of the first unknown, how many there are, and all numbers.
func (o Vocabulary) layout() (unknown, buckets, all int) {
	if o.Padding {
		unknown = 1
	}
	buckets = max(0, cmp.Or(o.Unknown, 1))
	return unknown, buckets, unknown + buckets + len(o.Tokens)
}

// Bind implements Op. It returns an error if the op is not fitted.
func (o Vocabulary) Bind(in dataset.Spec) (*Step, error) {
	unknown, buckets, all := o.layout()
	switch {
	case o.Tokens == nil:
		return nil, fmt.Errorf("transform: Vocabulary: not fitted: call Pipeline.Fit, or give Tokens")
	case buckets > maxClasses:
		return nil, fmt.Errorf("transform: Vocabulary: Unknown is %d, want up to %d", o.Unknown, int64(maxClasses))
	}
	ids := make(map[string]int64, len(o.Tokens))
	for i, token := range o.Tokens {
		if _, twice := ids[token]; twice {
			return nil, fmt.Errorf("transform: Vocabulary: Tokens has %q twice", token)
		}
		ids[token] = int64(unknown + buckets + i)
	}
	return eachColumn("Vocabulary", in, o.Columns, func(_ int, c dataset.Column) (changed, error) {
		ch, err := toIDs("Vocabulary", c, all, func(key []byte) (int64, error) {
			if id, ok := ids[string(key)]; ok {
				return id, nil
			}
			if buckets == 0 {
				return 0, fmt.Errorf("transform: Vocabulary: column %q: %q is none of the %d tokens", c.Name, key, len(ids))
			}
			return int64(unknown) + bucket(fnv1a(fnvOffset, key), buckets), nil
		})
		if buckets == 0 && unknown == 0 {
			ch.to.ClassNames = o.Tokens
		}
		return ch, err
	})
}

// counts is how often each token occurs.
type counts struct {
	op_      Vocabulary
	cols     []dataset.Column
	integers bool
	mu       sync.Mutex
	of       map[string]int64
	call     Call
}

func (o Vocabulary) fit(in dataset.Spec) (statistic, error) {
	s := &counts{op_: o, of: map[string]int64{}, integers: true}
	for _, name := range o.Columns {
		_, c, err := column("Vocabulary", in, name)
		if err != nil {
			return nil, err
		}
		if !isKeyed(c) {
			return nil, wrongKind("Vocabulary", c, "text or integers")
		}
		s.cols, s.integers = append(s.cols, c), s.integers && !c.Text
	}
	return s, nil
}

func (s *counts) width() int     { return 1 }
func (s *counts) begin(_, _ int) {}

func (s *counts) add(_, _ int, b *dataset.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.cols {
		err := eachKey(&s.call, b, c, func(_ int, key []byte) error {
			s.of[string(key)]++
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// merge adds up the counts of all ranks, which travel as length, bytes and count of each token.
func (s *counts) merge(ctx context.Context, g *collectives.Group) error {
	if g.Size() == 1 {
		return nil
	}
	var mine []byte
	for token, n := range s.of {
		mine = binary.AppendUvarint(mine, uint64(len(token)))
		mine = append(mine, token...)
		mine = binary.AppendUvarint(mine, uint64(n))
	}
	all, _, err := collectives.AllGatherV(ctx, g, nil, mine)
	if err != nil {
		return err
	}
	clear(s.of)
	for len(all) > 0 {
		size, k := binary.Uvarint(all)
		token := all[k:][:size]
		all = all[k+int(size):]
		n, k := binary.Uvarint(all)
		all = all[k:]
		s.of[string(token)] += int64(n)
	}
	return nil
}

func (s *counts) op() (Op, error) {
	o := s.op_
	tokens := slices.Collect(maps.Keys(s.of))
	tokens = slices.DeleteFunc(tokens, func(t string) bool { return s.of[t] < int64(o.MinCount) })
	slices.SortFunc(tokens, func(a, b string) int { return cmp.Or(cmp.Compare(s.of[b], s.of[a]), cmp.Compare(a, b)) })
	if o.MaxSize > 0 && len(tokens) > o.MaxSize {
		tokens = tokens[:o.MaxSize]
	}
	if o.Sorted {
		slices.SortFunc(tokens, func(a, b string) int {
			if s.integers {
				x, _ := strconv.ParseInt(a, 10, 64)
				y, _ := strconv.ParseInt(b, 10, 64)
				return cmp.Compare(x, y)
			}
			return cmp.Compare(a, b)
		})
	}
	o.Tokens = append([]string{}, tokens...)
	return o, nil
}
