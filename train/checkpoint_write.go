package train

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/tensor/safetensors"
)

// A vector is one of the state's, as a checkpoint lists it, and who has what of it.
type vector struct {
	safetensors.Info
	length int      // in elements
	has    [][]span // of each rank
}

// whole says whether rank has all of it.
func (v vector) whole(rank int) bool { return slices.Contains(v.has[rank], span{0, v.length}) }

// bytes is the size of the elements of all vectors.
func bytesIn(list []vector) int64 {
	n := int64(0)
	for _, v := range list {
		n += int64(v.length * v.DType.Size())
	}
	return n
}

// vectors lists the state of which the ranks have parts, in the order of a file, on all ranks alike. All ranks call it,
// with their parts. The model counts where root has it.
func vectors(ctx context.Context, g *collectives.Group, s *snapshot, root int) ([]vector, error) {
	type holding struct {
		Name   string
		DType  tensor.DType
		Shape  []int
		Length int
		Lo, Hi int
	}
	var mine []holding
	for _, p := range s.pieces {
		if p.ofModel() && g.Rank() != root || isFeedback(p) && s.at.Step == 0 { // then nothing is owed
			continue
		}
		h := holding{p.name, p.dtype(), []int{p.length}, p.length, p.lo, p.hi}
		if p.ofModel() {
			h.Shape = p.data.Shape()
		}
		mine = append(mine, h)
	}
	text, err := json.Marshal(mine)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	texts, err := gatherBytes(ctx, g, text)
	if err != nil {
		return nil, fmt.Errorf("train: listing the state: %w", err)
	}
	var list []vector
	index := map[string]int{}
	for r, text := range texts {
		var theirs []holding
		if err := json.Unmarshal(text, &theirs); err != nil {
			return nil, fmt.Errorf("train: the state of rank %d: %w", r, err)
		}
		for _, h := range theirs {
			i, ok := index[h.Name]
			if !ok {
				i = len(list)
				index[h.Name] = i
				info := safetensors.Info{Name: h.Name, DType: h.DType, Shape: h.Shape}
				list = append(list, vector{info, h.Length, make([][]span, g.Size())})
			}
			list[i].has[r] = append(list[i].has[r], span{h.Lo, h.Hi})
		}
	}
	slices.SortStableFunc(list, func(a, b vector) int { return cmp.Compare(b.DType.Size(), a.DType.Size()) })
	return list, nil
}

// stream writes the elements of all vectors to w, on rank root; other ranks send it what they have, and pass a nil w.
// All ranks call it. Beyond what is there it takes some chunks of memory. An error of w is rank root's alone, and comes
// after all has been sent.
func stream(ctx context.Context, g *collectives.Group, s *snapshot, list []vector, root int, w io.Writer) error {
	pieces := map[string][]piece{}
	for _, p := range s.pieces {
		pieces[p.name] = append(pieces[p.name], p)
	}
	var failed error
	write := func(p []byte) {
		if failed == nil {
			_, failed = w.Write(p)
		}
	}
	var f *filling
	var chunk []byte
	for _, v := range list {
		have := pieces[v.Name]
		if v.whole(root) {
			for _, p := range have {
				if g.Rank() == root && p.whole() {
					write(tensor.Bytes(p.data))
					break
				}
			}
			continue
		}
		if f == nil || f.size != v.DType.Size() {
			f = newFilling(g, v.DType.Size())
			if g.Rank() == root {
				chunk = make([]byte, fillChunk*f.size)
			}
			f.wants = make([]span, g.Size())
		}
		f.have, f.has = have, v.has
		for at := 0; at < v.length; at += fillChunk {
			to := min(at+fillChunk, v.length)
			f.wants[root] = span{at, to}
			if g.Rank() == root {
				f.dst, f.lo = chunk[:(to-at)*f.size], at
			}
			if err := f.chunk(ctx, at, to); err != nil {
				return fmt.Errorf("train: gathering %s: %w", v.Name, err)
			}
			if g.Rank() == root {
				write(f.dst)
			}
		}
		if f.missing != nil {
			return fmt.Errorf("train: no rank has elements [%d, %d) of %s", f.missing.lo, f.missing.hi, v.Name)
		}
	}
	return failed
}
