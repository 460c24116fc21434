//go:build unix

package atomicfile

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Devices and fifos are written to and stay what they are; sockets are refused, and all of them where a file is to be
// read again.
func TestSpecialFiles(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, Write(os.DevNull, text("x")))
	info, err := os.Stat(os.DevNull)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeCharDevice)
	require.NoError(t, Check(os.DevNull))
	require.ErrorContains(t, CheckRegular(os.DevNull), os.DevNull+" is a character device")

	link := filepath.Join(dir, "link")
	require.NoError(t, os.Symlink(os.DevNull, link))
	require.NoError(t, Write(link, text("x")))
	info, err = os.Stat(link)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeCharDevice)

	fifo := filepath.Join(dir, "fifo")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	got := make(chan string)
	go func() {
		b, _ := os.ReadFile(fifo)
		got <- string(b)
	}()
	require.NoError(t, Write(fifo, text("through")))
	require.Equal(t, "through", <-got)

	t.Chdir(dir) // a socket's path must be short
	l, err := net.Listen("unix", "socket")
	require.NoError(t, err)
	defer l.Close()
	require.ErrorContains(t, Check("socket"), "socket is a socket, want a file")
	require.Error(t, Write("socket", text("x")))
	require.Equal(t, []string{"fifo", "link", "socket"}, names(t, dir))
}

// A full device is an error that names it.
func TestFullDevice(t *testing.T) {
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skip("this system has no " + full)
	}
	err := Write(full, text("x"))
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.ErrorContains(t, err, full)
}
