package images

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// This file walks the segments of a JPEG and the chunks of a PNG for what the decoders of the standard library do not
// say: the EXIF orientation, and how many scans there are. Bytes that are not what they should be mean no orientation:
// nothing else is at stake. Source: JEITA CP-3451, Exif 2.32; ITU-T T.81, annex B; PNG, third edition.

// orientationTag is the number of the field of IFD 0.
const orientationTag = 0x0112

// orientationOf reads the orientation from EXIF data, a TIFF file: 1 … 8, and 1 where it says none. It follows one
// offset, to IFD 0, and reads at most as many entries as there are bytes.
func orientationOf(tiff []byte) int {
	var order binary.ByteOrder
	switch {
	case len(tiff) < 8:
		return 1
	case bytes.HasPrefix(tiff, []byte("II*\x00")):
		order = binary.LittleEndian
	case bytes.HasPrefix(tiff, []byte("MM\x00*")):
		order = binary.BigEndian
	default:
		return 1
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 1
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			return 1
		}
		tag, kind, count := order.Uint16(entries), order.Uint16(entries[2:]), order.Uint32(entries[4:])
		if tag == orientationTag {
			const short, long = 3, 4
			value := uint32(0)
			switch {
			case count == 1 && kind == short:
				value = uint32(order.Uint16(entries[8:]))
			case count == 1 && kind == long:
				value = order.Uint32(entries[8:])
			}
			if value >= 1 && value <= 8 {
				return int(value)
			}
			return 1
		}
		entries = entries[12:]
	}
	return 1
}

// scanned is what the segments of a JPEG say.
type scanned struct{ orientation, scans int }

// maxScans bounds the scans of a progressive JPEG: each costs time in proportion to the image, and a few bytes.
// Encoders write about ten.
const maxScans = 1000

// scanJPEG walks the segments. It refuses a file with more scans than maxScans, and leaves all else to the decoder.
func scanJPEG(data []byte) (scanned, error) {
	s := scanned{orientation: 1}
	seen := false
	for at := 2; ; {
		next := bytes.IndexByte(data[at:], 0xff)
		if next < 0 || at+next+1 >= len(data) {
			return s, nil
		}
		at += next + 1
		marker := data[at]
		switch {
		case marker == 0xff: // a byte that fills
			continue
		case marker == 0xd9: // the end
			return s, nil
		case marker == 0 || marker >= 0xd0 && marker <= 0xd8: // in the midst of a scan
			at++
			continue
		}
		if at++; at+2 > len(data) {
			return s, nil
		}
		n := int(binary.BigEndian.Uint16(data[at:]))
		if n < 2 || at+n > len(data) {
			return s, nil
		}
		body := data[at+2 : at+n]
		switch marker {
		case 0xda:
			if s.scans++; s.scans > maxScans {
				return s, fmt.Errorf("has more than %d scans", maxScans)
			}
		case 0xe1:
			if tiff, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00")); ok && !seen {
				s.orientation, seen = orientationOf(tiff), true
			}
		}
		at += n
	}
}

const pngMagic = "\x89PNG\r\n\x1a\n"

// orientationOfPNG reads the chunk eXIf.
func orientationOfPNG(data []byte) int {
	data = data[len(pngMagic):]
	for len(data) >= 12 {
		n := uint64(binary.BigEndian.Uint32(data))
		if n+12 > uint64(len(data)) {
			break
		}
		if string(data[4:8]) == "eXIf" {
			return orientationOf(data[8 : 8+n])
		}
		data = data[12+n:]
	}
	return 1
}
