package launch

// What the launcher and its ranks tell each other through the store about ranks that are lost. A rank whose group has
// lost another says so before its program hears of it, so that the launcher knows a consequence from a cause; and the
// launcher says that a rank has ended, so that nobody waits to meet it.

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tutti-ml/tutti/collectives/rendezvous"
	"github.com/tutti-ml/tutti/collectives/transport"
)

const (
	// reportTimeout is how long a rank may try to tell the launcher, which may be gone, and the launcher to read its
	// store.
	reportTimeout = time.Second

	// hearsay is how long a rank whose meeting has failed waits for the launcher's word that it failed of a rank's end.
	hearsay = 500 * time.Millisecond

	// wellEnded is how long after a rank has ended well the others may go on trying to meet: it may have met them, and
	// what they lack is among themselves.
	wellEnded = 5 * time.Second
)

func lostKey(job string, rank int) string      { return fmt.Sprintf("lost/%s/%d", job, rank) }
func rankEndedKey(job string, rank int) string { return fmt.Sprintf("ended/%s/%d", job, rank) }

func endedKey(job string) string { return "ended/" + job }

// launched says that there is a launcher to tell.
func (j *joined) launched() bool { return j.spec.Source == rendezvous.SourceTutti }

// Abort tells the launcher whom this rank has lost, if cause says that it has lost one, and the other ranks.
func (j *joined) Abort(cause error) {
	var wg sync.WaitGroup
	defer wg.Wait()
	var lost *transport.PeerLostError
	if j.launched() && errors.As(cause, &lost) {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), reportTimeout)
			defer cancel()
			kv, err := rendezvous.Dial(ctx, j.spec.StoreAddr, j.secret)
			if err != nil {
				return // the launcher is gone, and its ranks will be
			}
			defer kv.Close()
			j.report(ctx, kv, j.members[lost.Rank])
		})
	}
	j.Transport.Abort(cause)
}

// report leaves word that this rank has lost another of the launcher's; −1: that it goes on without.
func (j *joined) report(ctx context.Context, kv transport.Store, lost int) {
	if !j.launched() {
		return
	}
	// At worst a message names another.
	kv.Set(ctx, lostKey(j.spec.Job, j.spec.Rank), strconv.AppendInt(nil, int64(lost), 10))
}

// unlessEnded calls open, and lets it wait no longer when the launcher says that a rank has ended before all have met.
// The error is a *transport.PeerLostError then.
func (j *joined) unlessEnded(ctx context.Context, kv store, open func(context.Context, store) error) error {
	if !j.launched() {
		return open(ctx, kv)
	}
	meeting, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan *transport.PeerLostError, 1)
	go func() {
		ended <- hear(meeting, kv, j.spec)
		cancel()
	}()
	err := open(meeting, kv)
	if err == nil {
		cancel()
		<-ended
		return nil
	}
	// Another rank may have heard first, and gone: this is a consequence then, and the word is on its way.
	time.AfterFunc(hearsay, cancel)
	lost := <-ended
	if lost == nil {
		return err
	}
	j.report(ctx, kv, lost.Rank)
	return lost
}

// hear waits for the launcher's word that a rank has ended; nil if ctx ends first.
func hear(ctx context.Context, kv store, s rendezvous.Spec) *transport.PeerLostError {
	value, err := kv.Get(ctx, endedKey(s.Job))
	if err != nil {
		return nil
	}
	first, how, _ := strings.Cut(string(value), " ")
	rank, err := strconv.Atoi(first)
	if err != nil || rank == s.Rank {
		return nil
	}
	return &transport.PeerLostError{Rank: rank, Err: errors.New("the launcher says: " + how)}
}

// board is the launcher's end.
type board struct {
	addr   string
	secret []byte
	job    string
	once   sync.Once
	wg     sync.WaitGroup
}

// ended tells ranks that have not met all others yet that one has ended, the first time it is called.
func (b *board) ended(rank int, how string) {
	word := fmt.Appendf(nil, "%d it %s before all ranks had met", rank, how)
	first := false
	b.once.Do(func() { first = true })
	b.wg.Go(func() {
		b.visit(func(ctx context.Context, kv *rendezvous.Client) { // else they wait for long
			kv.Set(ctx, rankEndedKey(b.job, rank), word)
			if first {
				kv.Set(ctx, endedKey(b.job), word)
			}
		})
	})
}

// lost returns whom a rank that has ended had lost, as it said itself; −1 if it said nothing.
func (b *board) lost(rank int) int {
	lost := -1
	b.visit(func(ctx context.Context, kv *rendezvous.Client) {
		ctx, cancel := context.WithTimeout(ctx, settle) // what a rank has said is there
		defer cancel()
		if value, err := kv.Get(ctx, lostKey(b.job, rank)); err == nil {
			if n, err := strconv.Atoi(string(value)); err == nil {
				lost = n
			}
		}
	})
	return lost
}

func (b *board) visit(do func(context.Context, *rendezvous.Client)) {
	ctx, cancel := context.WithTimeout(context.Background(), reportTimeout)
	defer cancel()
	kv, err := rendezvous.Dial(ctx, b.addr, b.secret)
	if err != nil {
		return
	}
	defer kv.Close()
	do(ctx, kv)
}
