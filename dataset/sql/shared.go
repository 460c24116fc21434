package sql

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/dataset/table"
)

// beat is how often the rank that runs a query says that it still does: the other ranks' waiting has a time limit,
// the group's.
const beat = time.Second

// Shared is Open on rank 0 of a group, and gives every rank a Table of the rows that came: the query runs once. All
// ranks call it, and all fail if one does. db, query and args are rank 0's; other ranks may have nil and nothing.
//
// A rank that sees rank 0's files, being on the same host, has links to them; others get the bytes, by a broadcast. Each
// rank closes its own Table, whenever it likes. Until the rows are there rank 0 sends word each second, so that a query
// may take longer than the group's Config.Timeout, which must be longer than that.
func Shared(ctx context.Context, g *collectives.Group, db *sql.DB, query string, args []any, c Config) (table.Table, error) {
	c = c.filled()
	var s *spooled
	var err error
	if g.Rank() == 0 {
		s, err = lead(ctx, g, db, query, args, c)
	} else {
		s, err = follow(ctx, g, c)
	}
	if err != nil {
		return nil, err
	}
	return s.open()
}

// What rank 0 sends while the query runs, and once it has ended: a state, rows and bytes so far, and the length of the
// text that follows: a message or a manifest.
const (
	isRunning = iota
	isDone
	isFailed
)

type word [4]int64

// manifest is what a rank must know to take part in a spool.
type manifest struct {
	Dir   string
	Token []byte // also in a file beside the others, so that the same path on another host is not taken for this one
	Names []string
	Sizes []int64
	Nulls []bool
}

const tokenFile = "token"

func lead(ctx context.Context, g *collectives.Group, db *sql.DB, query string, args []any, c Config) (*spooled, error) {
	own, cancel := context.WithCancel(ctx)
	defer cancel()
	var rows, written atomic.Int64
	inner := c
	inner.Progress = func(n, bytes int64) {
		rows.Store(n)
		written.Store(bytes)
		if c.Progress != nil {
			c.Progress(n, bytes)
		}
	}
	type outcome struct {
		s   *spooled
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			if p := recover(); p != nil {
				o = outcome{nil, fmt.Errorf("dataset: %s: panic: %v", c.Name, p)}
			}
			done <- o
		}()
		o.s, o.err = spool(own, db, query, args, inner)
	}()
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			w := word{isRunning, rows.Load(), written.Load()}
			if err := collectives.Broadcast(ctx, g, w[:], 0); err != nil {
				cancel()
				o := <-done
				if o.s != nil {
					o.s.remove()
				}
				return nil, fmt.Errorf("dataset: %s: %w", c.Name, err)
			}
		case o := <-done:
			if o.err == nil {
				o.err = share(ctx, g, o.s, word{isDone, rows.Load(), written.Load()})
				if o.err != nil {
					o.s.remove()
				}
				return o.s, o.err
			}
			return nil, errors.Join(o.err, say(ctx, g, word{isFailed}, []byte(o.err.Error())))
		}
	}
}

// say broadcasts the last word and its text.
func say(ctx context.Context, g *collectives.Group, w word, text []byte) error {
	w[3] = int64(len(text))
	if err := collectives.Broadcast(ctx, g, w[:], 0); err != nil {
		return err
	}
	return collectives.Broadcast(ctx, g, text, 0)
}

// share gives rank 0's spool to the others.
func share(ctx context.Context, g *collectives.Group, s *spooled, w word) error {
	m := manifest{Dir: s.dir, Token: []byte(rand.Text()), Names: s.names, Nulls: s.nulls}
	var failed error
	for _, name := range s.names {
		info, err := os.Stat(filepath.Join(s.dir, name))
		if err != nil {
			failed = s.wrap(err)
			break
		}
		m.Sizes = append(m.Sizes, info.Size())
	}
	if dir, err := filepath.Abs(s.dir); err == nil {
		m.Dir = dir
	}
	if err := os.WriteFile(filepath.Join(s.dir, tokenFile), m.Token, 0o600); err != nil && failed == nil {
		failed = s.wrap(err)
	}
	if failed != nil {
		return errors.Join(failed, say(ctx, g, word{isFailed}, []byte(failed.Error())))
	}
	text, err := json.Marshal(m)
	if err != nil {
		return s.wrap(err)
	}
	if err := say(ctx, g, w, text); err != nil {
		return s.wrap(err)
	}
	return exchange(ctx, g, &m, s, nil)
}

