package vec

// This file looks for numbers that are none.

// HasNaN reports whether x holds a NaN.
func HasNaN[T Float](x []T) bool {
	for _, v := range x {
		if v != v {
			return true
		}
	}
	return false
}

// AllFinite reports whether x holds neither a NaN nor an infinity.
func AllFinite[T Float](x []T) bool {
	for _, v := range x {
		if v-v != 0 { // ±Inf-±Inf and NaN-NaN are NaN
			return false
		}
	}
	return true
}
