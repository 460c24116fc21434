package atomicfile

import (
	"os"
	"syscall"
)

// openLocked opens the file name, making it if need be, so that nobody else can open it; held says that another has.
// The file goes with the last handle.
func openLocked(name string) (f *os.File, held bool, err error) {
	const (
		sharingViolation = syscall.Errno(32)
		deleteOnClose    = 0x04000000
		deleteAccess     = 0x00010000
	)
	p, err := syscall.UTF16PtrFromString(name)
	if err != nil {
		return nil, false, &os.PathError{Op: "open", Path: name, Err: err}
	}
	h, err := syscall.CreateFile(p, syscall.GENERIC_READ|syscall.GENERIC_WRITE|deleteAccess, 0, nil,
		syscall.OPEN_ALWAYS,
		syscall.FILE_ATTRIBUTE_NORMAL|deleteOnClose, 0)
	if err == sharingViolation {
		return nil, true, nil
	}
	if err != nil {
		return nil, false, &os.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(h), name), false, nil
}

// removeLocked leaves it to the system, which removes the file when it is closed.
func removeLocked(*os.File, string) {}
