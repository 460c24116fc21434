//go:build !unix

package fdlimit

// Max returns false: there is no such limit, or no way to know it.
func Max() (n uint64, known bool) { return 0, false }
