package safetensors

// This file guards a file against bytes that change after it was written: on a disk, on the way, in memory.
//
// Two entries of the metadata hold CRC-32C sums (Castagnoli), as 8 hexadecimal digits each:
//
//	"tutti.crc32c"           of the header: all but its own entry
//	"tutti.crc32c.tensors"   of every tensor's bytes, one after the other, in the byte order of the names
//
// The header's sum is over what it says and not over its text, so that a program that only puts keys or tensors into
// another order keeps it right. It is taken over, with each number and each string's length as uint64, little-endian:
//
//	for every tensor, in the byte order of the names:   name, dtype, rank, axes …
//	for every other entry of the metadata, in the byte order of the keys:   key, value
//
// Offsets are not in it: a tensor at a wrong place has a wrong sum. Either entry without the other is an error, for
// then a bit of a key has changed. A file without both is of another program and is not checked.

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strconv"
	"strings"
)

const (
	headerSumKey  = "tutti.crc32c"
	tensorSumsKey = "tutti.crc32c.tensors"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli) // the processor's own instruction, on amd64 and arm64

// headerSum returns the header's sum. infos are in the order of their names.
func headerSum(infos []*Info, meta map[string]string) uint32 {
	var b []byte
	sum := uint32(0)
	flush := func() { sum, b = crc32.Update(sum, castagnoli, b), b[:0] }
	text := func(s string) { b = append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...) }
	for _, info := range infos {
		text(info.Name)
		text(info.Type)
		b = binary.LittleEndian.AppendUint64(b, uint64(len(info.Shape)))
		for _, n := range info.Shape {
			b = binary.LittleEndian.AppendUint64(b, uint64(n))
		}
		flush()
	}
	for _, key := range slices.Sorted(maps.Keys(meta)) {
		if key != headerSumKey {
			text(key)
			text(meta[key])
			flush()
		}
	}
	return sum
}

// withSums returns meta with the two entries, for tensors whose crc is set.
func withSums(infos []Info, meta map[string]string) map[string]string {
	named := byName(infos)
	var sums strings.Builder
	for _, info := range named {
		fmt.Fprintf(&sums, "%08x", info.crc)
	}
	meta = maps.Clone(meta)
	if meta == nil {
		meta = make(map[string]string)
	}
	meta[tensorSumsKey] = sums.String()
	meta[headerSumKey] = fmt.Sprintf("%08x", headerSum(named, meta))
	return meta
}

// takeSums moves the entries from meta to infos, having checked the header. It reports whether they were there.
func takeSums(infos []Info, meta map[string]string) (checked bool, err error) {
	header, ok := meta[headerSumKey]
	sums, also := meta[tensorSumsKey]
	switch {
	case !ok && !also:
		return false, nil
	case !also:
		return false, fmt.Errorf("%w: the metadata has %q and not %q", ErrChecksum, headerSumKey, tensorSumsKey)
	case !ok:
		return false, fmt.Errorf("%w: the metadata has %q and not %q", ErrChecksum, tensorSumsKey, headerSumKey)
	}
	named := byName(infos)
	if got := fmt.Sprintf("%08x", headerSum(named, meta)); got != header {
		return false, fmt.Errorf("%w of the header: it is %s, the file says %s: %s", ErrChecksum, got, header, whatNow)
	}
	if len(sums) != 8*len(named) {
		return false, fmt.Errorf("%w: %d digits in %q for %d tensors: %s", ErrChecksum, len(sums), tensorSumsKey,
			len(named), whatNow)
	}
	for i, info := range named {
		sum, err := strconv.ParseUint(sums[8*i:8*i+8], 16, 32)
		if err != nil {
			return false, fmt.Errorf("%w: %q in %q", ErrChecksum, sums[8*i:8*i+8], tensorSumsKey)
		}
		info.crc = uint32(sum)
	}
	dropSums(meta)
	return true, nil
}

func dropSums(meta map[string]string) {
	delete(meta, headerSumKey)
	delete(meta, tensorSumsKey)
}

// whatNow ends the messages: a wrong sum has two causes, and one of them is harmless.
const whatNow = "the file is damaged, or a program that edited it kept the checksums of the tensors it had before; " +
	"that program should drop the metadata " + headerSumKey + " and " + tensorSumsKey +
	"; safetensors.OpenUnchecked reads the file as it is"

func byName(infos []Info) []*Info {
	named := make([]*Info, len(infos))
	for i := range infos {
		named[i] = &infos[i]
	}
	slices.SortFunc(named, func(a, b *Info) int { return strings.Compare(a.Name, b.Name) })
	return named
}
