package tensor

// At returns the element at an offset in elements as a number: how the tests read tensors without what they test.
func At(t *Tensor, off int) float64 {
	switch t.dtype {
	case Float32:
		return float64(*at[float32](t, off))
	case Float64:
		return *at[float64](t, off)
	case Int32:
		return float64(*at[int32](t, off))
	case Int64:
		return float64(*at[int64](t, off))
	case Uint8:
		return float64(*at[uint8](t, off))
	case Int8:
		return float64(*at[int8](t, off))
	case Bool:
		return float64(*at[uint8](t, off))
	default:
		return float64(fromFloat16(*at[uint16](t, off)))
	}
}
