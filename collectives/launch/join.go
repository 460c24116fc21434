package launch

// Meeting over TCP: the store, the addresses, and the moment when nobody needs the store any more.

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
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
	at      endpoint
	secret  []byte
	epoch   uint32 // how often it has been opened before
	members []int  // the ranks of the launcher that are in it, by rank
	kv      store  // nil until it is opened again; from then on as long as the transport
}

// endpoint is where a rank can be reached over TCP.
type endpoint struct {
	listen    string   // the host or address at which it listens
	advertise []string // what the others dial; nil: that
}

func (c Config) connectTCP(ctx context.Context, s rendezvous.Spec) (transport.Transport, error) {
	if s.Size == 1 {
		return tcp.Open(ctx, tcp.Config{Size: 1})
	}
	kv, at, secret, err := c.meet(ctx, s)
	if err != nil {
		return nil, err
	}
	defer kv.Close()
	if s.Job, err = jobName(ctx, s, kv); err != nil {
		return nil, err
	}
	j := &joined{c: c, spec: s, at: at, secret: secret, members: make([]int, s.Size)}
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
		Rank: rank, Size: len(j.members), Store: kv, Job: j.spec.Job, Epoch: j.epoch, Secret: j.secret,
		OpenTimeout: j.c.OpenTimeout, Listen: net.JoinHostPort(j.at.listen, "0"), Advertise: withPort0(j.at.advertise),
		Carrier: j.c.carrier(), TLS: j.c.TLS,
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

// meet opens the job's store, and says where this rank can be reached and what the job's secret is.
func (c Config) meet(ctx context.Context, s rendezvous.Spec) (kv store, at endpoint, secret []byte, err error) {
	if s.StoreAddr == "" {
		kv, secret, err := c.meetInDir(ctx, s)
		at := endpoint{listen: "127.0.0.1"}
		if s.StoreDir != "" && s.LocalSize != s.Size {
			at = endpoint{advertise: outwardHosts()}
		}
		return kv, c.listening(at), secret, err
	}
	if s.Secret == nil {
		return nil, at, nil, fmt.Errorf("neither %s nor %s in the environment: set one on every rank to the same "+
			"random value, 32 hexadecimal digits or more, or to a file with that; `openssl rand -hex 16`, run once "+
			"for the job, makes one",
			rendezvous.EnvSecret, rendezvous.EnvSecretFile)
	}
	client, err := dialStore(ctx, s)
	if err != nil {
		return nil, at, nil, err
	}
	return client, c.listening(whereReached(ctx, s, client.LocalHost())), s.Secret, nil
}

// jobName returns what tells the job from others: what the launcher says, or else a name that the store keeps, the same
// for all that meet there. The store's address is none, as ranks may know it under different ones.
func jobName(ctx context.Context, s rendezvous.Spec, kv store) (string, error) {
	if s.Job != "" {
		return s.Job, nil
	}
	var random [8]byte
	rand.Read(random[:])
	name, err := kv.Propose(ctx, "job", hex.AppendEncode(nil, random[:]))
	return string(name), err
}

// dialStore opens the store at s.StoreAddr, which rank 0 may have to serve: then to everybody who holds the secret, on
// all interfaces, since only the others know under which address they reach it.
func dialStore(ctx context.Context, s rendezvous.Spec) (_ *served, err error) {
	var server *rendezvous.Server
	addr := s.StoreAddr
	if s.Serve && s.Rank == 0 {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		addr = ":" + port // this host, whatever others call it
		if server, err = rendezvous.Serve(addr, s.Secret); err != nil {
			return nil, fmt.Errorf("%w: %s", err, s.Elsewhere())
		}
		slog.Info("launch: rank 0 serves the store at which the ranks meet, on all interfaces, "+
			"to those that hold the job's secret", "port", port)
	}
	client, err := rendezvous.Dial(ctx, addr, s.Secret)
	if err != nil {
		if server != nil {
			server.Close()
		}
		return nil, err
	}
	return &served{client, server}, nil
}

// listening is at, unless the user says otherwise.
func (c Config) listening(at endpoint) endpoint {
	if c.Listen == "" {
		return at
	}
	if ip := net.ParseIP(c.Listen); ip != nil && ip.IsUnspecified() {
		return endpoint{listen: c.Listen, advertise: outwardHosts()}
	}
	return endpoint{listen: c.Listen}
}

// whereReached says where this rank can be reached that reaches the store from address route. Over loopback that is
// loopback, if all ranks are on this host. Otherwise it is rank 0, or does not know this host by an address of others:
// it listens on all interfaces and offers each address that others may know.
func whereReached(ctx context.Context, s rendezvous.Spec, route string) endpoint {
	if ip := net.ParseIP(route); ip == nil || !ip.IsLoopback() || !s.Serve || s.LocalSize == s.Size {
		return endpoint{listen: route}
	}
	hosts := outwardHosts()
	if len(hosts) == 0 {
		return endpoint{listen: route}
	}
	if host, _, err := net.SplitHostPort(s.StoreAddr); err == nil && s.Rank == 0 {
		known, _ := net.DefaultResolver.LookupHost(ctx, host) // at worst it is known by its other addresses alone
		for _, h := range known {
			if slices.Contains(hosts, h) { // the others reach it there
				return endpoint{listen: h}
			}
		}
	}
	return endpoint{advertise: append(hosts, route)}
}

// outwardHosts lists the addresses at which other hosts may reach this one, the likeliest first: those of its
// interfaces that are neither loopback nor link-local, and before them the one from which it reaches hosts far away.
func outwardHosts() (hosts []string) {
	add := func(ip net.IP) {
		if h := ip.String(); ip.IsGlobalUnicast() && !slices.Contains(hosts, h) {
			hosts = append(hosts, h)
		}
	}
	for _, far := range []string{"198.51.100.1:9", "[2001:db8::1]:9"} { // nobody's, and nothing is sent
		if conn, err := net.Dial("udp", far); err == nil {
			add(conn.LocalAddr().(*net.UDPAddr).IP)
			conn.Close()
		}
	}
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			add(n.IP)
		}
	}
	return hosts
}

// outwardHost is the first of them; loopback if there is none.
func outwardHost() string { return append(outwardHosts(), "127.0.0.1")[0] }

// withPort0 makes addresses of hosts whose port is not known yet.
func withPort0(hosts []string) []string {
	at := make([]string, len(hosts))
	for i, h := range hosts {
		at[i] = net.JoinHostPort(h, "0")
	}
	return at
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
