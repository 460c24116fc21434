package transform

// This file is the hash of Hash, Cross and Vocabulary, written out, for it is in the bits of trained models: FNV-1a of
// 64 bits, and then SplitMix64, because the low bits of FNV-1a depend on the low bits of the text alone. Source:
// Fowler, Noll and Vo, https://datatracker.ietf.org/doc/draft-eastlake-fnv/; for mix see op.go.

const (
	fnvOffset = 0xcbf29ce484222325
	fnvPrime  = 0x100000001b3
)

// bucket returns which of n buckets a hash of fnv1a belongs to.
func bucket(h uint64, n int) int64 { return int64(mix(h) % uint64(n)) }

// fnv1a returns the hash h continued over the bytes of s.
func fnv1a[S string | []byte](h uint64, s S) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return h
}
