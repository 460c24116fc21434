package rendezvous

// The store in a directory, for ranks of one user whose launcher gives them no address: mpirun, with a program that does
// without MPI. By default it is one of this host; on a shared file system it serves several.
//
// All ranks compute the directory's name from the job's, so one may find what a job of that name left that is long dead.
// Hence the handshake: rank 0 removes what it finds and makes the directory anew; every other rank r writes a random
// number into hello-r, again whenever that file is gone; when all have, rank 0 writes the secret together with all these
// numbers into the file go. A rank believes a go that repeats its own number: it was written for it. Files appear
// complete, by renaming. The directory and everything in it is readable by its owner alone, and every rank checks that.

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	numberLen = 16
	pollMin   = 2 * time.Millisecond
	pollMax   = 100 * time.Millisecond
)

// Dir is a store in a directory. It implements transport.Store.
type Dir struct {
	path   string // of the job
	rank   int
	owner  bool // Close removes it
	secret []byte

	mu      sync.Mutex
	wanted  map[string]*file // what Gets wait for
	looking bool             // there is a goroutine that looks for them
}

// OpenDir meets the other ranks of a job in a directory under base, or os.TempDir if that is "", and returns their store.
// The job's name must be the same on every rank and differ from that of any job that uses base at the same time. It
// returns when rank 0
// knows of all ranks, and this rank of rank 0; a ctx that ends first gives an error naming who is missing.
func OpenDir(ctx context.Context, base, job string, rank, size int) (*Dir, error) {
	if base == "" {
		base = os.TempDir()
	}
	sum := sha256.Sum256([]byte(job))
	d := &Dir{path: filepath.Join(base, fmt.Sprintf("tutti-%s-%x", owner(), sum[:8])), rank: rank, owner: rank == 0}
	var err error
	if rank == 0 {
		err = d.host(ctx, size)
	} else {
		err = d.join(ctx, size)
	}
	if err != nil {
		return nil, fmt.Errorf("rendezvous: directory %s: %w", d.path, err)
	}
	return d, nil
}

// JoinDir opens the store name of ranks that share a secret already, so that it takes no meeting: under base, as OpenDir
// does, in a directory that the first to come makes and whose name follows from the secret. Close leaves it, but for the
// rank that has called Inherit.
func JoinDir(base, name string, secret []byte) (*Dir, error) {
	if base == "" {
		base = os.TempDir()
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("tutti directory " + name))
	d := &Dir{path: filepath.Join(base, fmt.Sprintf("tutti-%s-%x", owner(), mac.Sum(nil)[:16])), secret: secret}
	err := os.Mkdir(d.path, 0o700)
	if errors.Is(err, fs.ErrExist) {
		err = d.mine()
	}
	if err != nil {
		return nil, fmt.Errorf("rendezvous: directory %s: %w", d.path, err)
	}
	return d, nil
}

// Secret returns the random secret that rank 0 drew for the job.
func (d *Dir) Secret() []byte { return d.secret }

// Set stores value under key.
func (d *Dir) Set(ctx context.Context, key string, value []byte) error {
	r := request{op: opSet, key: key, value: value}
	if err := errors.Join(r.check(), ctx.Err()); err != nil {
		return fmt.Errorf("rendezvous: set %q: %w", key, err)
	}
	if err := d.write(fileOf(key), value); err != nil {
		return fmt.Errorf("rendezvous: set %q: %w", key, err)
	}
	return nil
}

// Get waits until key has been set and returns its value.
func (d *Dir) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := d.get(ctx, fileOf(key))
	if err != nil {
		return nil, fmt.Errorf("rendezvous: get %q: %w", key, err)
	}
	return value, nil
}

func (d *Dir) get(ctx context.Context, file string) ([]byte, error) {
	path := filepath.Join(d.path, file)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if value, err := os.ReadFile(path); !errors.Is(err, fs.ErrNotExist) {
		return value, err
	}
	there := d.want(file)
	select {
	case <-there.appeared:
	case <-ctx.Done():
		d.leave(file, there)
		return nil, context.Cause(ctx)
	}
	if there.err != nil {
		return nil, there.err
	}
	return os.ReadFile(path)
}

// Propose stores value under key unless a value was proposed before, and returns the one that is there: whoever proposes
// for key, all get the first. These keys are apart from Set's. The file system must have hard links.
func (d *Dir) Propose(ctx context.Context, key string, value []byte) ([]byte, error) {
	r := request{op: opPropose, key: key, value: value}
	err := errors.Join(r.check(), ctx.Err())
	name := "first-" + fileOf(key)
	if err == nil {
		err = d.create(name, value)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("rendezvous: propose %q: %w", key, err)
	}
	first, err := os.ReadFile(filepath.Join(d.path, name))
	if err != nil {
		return nil, fmt.Errorf("rendezvous: propose %q: %w", key, err)
	}
	return first, nil
}

// Inherit makes this rank the one whose Close removes the directory.
func (d *Dir) Inherit() { d.owner = true }

// Close removes the directory, on rank 0 or the rank that has called Inherit, which closes last.
func (d *Dir) Close() error {
	if !d.owner {
		return nil
	}
	return os.RemoveAll(d.path)
}

