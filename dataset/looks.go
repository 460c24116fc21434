package dataset

import (
	"bytes"
	"unicode/utf8"
)

// LooksLike says what kind of file begins with head, as the end of "is …"; "" if that cannot be told. It is for
// messages alone.
func LooksLike(head []byte) string {
	for _, known := range []struct{ magic, what string }{
		{"PAR1", "a Parquet file"},
		{"FEA1", "a Feather file of version 1"},
		{"ORC", "an ORC file"},
		{"Obj\x01", "an Avro file"},
		{"\x93NUMPY", "a NumPy .npy file"},
		{"\x89HDF\r\n", "an HDF5 file"},
		{"SQLite format 3\x00", "an SQLite database"},
		{"PK\x03\x04", "a zip archive, such as .npz, .xlsx or PyTorch's"},
		{"\x1f\x8b", "compressed by gzip"},
		{"BZh", "compressed by bzip2"},
		{"\x28\xb5\x2f\xfd", "compressed by Zstandard"},
		{"\x04\x22\x4d\x18", "compressed by LZ4"},
		{"\xfd7zXZ", "compressed by xz"},
		{"\x89PNG", "a PNG image"},
		{"\xff\xd8\xff", "a JPEG image"},
		{"\x00\x00\x08", "an IDX file"},
	} {
		if bytes.HasPrefix(head, []byte(known.magic)) {
			return known.what
		}
	}
	switch {
	case len(head) == 0:
		return "empty"
	case len(head) > 2 && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5 && head[2] != 0: // 0: an old Arrow message
		return "a Python pickle"
	}
	if len(head) < 4 || bytes.ContainsFunc(trimRune(head), func(r rune) bool {
		return r == utf8.RuneError || r < ' ' && r != '\t' && r != '\n' && r != '\r'
	}) {
		return ""
	}
	switch text := bytes.TrimLeft(head, " \t\r\n\ufeff"); {
	case len(text) > 0 && (text[0] == '{' || text[0] == '['):
		return "text, such as JSON"
	case len(text) > 0 && text[0] == '<':
		return "text, such as HTML"
	}
	return "text, such as CSV"
}

// trimRune drops a rune that the end of head cut in two.
func trimRune(head []byte) []byte {
	for i := 1; i <= min(utf8.UTFMax, len(head)); i++ {
		if tail := head[len(head)-i:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				return head[:len(head)-i]
			}
			break
		}
	}
	return head
}
