package launch

// Meeting over TCP: the store, the addresses, and the moment when nobody needs the store any more.

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/tutti-ml/tutti/collectives/rendezvous"
	"github.com/tutti-ml/tutti/collectives/transport"
	"github.com/tutti-ml/tutti/collectives/transport/tcp"
)

// store is where the ranks of a job meet.
type store interface {
	transport.Store
	Propose(ctx context.Context, key string, value []byte) (first []byte, err error)
	Close() error
}

// joined is a transport over TCP and what it takes to open it again without the ranks that are lost.
type joined struct {
	*tcp.Transport
	c       Config
	spec    rendezvous.Spec
	host    string // where this rank listens
	secret  []byte
	epoch   uint32 // how often it has been opened before
	members []int  // the ranks of the launcher that are in it, by rank
	kv      store  // nil until it is opened again; from then on as long as the transport
}

func (c Config) connectTCP(ctx context.Context, s rendezvous.Spec) (transport.Transport, error) {
	if s.Size == 1 {
		return tcp.Open(ctx, tcp.Config{Size: 1})
	}
	kv, host, secret, err := c.meet(ctx, s)
	if err != nil {
		return nil, err
	}
	defer kv.Close()
	j := &joined{c: c, spec: s, host: host, secret: secret, members: make([]int, s.Size)}
	for r := range j.members {
		j.members[r] = r
	}
	if err := j.unlessEnded(ctx, kv, j.open); err != nil {
		return nil, err
	}
	return j, nil
}

// open connects the members.
func (j *joined) open(ctx context.Context, kv store) error {
	rank := slices.Index(j.members, j.spec.Rank)
	t, err := tcp.Open(ctx, tcp.Config{
		Rank: rank, Size: len(j.members), Store: kv, Job: j.spec.Job, Epoch: j.epoch, Secret: j.secret, OpenTimeout: j.c.OpenTimeout,
		Listen: net.JoinHostPort(j.host, "0"), Carrier: j.c.carrier(), TLS: j.c.TLS,
	})
	if err != nil {
		return err
	}
	if err := j.part(ctx, kv, rank); err != nil {
		t.Close()
		return err
	}
	j.Transport = t
	return nil
}

// Close closes the transport, and the store if it was kept.
func (j *joined) Close() error {
	err := j.Transport.Close()
	if j.kv != nil {
		err = errors.Join(err, j.kv.Close())
	}
	return err
}

// carrier is what the transport asked for means for ranks of one host.
func (c Config) carrier() tcp.Carrier {
	switch c.Transport {
	case TCP, Unix, Shm:
		return tcp.Carrier(c.Transport)
	}
	return tcp.Auto
}

// meet opens the job's store, and says at which host this rank shall listen and what the job's secret is.
func (c Config) meet(ctx context.Context, s rendezvous.Spec) (kv store, host string, secret []byte, err error) {
	if s.StoreAddr == "" {
		kv, secret, err := c.meetInDir(ctx, s)
		host := "127.0.0.1"
		if s.StoreDir != "" && s.LocalSize != s.Size {
			host = outwardHost()
		}
		return kv, c.host(host), secret, err
	}
	if s.Secret == nil {
		return nil, "", nil, fmt.Errorf("neither %s nor %s in the environment: set one on every rank to the same random value, "+
			"32 hexadecimal digits or more, or to a file with that", rendezvous.EnvSecret, rendezvous.EnvSecretFile)
	}
	kv, err = dialStore(ctx, s)
	if err != nil {
		return nil, "", nil, err
	}
	return kv, c.host(kv.(*served).LocalHost()), s.Secret, nil
}

// dialStore opens the store at s.StoreAddr, which rank 0 may have to serve.
func dialStore(ctx context.Context, s rendezvous.Spec) (_ store, err error) {
	var server *rendezvous.Server
	if s.Serve && s.Rank == 0 {
		if server, err = rendezvous.Serve(s.StoreAddr, s.Secret); err != nil {
			return nil, fmt.Errorf("%w: %s", err, s.Elsewhere())
		}
	}
	client, err := rendezvous.Dial(ctx, s.StoreAddr, s.Secret)
	if err != nil {
		if server != nil {
			server.Close()
		}
		return nil, err
	}
	return &served{client, server}, nil
}

// host is where to listen, unless the user says otherwise.
func (c Config) host(otherwise string) string {
	if c.Listen != "" {
		return c.Listen
	}
	return otherwise
}

// outwardHost is the address at which other hosts reach this one, as well as can be guessed: the first of its interfaces'
// that is neither loopback nor link-local.
func outwardHost() string {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return "127.0.0.1"
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			return n.IP.String()
		}
	}
	return "127.0.0.1"
}

// meetInDir opens a store in a directory, for launchers that give no address: of this host, or the one that
// TUTTI_STORE_DIR names.
func (c Config) meetInDir(ctx context.Context, s rendezvous.Spec) (store, []byte, error) {
	if s.StoreDir == "" && s.LocalSize >= 0 && s.LocalSize != s.Size {
		return nil, nil, fmt.Errorf("%s started %d of the %d ranks on this host, and gives no address at which to meet the "+
			"others: build with -tags mpi, or set %s to host:port of rank 0, or %s to a directory that all hosts share",
			s.Source, s.LocalSize, s.Size, rendezvous.EnvStore, rendezvous.EnvStoreDir)
	}
	if s.Job == "" {
		return nil, nil, fmt.Errorf("%s gives neither an address at which to meet the others nor a name of the job: "+
			"set %s to a name that no other job has, or %s to host:port of rank 0, the same on every rank",
			s.Source, rendezvous.EnvJob, rendezvous.EnvStore)
	}
	dir, err := rendezvous.OpenDir(ctx, s.StoreDir, s.Source+"/"+s.Job, s.Rank, s.Size)
	if err != nil {
		return nil, nil, err
	}
	return dir, dir.Secret(), nil
}

// served is a client of a store that this process may itself serve.
type served struct {
	*rendezvous.Client
	server *rendezvous.Server // nil if another does
}

func (s *served) Close() error {
	s.Client.Close()
	if s.server != nil {
		return s.server.Close()
	}
	return nil
}

// part returns, on rank 0, when every rank is done with the store, which may close then.
func (j *joined) part(ctx context.Context, kv transport.Store, rank int) error {
	key := func(rank int) string { return fmt.Sprintf("open/%s/%d/%d", j.spec.Job, j.epoch, rank) }
	if rank > 0 {
		return kv.Set(ctx, key(rank), nil)
	}
	for rank := 1; rank < len(j.members); rank++ {
		if _, err := kv.Get(ctx, key(rank)); err != nil {
			return fmt.Errorf("rank %d has not opened: %w", rank, err)
		}
	}
	return nil
}
