package tensor

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/tutti-ml/tutti/internal/alloctest"
)

func TestSizeClasses(t *testing.T) {
	rooms := map[int]int{}
	last := 0
	for size := 1; size < 1<<20; size += 1 + size/97 {
		class, room := sizeClass(size)
		assert.GreaterOrEqual(t, room, size)
		if size > 256 {
			assert.LessOrEqual(t, float64(room), 1.25*float64(size)+align, "size %d", size)
		}
		assert.GreaterOrEqual(t, class, last, "classes grow with size: %d", size)
		assert.Positive(t, class)
		if r, ok := rooms[class]; ok {
			assert.Equal(t, r, room, "one class, one room: size %d", size)
		}
		rooms[class], last = room, class
	}
	for _, size := range []int{64, 128, 256, 320, 512, 1 << 20, 5 << 20} {
		_, room := sizeClass(size)
		assert.Equal(t, size, room, "a size that is a room")
		c, _ := sizeClass(size)
		d, _ := sizeClass(size + 1)
		assert.Equal(t, c+1, d)
	}
}

func TestPoolReuses(t *testing.T) {
	var p Pool
	a := p.New(Float32, 10, 10)
	at := unsafe.Pointer(&Data[float32](a)[0])
	assert.Zero(t, uintptr(at)%64)
	p.Put(a)
	b := p.New(Int64, 50)
	assert.Equal(t, at, unsafe.Pointer(&Data[int64](b)[0]), "the block serves another dtype and shape")
	assert.Equal(t, []int{50}, b.Shape())
	c := p.New(Float32, 100)
	assert.NotEqual(t, at, unsafe.Pointer(&Data[float32](c)[0]), "b is out")
	held := p.Bytes()
	p.Reset()
	p.New(Float32, 100)
	p.New(Float32, 99)
	assert.Equal(t, held, p.Bytes())
}

func TestPoolViewsAndEmpties(t *testing.T) {
	var p Pool
	x := p.New(Float32, 2, 3)
	copy(Data[float32](x), []float32{0, 1, 2, 3, 4, 5})
	assert.Equal(t, []float32{3, 4, 5}, Data[float32](p.Slice(p.Reshape(x, 6), 0, 3, 6)))
	assert.Equal(t, []float32{0, 3, 1, 4, 2, 5}, Data[float32](p.Transpose(x, 0, 1).Clone()))
	e := p.New(Float32, 0, 3)
	assert.Zero(t, e.Len())
	p.Put(e)
	assert.Zero(t, alloctest.PerRun(10, func() {
		p.Reset()
		p.Transpose(p.Slice(p.Reshape(p.New(Float32, 2, 3), 3, 2), 0, 1, 2), 0, 1)
	}))
}

func TestPoolMisuse(t *testing.T) {
	var p, other Pool
	x := p.New(Float32, 3)
	const message = "tensor: Pool.Put: a float32 tensor of shape [3] that is not out of this pool"
	assert.PanicsWithValue(t, message, func() { other.Put(x) })
	assert.PanicsWithValue(t, message, func() { p.Put(New(Float32, 3)) })
	assert.PanicsWithValue(t, message, func() { p.Put(p.Reshape(x, 3)) })
	p.Put(x)
	assert.PanicsWithValue(t, message, func() { p.Put(x) })
	p.New(Float32, 500)
	assert.PanicsWithValue(t, message, func() { p.Put(x) })
	assert.PanicsWithValue(t, "tensor: Pool.New: shape [2 -1]: negative axis", func() { p.New(Float32, 2, -1) })
}
