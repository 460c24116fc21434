package transport

import (
	"bytes"
	"context"
	"fmt"
	"sync"
)

// Store is a small shared dictionary through which ranks find each other before they can talk: each writes its address
// under its rank and reads the others'. Values are written once and are short (under 64 KiB).
type Store interface {
	// Set stores a copy of value under key.
	Set(ctx context.Context, key string, value []byte) error
	// Get waits until key has been set and returns its value, which the caller owns.
	Get(ctx context.Context, key string) ([]byte, error)
}

// NewMemStore returns a Store inside this process: for tests, and for ranks that share a process.
func NewMemStore() Store { return &memStore{values: map[string][]byte{}, changed: make(chan struct{})} }

type memStore struct {
	mu      sync.Mutex
	values  map[string][]byte
	changed chan struct{} // closed and replaced at every Set
}

func (s *memStore) Set(ctx context.Context, key string, value []byte) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("store: set %q: %w", key, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[key] = bytes.Clone(value)
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

func (s *memStore) Get(ctx context.Context, key string) ([]byte, error) {
	for {
		s.mu.Lock()
		value, ok := s.values[key]
		changed := s.changed
		s.mu.Unlock()
		if ok {
			return bytes.Clone(value), nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("store: get %q: %w", key, context.Cause(ctx))
		}
	}
}
