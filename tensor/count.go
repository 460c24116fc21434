package tensor

// Elements returns the number of elements of a shape, and whether a tensor can have it. It cannot if an axis is
// negative, or if the axes that are not 0 multiply to more than the bytes of the widest dtype can be counted for:
// strides are made of them also where another axis is 0. For readers of foreign bytes: New panics where this says no.
func Elements(shape []int) (n int, ok bool) {
	n = 1
	empty := false
	for _, s := range shape {
		switch {
		case s < 0 || s > 0 && n > maxLen/s:
			return 0, false
		case s == 0:
			empty = true
		default:
			n *= s
		}
	}
	if empty {
		n = 0
	}
	return n, true
}
