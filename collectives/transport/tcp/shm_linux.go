package tcp

import (
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// Shared memory without a name: who accepts makes it and passes its descriptor over the unix socket together with the
// welcome, so nobody else can open it and nothing is left behind however the processes end. It is sealed against
// shrinking, which would kill a process that uses it.

const shmAvailable = true

const shmSeals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL

// offerShm makes the memory, and welcomes the peer with it.
func offerShm(conn *net.UnixConn) (*shmConn, error) {
	fd, err := unix.MemfdCreate("tutti", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	defer unix.Close(fd)
	if err := unix.Ftruncate(fd, shmLen); err != nil {
		return nil, fmt.Errorf("shared memory of %d bytes: %w", shmLen, err)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, shmSeals); err != nil {
		return nil, fmt.Errorf("seal shared memory: %w", err)
	}
	mem, err := unix.Mmap(fd, 0, shmLen, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map shared memory: %w", err)
	}
	if _, _, err := conn.WriteMsgUnix([]byte{welcomeShm}, unix.UnixRights(fd), nil); err != nil {
		unix.Munmap(mem)
		return nil, errors.Join(errWelcome, err)
	}
	return newShmConn(conn, mem, true), nil
}

// readWelcome reads the welcome, and what came with it.
func readWelcome(conn *net.UnixConn) (byte, []byte, error) {
	var b [1]byte
	oob := make([]byte, unix.CmsgSpace(4))
	_, noob, _, _, err := conn.ReadMsgUnix(b[:], oob)
	if err != nil {
		return 0, nil, err
	}
	if b[0] != welcomeShm {
		return b[0], nil, nil
	}
	messages, err := unix.ParseSocketControlMessage(oob[:noob])
	if err != nil || len(messages) != 1 {
		return 0, nil, errGarbage
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return 0, nil, errGarbage
	}
	defer unix.Close(fds[0])
	var info unix.Stat_t
	if err := unix.Fstat(fds[0], &info); err != nil {
		return 0, nil, err
	}
	seals, err := unix.FcntlInt(uintptr(fds[0]), unix.F_GET_SEALS, 0)
	if err != nil || seals&unix.F_SEAL_SHRINK == 0 || info.Size != shmLen {
		return 0, nil, fmt.Errorf("%w: shared memory of %d bytes, seals %#x", errGarbage, info.Size, seals)
	}
	mem, err := unix.Mmap(fds[0], 0, shmLen, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	return welcomeShm, mem, err
}

func unmap(mem []byte) error { return unix.Munmap(mem) }
