// Package option holds the convention for fields of options and recipes: a zero value means the field's default, and a
// number that is really zero is said with Zero. The packages whose users write such fields export it.
package option

import "math"

// Zero stands for exactly 0 in a field whose zero value means something else. It is the smallest number that is not 0,
// so even code that knows nothing of it computes what it would with 0, but for a division.
const Zero = math.SmallestNonzeroFloat64

// Float returns what the field v says: the default where it is 0, exactly 0 where it is Zero.
func Float(v, def float64) float64 {
	switch v {
	case 0:
		return def
	case Zero:
		return 0
	}
	return v
}
