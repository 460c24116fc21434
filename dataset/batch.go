package dataset

import (
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/tensor"
)

// Source gives samples by number, in any order. It is safe for use by many goroutines at once, each with its own Batch.
type Source interface {
	// Len returns the number of samples.
	Len() int
	// Spec describes a sample; it is the same at every call, and its slices are read only.
	Spec() Spec
	// Fill makes b hold the samples of the given numbers, in that order, and copies everything: b keeps no reference to
	// the source. It starts with b.Resize(len(index), spec). A number outside [0, Len) panics; an error is the world's.
	// Callers use Batch.Fill, which does not believe that b holds as many samples as were asked for.
	Fill(b *Batch, index []int) error
}

// Spec describes one sample of a Source.
type Spec struct {
	Shape   []int  // of the input: [C, H, W] of an image, [D] of a feature vector
	Classes int    // labels are 0 … Classes-1; 0 if the targets are numbers and not classes
	Target  []int  // without classes, the shape of one target; nil is a single number
	Name    string // for messages: a data set's name or a file's

	ClassNames []string // of the classes, by label, where the source knows them; else nil
}

// Size returns the number of elements of one input, the product of Shape.
func (s Spec) Size() int { return product(s.Shape) }

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func (s Spec) sameLayout(t Spec) bool {
	return (s.Classes > 0) == (t.Classes > 0) && slices.Equal(s.Shape, t.Shape) && slices.Equal(s.Target, t.Target)
}

// Batch is a number of samples side by side.
//
//	X [N, Shape...] Float32    Y [N] Int64 labels from 0, or [N, Target...] Float32 where the source has no classes
//
// A batch yielded by Epoch.Batches belongs to the consumer until it asks for the next. With N = 0, X and Y have no elements.
type Batch struct {
	X, Y *tensor.Tensor
	N    int

	spec         Spec           // layout of the storage
	room         int            // samples the storage holds
	xRoom, yRoom *tensor.Tensor // storage, of which X and Y are views
	x, y         *tensor.Tensor // the views for N samples
}

// Fill fills b from src, and returns an error if src gave another number of samples than asked for. It is how this
// module reads every source.
func (b *Batch) Fill(src Source, index []int) error {
	if err := src.Fill(b, index); err != nil {
		return err
	}
	name := src.Spec().Name
	switch n := len(index); {
	case b.N != n:
		return fmt.Errorf("dataset: %s: Fill was asked for %d samples and gave N = %d", name, n, b.N)
	case b.X == nil || b.X.Rank() < 1 || b.X.Dim(0) != n:
		return fmt.Errorf("dataset: %s: Fill was asked for %d samples and gave X %s", name, n, shapeOf(b.X))
	case b.Y != nil && (b.Y.Rank() < 1 || b.Y.Dim(0) != n):
		return fmt.Errorf("dataset: %s: Fill was asked for %d samples and gave Y %s", name, n, shapeOf(b.Y))
	}
	return nil
}

func shapeOf(t *tensor.Tensor) string {
	if t == nil {
		return "nil"
	}
	return fmt.Sprint(t.Shape())
}

// Resize makes b a batch of n samples laid out as spec says. The elements are unspecified until the caller sets all of them.
// Storage is reused: it allocates only where n or the layout differs from the call before.
func (b *Batch) Resize(n int, spec Spec) {
	fits := b.xRoom != nil && b.spec.sameLayout(spec)
	if !fits || n > b.room {
		b.xRoom = tensor.New(tensor.Float32, append([]int{n}, spec.Shape...)...)
		if spec.Classes > 0 {
			b.yRoom = tensor.New(tensor.Int64, n)
		} else {
			b.yRoom = tensor.New(tensor.Float32, append([]int{n}, spec.Target...)...)
		}
		b.spec, b.room = spec, n
		b.x, b.y = b.xRoom, b.yRoom
	} else if n != b.x.Dim(0) {
		b.x, b.y = b.xRoom.Slice(0, 0, n), b.yRoom.Slice(0, 0, n)
	}
	b.X, b.Y, b.N = b.x, b.y, n
}
