package launch

// Going on without the ranks that are lost: the survivors agree on who they are, and open a smaller group.
//
// Each leaves word in the store that it is here, whom it has lost, and who else has hung up without a word; waits for
// the others but those that somebody has lost, all have heard hang up or the launcher knows to have ended, for those
// that only some have heard a little; and proposes a list. The store keeps the first proposal, so all read the same.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/rendezvous"
	"github.com/tutti-ml/tutti/collectives/transport"
)

// ErrLeftOut says that the others have opened the group again without this rank: they count it as lost, or it came too
// late.
var ErrLeftOut = errors.New("left out by the survivors")

// Reopen closes g, which has lost a rank (its Err is ErrPeerLost), and opens a group of the survivors, with their ranks
// counted anew in the same order. Every survivor must call it; those that have not come after Config.Regroup are left
// out, and get ErrLeftOut. Where each knows of the loss, it takes milliseconds, at most a second if several were lost
// at once. Should more ranks be lost meanwhile, it begins again without them. ctx and Config.OpenTimeout bound it all;
// an error is final.
//
// What the ranks hold may differ by the operation that failed: begin again from a checkpoint, or from what rank 0 has,
// by Broadcast.
//
// It works for groups that Open made over TCP, unix sockets or shared memory; under MPI the loss of a rank ends the job. The
// launcher has to let the survivors live (tutti launch --keep-going, mpirun --enable-recovery), and where rank 0 serves
// the store (torchrun style) it has to be one of them.
//
//	g, err := launch.Open(ctx, c)
//	for err == nil {
//		if err = work(ctx, g); !errors.Is(err, collectives.ErrPeerLost) {
//			break
//		}
//		g, err = launch.Reopen(ctx, g)
//	}
func Reopen(ctx context.Context, g *collectives.Group) (*collectives.Group, error) {
	old, ok := g.Transport().(*joined)
	if !ok {
		return nil, fmt.Errorf("launch: Reopen: over %T: only a group of several ranks that Open made over tcp, unix or shm can be opened again", g.Transport())
	}
	var lost *collectives.PeerLostError
	if !errors.As(g.Err(), &lost) {
		return nil, fmt.Errorf("launch: Reopen: the group has lost no rank, its error is: %v", cmp.Or(g.Err(), errors.New("none")))
	}
	ctx, cancel := context.WithTimeout(ctx, old.c.OpenTimeout)
	defer cancel()
	j, err := old.reopen(ctx, g, old.members[lost.Rank])
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("%w after %v: %w", transport.ErrTimeout, old.c.OpenTimeout, err)
		}
		return nil, fmt.Errorf("launch: Reopen: rank %d of %d, %w: %w", slices.Index(old.members, old.spec.Rank), len(old.members), lost, err)
	}
	j.report(ctx, j.kv, -1)
	n, err := collectives.New(j, old.c.Group)
	if err != nil {
		j.Close()
		return nil, fmt.Errorf("launch: Reopen: %w", err)
	}
	return n, nil
}

// reopen takes the store over from j, closes g, which goes with j, and connects the survivors.
func (j *joined) reopen(ctx context.Context, g *collectives.Group, lost int) (*joined, error) {
	n := *j
	j.kv = nil
	g.Close()
	j.Transport.Close() // where g is a part
	var gone []int      // of the launcher's ranks
	for _, r := range j.Transport.Gone() {
		gone = append(gone, j.members[r])
	}
	if err := n.meetAgain(ctx); err != nil {
		return nil, err
	}
	for {
		n.epoch++
		members, err := n.survivors(ctx, lost, gone)
		if err == nil && !slices.Contains(members, n.spec.Rank) {
			err = fmt.Errorf("%w, the launcher's ranks %v", ErrLeftOut, members)
		}
		if err != nil {
			n.kv.Close()
			return nil, err
		}
		n.members = members
		if d, ok := n.kv.(*rendezvous.Dir); ok && members[0] == n.spec.Rank {
			d.Inherit()
		}
		attempt, cancel := context.WithTimeout(ctx, n.c.Regroup)
		done := n.cancelIfEnded(attempt, cancel)
		err = n.open(attempt, n.kv)
		lacking := attempt.Err() != nil
		cancel()
		done()
		if err == nil {
			return &n, nil
		}
		if ctx.Err() != nil || !lacking { // not for want of a rank
			n.kv.Close()
			return nil, err
		}
		lost, gone = n.spec.Rank, nil // nobody in particular
	}
}

// cancelIfEnded calls cancel when the launcher says that one of the others has ended, until ctx does; done waits for
// that.
func (j *joined) cancelIfEnded(ctx context.Context, cancel func()) (done func()) {
	var wg sync.WaitGroup
	for _, r := range j.members {
		if r != j.spec.Rank && j.launched() {
			wg.Go(func() {
				if _, err := j.kv.Get(ctx, rankEndedKey(j.spec.Job, r)); err == nil {
					cancel()
				}
			})
		}
	}
	return wg.Wait
}

