package rendezvous

// The asking side of the TCP store.

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// patience is how long a client waits for the answer to a request: what the server may hold it, and the network's share.
const patience = hold + 10*time.Second

// Client is one rank's access to a Server. It implements transport.Store and may be used by many goroutines at once;
// each operation in progress has a connection to itself.
type Client struct {
	addr   string
	secret []byte
	local  net.Addr

	mu     sync.Mutex
	idle   []*wire
	closed bool
}

var _ transport.Store = (*Client)(nil)

// Dial connects to the store at addr and proves that it knows the secret. The store need not be there yet: Dial tries
// until ctx ends. A store with another secret is refused at once, with an error that wraps transport.ErrUnauthorized.
func Dial(ctx context.Context, addr string, secret []byte) (*Client, error) {
	if len(secret) < MinSecret {
		return nil, fmt.Errorf("rendezvous: Dial: a secret of %d bytes, fewer than %d", len(secret), MinSecret)
	}
	c := &Client{addr: addr, secret: secret}
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		w, err := c.connect(ctx)
		if err == nil {
			c.local = w.conn.LocalAddr()
			c.put(w)
			return c, nil
		}
		if errors.Is(err, transport.ErrUnauthorized) {
			return nil, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, fmt.Errorf("rendezvous: Dial: %w (last: %w)", context.Cause(ctx), err)
		}
	}
}

// LocalHost returns the address of this host as the route to the store has it: where other ranks that reach the store
// can, as a rule, reach this one.
func (c *Client) LocalHost() string {
	host, _, err := net.SplitHostPort(c.local.String())
	if err != nil {
		return ""
	}
	return host
}

// Set stores value under key. Keys have at most 256 bytes, values 65535.
func (c *Client) Set(ctx context.Context, key string, value []byte) error {
	_, err := c.do(ctx, request{opSet, key, value})
	return err
}

// Get waits until key has been set and returns its value, which the caller owns.
func (c *Client) Get(ctx context.Context, key string) ([]byte, error) {
	return c.do(ctx, request{op: opGet, key: key})
}

// Propose stores value under key unless a value was proposed before, and returns the one that is there: whoever proposes
// for key, all get the first. These keys are apart from Set's; the limits are the same.
func (c *Client) Propose(ctx context.Context, key string, value []byte) ([]byte, error) {
	return c.do(ctx, request{opPropose, key, value})
}

// Close ends the connections. Operations in progress are not disturbed.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, w := range c.idle {
		w.conn.Close()
	}
	c.idle = nil
	return nil
}

func (c *Client) connect(ctx context.Context) (*wire, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return nil, fmt.Errorf("rendezvous: store: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })
	defer stop()
	w, err := clientHandshake(conn, c.secret)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("rendezvous: store at %s: %w", c.addr, err)
	}
	return w, nil
}

// take returns an idle connection, or a new one.
func (c *Client) take(ctx context.Context) (*wire, error) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil, transport.ErrClosed
	}
	if n := len(c.idle); n > 0 {
		w := c.idle[n-1]
		c.idle = c.idle[:n-1]
		c.mu.Unlock()
		return w, nil
	}
	c.mu.Unlock()
	return c.connect(ctx)
}

// put gives a connection back.
func (c *Client) put(w *wire) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		w.conn.Close()
		return
	}
	c.idle = append(c.idle, w)
}

// do asks until the answer is final.
func (c *Client) do(ctx context.Context, r request) ([]byte, error) {
	name := map[byte]string{opSet: "set", opGet: "get", opPropose: "propose"}[r.op]
	if err := r.check(); err != nil {
		return nil, err
	}
	w, err := c.take(ctx)
	if err != nil {
		return nil, fmt.Errorf("rendezvous: %s %q: %w", name, r.key, err)
	}
	for {
		status, value, err := ask(ctx, w, r)
		if err != nil {
			w.conn.Close()
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return nil, fmt.Errorf("rendezvous: %s %q: store at %s: %w", name, r.key, c.addr, err)
		}
		switch status {
		case statusOK:
			c.put(w)
			return value, nil
		case statusRefused:
			c.put(w)
			return nil, fmt.Errorf("rendezvous: %s %q: store at %s: refused: %s", name, r.key, c.addr, value)
		}
	}
}

// ask sends one request and waits for its answer, no longer than ctx and patience allow.
func ask(ctx context.Context, w *wire, r request) (status byte, value []byte, err error) {
	if err := ctx.Err(); err != nil {
		return 0, nil, err
	}
	w.conn.SetDeadline(time.Now().Add(patience))
	stop := context.AfterFunc(ctx, func() { w.conn.SetDeadline(time.Now()) })
	err = w.write(r.append(nil))
	var body []byte
	if err == nil {
		body, err = w.read()
	}
	if !stop() && err == nil {
		err = ctx.Err() // the connection's deadline may be spoilt
	}
	if err != nil {
		return 0, nil, err
	}
	if len(body) == 0 || body[0] < statusOK || body[0] > statusRefused {
		return 0, nil, fmt.Errorf("an answer of %d bytes makes no sense", len(body))
	}
	return body[0], body[1:], nil
}
