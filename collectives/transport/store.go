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
func NewMemStore() Store { return &memStore{values: map[string]*memValue{}} }

type memStore struct {
	mu     sync.Mutex
	values map[string]*memValue
}

// memValue is a key that was set or asked for.
type memValue struct {
	value []byte
	set   chan struct{} // closed when it is
	done  bool
}

// at returns key's value, set or not. s.mu is held.
func (s *memStore) at(key string) *memValue {
	v := s.values[key]
	if v == nil {
		v = &memValue{set: make(chan struct{})}
		s.values[key] = v
	}
	return v
}

func (s *memStore) Set(ctx context.Context, key string, value []byte) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("store: set %q: %w", key, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.at(key)
	v.value = bytes.Clone(value)
	if !v.done {
		v.done = true
		close(v.set)
	}
	return nil
}

func (s *memStore) Get(ctx context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	v := s.at(key)
	s.mu.Unlock()
	select {
	case <-v.set:
	case <-ctx.Done():
		return nil, fmt.Errorf("store: get %q: %w", key, context.Cause(ctx))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(v.value), nil
}
