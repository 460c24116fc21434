package safetensors

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/tutti-ml/tutti/internal/atomicfile"
	"github.com/tutti-ml/tutti/tensor"
)

// A Writer writes a file whose elements come a part at a time, so that they need not be in memory together: Create says
// which tensors there are, Write gives their elements, in the order of Infos, and Close ends the file. What it writes
// is what WriteFile writes of the same tensors, byte for byte. One goroutine uses it at a time.
//
// The checksums stand in the header, before what they are of. The header is as long with any, so it is written twice:
// first without them.
type Writer struct {
	file  *atomicfile.File
	path  string
	infos []Info
	meta  map[string]string
	at    int   // the tensor that is being written
	done  int64 // its bytes so far
	err   error // the first
}

// Create begins to write the file path, of tensors that infos describes by Name, DType and Shape, and of the metadata,
// which may be nil. At path stays what there is until Close. The errors are those of WriteFile, before a byte is
// written. The caller calls Close or Abort.
func Create(path string, infos []Info, meta map[string]string) (*Writer, error) {
	w := &Writer{path: path, infos: laidOut(infos), meta: meta}
	header, err := makeHeader(w.infos, withSums(w.infos, meta))
	if err != nil {
		return nil, err
	}
	if w.file, err = atomicfile.Create(path); err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	if _, err := w.file.Write(header); err != nil {
		w.file.Abort()
		return nil, fmt.Errorf("safetensors: header: %w", err)
	}
	w.next()
	return w, nil
}

// laidOut gives the infos in the order of a file, with their types and places.
func laidOut(infos []Info) []Info {
	infos = slices.Clone(infos)
	slices.SortStableFunc(infos, func(a, b Info) int { return cmp.Compare(b.DType.Size(), a.DType.Size()) })
	end := int64(0)
	for i := range infos {
		info := &infos[i]
		n, ok := tensor.Elements(info.Shape)
		if !ok {
			panic(fmt.Sprintf("safetensors: Create: shape %v of %q overflows", info.Shape, info.Name))
		}
		info.Type, info.lo, info.crc = nameOf(info.DType), end, 0
		end += int64(n * info.DType.Size())
		info.hi = end
	}
	return infos
}

// Infos returns the tensors in the order in which their elements are to be written. The slice belongs to w: read it
// only.
func (w *Writer) Infos() []Info { return w.infos }

// next passes over tensors that are complete.
func (w *Writer) next() {
	for w.at < len(w.infos) && w.done == w.infos[w.at].Bytes() {
		w.at, w.done = w.at+1, 0
	}
}

// Write writes the next elements, as they lie in memory: a whole number of them, of one tensor or of several. It panics
// if there are more than Infos says. After an error it writes nothing and returns that error.
func (w *Writer) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		if w.at == len(w.infos) {
			panic(fmt.Sprintf("safetensors: Writer.Write: %d bytes more than the tensors of %s have", len(p), w.path))
		}
		info := &w.infos[w.at]
		part := p[:min(int64(len(p)), info.Bytes()-w.done, piece)]
		if size := info.DType.Size(); len(part)%size != 0 {
			panic(fmt.Sprintf("safetensors: Writer.Write: %d bytes of %q, whose elements have %d", len(part), info.Name,
				size))
		}
		if err := w.write(info, part); err != nil {
			return n, err
		}
		p, n, w.done = p[len(part):], n+len(part), w.done+int64(len(part))
		w.next()
	}
	return n, nil
}

// write writes elements of one tensor.
func (w *Writer) write(info *Info, part []byte) error {
	if w.err != nil {
		return w.err
	}
	if bigEndian {
		part = slices.Clone(part)
		swapBytes(part, info.DType.Size())
	}
	info.crc = crc32.Update(info.crc, castagnoli, part)
	if _, err := w.file.Write(part); err != nil {
		w.err = fmt.Errorf("safetensors: tensor %q: %w", info.Name, err)
	}
	return w.err
}

// Close ends the file and puts it in its place, as WriteFile does. After an error, of Write too, and if elements are
// missing, it drops the new file and returns the error: what was there stays.
func (w *Writer) Close() error {
	defer w.file.Abort() // after Commit it does nothing
	if w.err != nil {
		return w.err
	}
	if w.at < len(w.infos) {
		info := w.infos[w.at]
		return fmt.Errorf("safetensors: %s: %d of the %d bytes of tensor %q were written, and %d more tensors are missing",
			w.path, w.done, info.Bytes(), info.Name, len(w.infos)-w.at-1)
	}
	header, err := makeHeader(w.infos, withSums(w.infos, w.meta))
	if err != nil {
		return err
	}
	if _, err := w.file.WriteAt(header, 0); err != nil {
		return fmt.Errorf("safetensors: header: %w", err)
	}
	if err := w.file.Commit(); err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	return nil
}

// Abort drops the new file: what was there stays. After Close it does nothing.
func (w *Writer) Abort() { w.file.Abort() }
