package collectives

import (
	"context"
	"fmt"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Wire is how float32 numbers travel: as they are, or rounded to 16 bits, to the nearest, ties to even. Arithmetic is in
// float32 whatever the wire.
type Wire uint8

// The forms. The values travel on the wire: do not renumber.
const (
	Float32Wire  Wire = iota // 32 bits, exact
	BFloat16Wire             // 8 bits of exponent, 8 of precision: float32's range
	Float16Wire              // 5 bits of exponent, 11 of precision: from 65520 on it is infinite, below 6·10⁻⁸ zero
)

var wireNames = [...]string{"none", "bf16", "fp16"}

// String returns "none", "bf16" or "fp16".
func (w Wire) String() string {
	if int(w) < len(wireNames) {
		return wireNames[w]
	}
	return fmt.Sprintf("Wire(%d)", uint8(w))
}

// ParseWire is the inverse of String.
func ParseWire(name string) (Wire, error) {
	for w, n := range wireNames {
		if n == name {
			return Wire(w), nil
		}
	}
	return 0, fmt.Errorf("collectives: compression %q: want one of %q", name, wireNames)
}

// round stores x in h as it travels, widen what h stands for in x. w is one of the 16-bit forms.
func (w Wire) round(h []uint16, x []float32) {
	if w == BFloat16Wire {
		vec.ToBFloat16(h, x)
	} else {
		vec.ToFloat16(h, x)
	}
}

func (w Wire) widen(x []float32, h []uint16) {
	if w == BFloat16Wire {
		vec.FromBFloat16(x, h)
	} else {
		vec.FromFloat16(x, h)
	}
}

// AllReduceCompressed is AllReduce of op Sum or Mean with half the bytes on the wire: every rank's numbers are rounded
// once on their way to the rank that adds them, which does so in float32, and the result is rounded once on its way to all,
// its owner included. So all ranks end with the same bits, and the error is at most (P+1) roundings of 2⁻⁹ (bf16) or 2⁻¹²
// (fp16) relative to the largest partial sum, however many ranks there are; a ring, which would round a partial sum at every
// step, is not used. Float32Wire makes it AllReduce itself.
//
// The algorithm is Shuffle's, with its order of summation, whatever the group's. A rank sends (P−1)/P·S bytes, for S bytes
// of float32, half as many as AllReduce.
func AllReduceCompressed(ctx context.Context, g *Group, buf []float32, op Op, w Wire) error {
	return g.run(ctx, compressedOf(buf, op, w))
}

// AllReduceCompressedAsync begins an AllReduceCompressed. See AllReduceAsync.
func AllReduceCompressedAsync(ctx context.Context, g *Group, buf []float32, op Op, w Wire) Handle {
	return g.start(ctx, compressedOf(buf, op, w))
}

func compressedOf(buf []float32, op Op, w Wire) call {
	if op != Sum && op != Mean {
		panic(fmt.Sprintf("collectives: AllReduceCompressed: operation %v, want sum or mean", op))
	}
	c := allReduceOf(buf, op)
	switch w {
	case Float32Wire:
		return c
	case BFloat16Wire, Float16Wire:
		c.kind, c.root, c.do = kindAllReduceCompressed, int(w), (*call).compressed
		return c
	}
	panic(fmt.Sprintf("collectives: AllReduceCompressed: %v is no form of numbers on the wire", w))
}

// halfLen is how many elements of a rank's slice travel in one message.
const halfLen = segmentMax / 2

// compressed is shuffleAllReduce on 16-bit numbers. In each round a segment of every slice is exchanged: out of buf,
// rounded, to its owner, and, once summed, rounded, to everybody.
func (c *call) compressed() error {
	w, x := Wire(c.root), elemsOf[float32](c.buf)
	longest := c.maxPart() / 4
	m := max(1, (longest+halfLen-1)/halfLen)
	seg := longest/m + 1
	half, full := alignedLen(2*seg), alignedLen(4*seg)
	work := c.g.scratch(c.size*(2*half+full) + half)
	halves := func(i int) []byte { return work[i*half:][:half] } // what leaves for rank i, or comes from rank i−P
	wide := func(r int) []byte { return work[2*c.size*half+r*full:][:full] }
	own := work[c.size*(2*half+full):]
	span := func(r, j int) []float32 { // segment j of rank r's slice
		lo, hi := Slice(len(x), c.size, r)
		a, b := Slice(hi-lo, m, j)
		return x[lo+a : lo+b]
	}
	for j := range m {
		mine := span(c.rank, j)
		for r := range c.size {
			if r != c.rank {
				s := span(r, j)
				w.round(elemsOf[uint16](halves(r))[:len(s)], s)
			}
		}
		out := func(r int) []byte { return halves(r)[:2*len(span(r, j))] }
		in := func(r int) []byte { return halves(c.size + r)[:2*len(mine)] }
		c.postAll(0, false, in)
		if err := c.swapAll(0, false, out, in); err != nil {
			return err
		}
		// The own part is rounded as the others' are: the result does not depend on who owns the slice.
		rounded := elemsOf[uint16](own)[:len(mine)]
		w.round(rounded, mine)
		w.widen(mine, rounded)
		sumOf := func(r int) []byte { return wide(r)[:4*len(mine)] }
		for r := range c.size {
			if r != c.rank {
				w.widen(elemsOf[float32](sumOf(r)), elemsOf[uint16](in(r)))
			}
		}
		c.treeSum(bytesOf(mine), sumOf)
		w.round(rounded, mine)
		w.widen(mine, rounded)
		back := func(int) []byte { return own[:2*len(mine)] }
		theirs := func(r int) []byte { return halves(c.size + r)[:2*len(span(r, j))] }
		c.postAll(1, false, theirs)
		if err := c.swapAll(1, false, back, theirs); err != nil {
			return err
		}
		for r := range c.size {
			if r != c.rank {
				w.widen(span(r, j), elemsOf[uint16](theirs(r)))
			}
		}
	}
	return nil
}

// AllToAllCompressed is AllToAll with the numbers rounded on the way, those a rank sends itself too. Float32Wire makes it
// AllToAll itself.
func AllToAllCompressed(ctx context.Context, g *Group, send, recv [][]float32, w Wire) error {
	return g.run(ctx, compressedAllToAllOf(g, send, recv, w))
}

// AllToAllCompressedAsync begins an AllToAllCompressed. See AllReduceAsync.
func AllToAllCompressedAsync(ctx context.Context, g *Group, send, recv [][]float32, w Wire) Handle {
	return g.start(ctx, compressedAllToAllOf(g, send, recv, w))
}

func compressedAllToAllOf(g *Group, send, recv [][]float32, w Wire) call {
	c := allToAllOf(g, send, recv)
	switch w {
	case Float32Wire:
	case BFloat16Wire, Float16Wire:
		c.kind, c.root, c.do = kindAllToAllCompressed, int(w), (*call).compressedAllToAll
	default:
		panic(fmt.Sprintf("collectives: AllToAllCompressed: %v is no form of numbers on the wire", w))
	}
	return c
}

func (c *call) compressedAllToAll() error {
	if err := c.agree(); err != nil {
		return err
	}
	// The rounded pieces lie in scratch memory one after another: those to send, by rank, then those to receive.
	w := Wire(c.root)
	place := func(l byteSlices, from, r int) (at int) {
		for i := range r {
			from += alignedLen(len(l.at(i)) / 2)
		}
		return from
	}
	work := c.g.scratch(place(c.recvs, place(c.sends, 0, c.size), c.size))
	out := func(r int) []byte { return work[place(c.sends, 0, r):][:len(c.sends.at(r))/2] }
	in := func(r int) []byte { return work[place(c.recvs, place(c.sends, 0, c.size), r):][:len(c.recvs.at(r))/2] }
	c.postAll(0, false, in)
	for r := range c.size {
		w.round(elemsOf[uint16](out(r)), elemsOf[float32](c.sends.at(r)))
	}
	copy(in(c.rank), out(c.rank))
	if err := c.swapAll(0, false, out, in); err != nil {
		return err
	}
	for r := range c.size {
		w.widen(elemsOf[float32](c.recvs.at(r)), elemsOf[uint16](in(r)))
	}
	return nil
}