func follow(ctx context.Context, g *collectives.Group, c Config) (*spooled, error) {
	fail := func(err error) (*spooled, error) { return nil, fmt.Errorf("dataset: %s: %w", c.Name, err) }
	var w word
	for {
		if err := collectives.Broadcast(ctx, g, w[:], 0); err != nil {
			return fail(err)
		}
		if w[0] != isFailed && c.Progress != nil {
			c.Progress(w[1], w[2])
		}
		if w[0] != isRunning {
			break
		}
	}
	text := make([]byte, w[3])
	if err := collectives.Broadcast(ctx, g, text, 0); err != nil {
		return fail(err)
	}
	if w[0] == isFailed {
		return fail(fmt.Errorf("on rank 0: %s", text))
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return fail(err)
	}
	s, err := linked(&m, c)
	if err := exchange(ctx, g, &m, s, err); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	return s, nil
}

// linked makes a spool of links to rank 0's files. If that cannot be, the error says why, and the spool is of no files
// yet.
func linked(m *manifest, c Config) (*spooled, error) {
	s := &spooled{config: c, names: m.Names, nulls: m.Nulls}
	token, err := os.ReadFile(filepath.Join(m.Dir, tokenFile))
	switch {
	case c.noLinks:
		return s, errors.ErrUnsupported
	case err != nil:
		return s, err
	case !bytes.Equal(token, m.Token):
		return s, fmt.Errorf("%s is another's", m.Dir)
	}
	if s.dir, err = os.MkdirTemp(filepath.Dir(m.Dir), "tutti-sql-*"); err != nil {
		return s, err
	}
	for _, name := range m.Names {
		if err := os.Link(filepath.Join(m.Dir, name), filepath.Join(s.dir, name)); err != nil {
			s.remove()
			s.dir = ""
			return s, err
		}
	}
	return s, nil
}

// exchange gives the files' bytes to the ranks that have no links, and returns when all have all or one has failed.
func exchange(ctx context.Context, g *collectives.Group, m *manifest, s *spooled, unlinked error) error {
	wants := []int32{0}
	if unlinked != nil {
		wants[0] = 1
	}
	if err := collectives.AllReduce(ctx, g, wants, collectives.Max); err != nil {
		return s.wrap(err)
	}
	var failed error
	if wants[0] != 0 {
		if unlinked != nil {
			s.dir, failed = os.MkdirTemp(s.config.Dir, "tutti-sql-*")
		}
		for i, name := range m.Names {
			path := ""
			if failed == nil && (g.Rank() == 0 || unlinked != nil) {
				path = filepath.Join(s.dir, name)
			}
			local, err := pass(ctx, g, path, m.Sizes[i])
			if err != nil {
				return s.wrap(err)
			}
			failed = errors.Join(failed, local)
		}
	}
	bad := []int32{0}
	if failed != nil {
		bad[0] = int32(g.Rank()) + 1
	}
	if err := collectives.AllReduce(ctx, g, bad, collectives.Max); err != nil {
		return s.wrap(errors.Join(failed, err))
	}
	switch {
	case failed != nil:
		return s.wrap(failed)
	case bad[0] != 0:
		return s.wrap(fmt.Errorf("rank %d could not keep its copy of the rows", bad[0]-1))
	}
	return nil
}

// pass broadcasts a file of size bytes: from path on rank 0, to path on others, to nowhere if that is "". What goes
// wrong with the file is local, and the ranks go on together; err is of the group.
func pass(ctx context.Context, g *collectives.Group, path string, size int64) (local, err error) {
	var f *os.File
	if path != "" {
		if g.Rank() == 0 {
			f, local = os.Open(path)
		} else {
			f, local = os.Create(path)
		}
		if local == nil {
			defer func() { local = errors.Join(local, f.Close()) }()
		}
	}
	piece := make([]byte, min(size, 1<<20))
	for at := int64(0); at < size; at += int64(len(piece)) {
		piece = piece[:min(size-at, int64(len(piece)))]
		if g.Rank() == 0 && local == nil && f != nil {
			_, local = io.ReadFull(f, piece)
		}
		if err := collectives.Broadcast(ctx, g, piece, 0); err != nil {
			return local, err
		}
		if g.Rank() != 0 && local == nil && f != nil {
			_, local = f.Write(piece)
		}
	}
	return local, nil
}