// host is rank 0's part of the handshake.
func (d *Dir) host(ctx context.Context, size int) (err error) {
	if err := d.mine(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for range 10 { // a rank that was first may just be writing there
		if err = os.RemoveAll(d.path); err == nil {
			break
		}
	}
	if err != nil {
		return err
	}
	if err := os.Mkdir(d.path, 0o700); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(d.path)
		}
	}()
	d.secret = make([]byte, 32)
	rand.Read(d.secret)
	message := bytes.Clone(d.secret)
	for rank := 1; rank < size; rank++ {
		var number []byte
		err := poll(ctx, func() (bool, error) {
			number, err = os.ReadFile(filepath.Join(d.path, helloFile(rank)))
			return len(number) == numberLen, ignoreMissing(err)
		})
		if err != nil {
			return fmt.Errorf("rank %d has not come: %w", rank, err)
		}
		message = append(message, number...)
	}
	return d.write(goFile, message)
}

// join is any other rank's part.
func (d *Dir) join(ctx context.Context, size int) error {
	number := make([]byte, numberLen)
	rand.Read(number)
	err := poll(ctx, func() (bool, error) {
		if err := d.mine(); err != nil {
			return false, ignoreMissing(err)
		}
		if there, err := os.ReadFile(filepath.Join(d.path, helloFile(d.rank))); err != nil || !bytes.Equal(there, number) {
			return false, ignoreMissing(d.write(helloFile(d.rank), number))
		}
		message, err := os.ReadFile(filepath.Join(d.path, goFile))
		if err != nil {
			return false, ignoreMissing(err)
		}
		at := 32 + (d.rank-1)*numberLen
		if len(message) != 32+(size-1)*numberLen || !bytes.Equal(message[at:at+numberLen], number) {
			return false, nil // for the ranks of another time
		}
		d.secret = message[:32]
		return true, nil
	})
	if err != nil {
		return fmt.Errorf("rank 0 has not come: %w", err)
	}
	return nil
}

// mine checks that the directory is this user's own, and nobody else's to read.
func (d *Dir) mine() error {
	info, err := os.Lstat(d.path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return errors.New("it is no directory")
	}
	return private(info)
}

// write makes a file appear with all its content at once, in the place of another; create is an fs.ErrExist where there
// is one.
func (d *Dir) write(name string, content []byte) error  { return d.put(name, content, os.Rename) }
func (d *Dir) create(name string, content []byte) error { return d.put(name, content, link) }

func link(from, to string) error {
	defer os.Remove(from)
	return os.Link(from, to)
}

func (d *Dir) put(name string, content []byte, as func(from, to string) error) error {
	f, err := os.CreateTemp(d.path, "new-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = as(f.Name(), filepath.Join(d.path, name))
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// file is one that Gets wait for.
type file struct {
	waiting  int           // Gets
	appeared chan struct{} // closed when it is there, or err says why nobody can know
	err      error
}

// want returns a file to wait for. One goroutine looks for all of them, as in a job of P ranks each waits for P−1 at a
// time.
func (d *Dir) want(name string) *file {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.wanted[name]
	if f == nil {
		if d.wanted == nil {
			d.wanted = map[string]*file{}
		}
		if !d.looking {
			d.looking = true
			go d.look()
		}
		f = &file{appeared: make(chan struct{})}
		d.wanted[name] = f
	}
	f.waiting++
	return f
}

// leave ends the wait of one Get.
func (d *Dir) leave(name string, f *file) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f.waiting--; f.waiting == 0 && d.wanted[name] == f {
		delete(d.wanted, name)
	}
}

// look reads the directory, ever more rarely while nothing appears, until no Get waits any more.
func (d *Dir) look() {
	for wait := pollMin; ; wait = min(2*wait, pollMax) {
		names, err := d.names()
		d.mu.Lock()
		for name, f := range d.wanted {
			if _, there := names[name]; there || err != nil {
				f.err = err
				close(f.appeared)
				delete(d.wanted, name)
				wait = pollMin
			}
		}
		d.looking = len(d.wanted) > 0
		done := !d.looking
		d.mu.Unlock()
		if done {
			return
		}
		time.Sleep(wait)
	}
}

// names lists the files there are.
func (d *Dir) names() (map[string]struct{}, error) {
	f, err := os.Open(d.path)
	if err != nil {
		return nil, ignoreMissing(err)
	}
	defer f.Close()
	list, err := f.Readdirnames(-1)
	names := make(map[string]struct{}, len(list))
	for _, name := range list {
		names[name] = struct{}{}
	}
	return names, err
}

const goFile = "go"

func helloFile(rank int) string { return fmt.Sprintf("hello-%d", rank) }

// fileOf is the file of a key, whatever characters that has; its length is bounded by hashing.
func fileOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "key-" + hex.EncodeToString(sum[:16])
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// poll calls f, ever more rarely, until it returns true or an error, or ctx ends.
func poll(ctx context.Context, f func() (bool, error)) error {
	for wait := pollMin; ; wait = min(2*wait, pollMax) {
		if done, err := f(); done || err != nil {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