// meetAgain opens the store in which the survivors meet, once; it is kept, so that who comes later finds what was agreed.
func (j *joined) meetAgain(ctx context.Context) (err error) {
	switch {
	case j.kv != nil: // it was kept, and connects anew if it must
	case j.spec.StoreAddr == "":
		j.kv, err = rendezvous.JoinDir(j.spec.StoreDir, j.spec.Source+"/"+j.spec.Job, j.secret)
	default:
		var kv *served
		if kv, err = dialStore(ctx, j.spec); err == nil {
			j.kv = kv
		}
	}
	if err != nil && j.spec.Serve && j.spec.Rank != 0 {
		err = fmt.Errorf("the store at %s, which the launcher's rank 0 serves: %w", j.spec.StoreAddr, err)
	}
	return err
}

// survivors returns the launcher's ranks that are to form the next epoch's group, in ascending order: the same to all that
// ask. lost is one that need not be waited for, and gone are others that will hardly come.
func (j *joined) survivors(ctx context.Context, lost int, gone []int) ([]int, error) {
	key := func(what string, rank int) string {
		return fmt.Sprintf("reopen/%s/%d/%s/%d", j.spec.Job, j.epoch, what, rank)
	}
	me := j.spec.Rank
	if err := j.kv.Set(ctx, key("here", me), formatRanks(append([]int{lost}, gone...))); err != nil {
		return nil, err
	}

	type news struct {
		from  int // −1: what was agreed
		ended bool
		value []byte
		err   error
	}
	heard := make(chan news, 2*len(j.members)+1)
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	listen := func(from int, ended bool, key string) {
		wg.Go(func() {
			value, err := j.kv.Get(ctx, key)
			heard <- news{from, ended, value, err}
		})
	}
	awaited, doubts := map[int]bool{}, map[int]int{} // doubts: how many of here have heard a rank hang up
	for _, r := range gone {
		doubts[r]++
	}
	ended := map[int]bool{}
	for _, r := range j.members {
		if r != me && r != lost {
			awaited[r] = true
			listen(r, false, key("here", r))
			if j.launched() {
				listen(r, true, rankEndedKey(j.spec.Job, r))
			}
		}
	}
	listen(-1, false, key("agreed", 0))

	here := []int{me}
	patience := time.After(j.c.Regroup)
	var doubt <-chan time.Time
	for len(awaited) > 0 {
		some, all := true, true // of those that are here doubt whether each that is awaited will come
		for r := range awaited {
			some, all = some && doubts[r] > 0, all && doubts[r] == len(here)
		}
		if all {
			break
		}
		if some && doubt == nil {
			doubt = time.After(min(doubtful, j.c.Regroup))
		}
		select {
		case n := <-heard:
			if n.err != nil {
				return nil, n.err
			}
			if n.from < 0 {
				return parseRanks(n.value)
			}
			if n.ended { // the launcher knows
				ended[n.from] = true
				delete(awaited, n.from)
				here = slices.DeleteFunc(here, func(r int) bool { return r == n.from })
				continue
			}
			if ended[n.from] { // its last word
				continue
			}
			theirs, err := parseRanks(n.value)
			if err != nil {
				return nil, err
			}
			if theirs[0] == me {
				return nil, fmt.Errorf("%w: the launcher's rank %d counts it as lost", ErrLeftOut, n.from)
			}
			here = append(here, n.from)
			delete(awaited, n.from)
			if theirs[0] != n.from {
				delete(awaited, theirs[0])
			}
			for _, r := range theirs[1:] {
				doubts[r]++
			}
		case <-doubt:
			clear(awaited)
		case <-patience:
			clear(awaited)
		}
	}
	slices.Sort(here)
	agreed, err := j.kv.Propose(ctx, key("members", 0), formatRanks(here))
	if err != nil {
		return nil, err
	}
	if err := j.kv.Set(ctx, key("agreed", 0), agreed); err != nil {
		return nil, err
	}
	return parseRanks(agreed)
}

// doubtful is how long a rank is waited for that somebody has heard hang up without a word. It is dead, or cut off from
// that one, unless it was ended while it sent what nobody took: then it is late by what that takes.
const doubtful = time.Second

// formatRanks writes ranks for parseRanks.
func formatRanks(ranks []int) []byte { return []byte(strings.Trim(fmt.Sprint(ranks), "[]")) }

// parseRanks reads at least one rank.
func parseRanks(text []byte) (ranks []int, err error) {
	for word := range strings.FieldsSeq(string(text)) {
		r, err := strconv.Atoi(word)
		if err != nil {
			return nil, fmt.Errorf("%q is no list of ranks", text)
		}
		ranks = append(ranks, r)
	}
	if len(ranks) == 0 {
		return nil, fmt.Errorf("%q is no list of ranks", text)
	}
	return ranks, nil
}
