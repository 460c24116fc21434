package transform

// This file is the hash of Hash, Cross and Vocabulary: FNV-1a, 64 bits, written out, for it is in the bits of trained
// models. Source: Fowler, Noll and Vo, https://datatracker.ietf.org/doc/draft-eastlake-fnv/.

const (
	fnvOffset = 0xcbf29ce484222325
	fnvPrime  = 0x100000001b3
)

// fnv1a returns the hash h continued over the bytes of s.
func fnv1a[S string | []byte](h uint64, s S) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return h
}
