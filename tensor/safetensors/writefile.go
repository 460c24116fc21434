package safetensors

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
)

// WriteFile writes the tensors and the metadata to the file path, replacing what is there, as one step: they go to a temporary
// file in the same directory, which is flushed to the disk and then renamed. At every moment path holds all of the old file or
// all of the new one, also if the program or the machine stops; on an error the old file stays and nothing is left behind.
func WriteFile(path string, tensors []Named, meta map[string]string) (err error) {
	f, err := createBeside(path)
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	temp := f.Name()
	defer func() {
		if err != nil {
			f.Close() // closed already, unless the writing failed
			os.Remove(temp)
		}
	}()

	w := bufio.NewWriterSize(f, 1<<16)
	if err := Write(w, tensors, meta); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	if err := os.Rename(temp, path); err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	syncDir(filepath.Dir(path))
	return nil
}

// createBeside creates a new file in path's directory, with the permissions that creating path itself would give.
func createBeside(path string) (*os.File, error) {
	for try := 0; ; try++ {
		temp := fmt.Sprintf("%s.%08x.tmp", path, rand.Uint32())
		f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil || !os.IsExist(err) || try == 100 {
			return f, err
		}
	}
}

// syncDir makes the new directory entry last, where the system can: Windows cannot, and some file systems refuse, for whom the
// rename is as lasting as they make it.
func syncDir(dir string) {
	if runtime.GOOS == "windows" {
		return
	}
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}
