package rendezvous

// The asking side of the TCP store.

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/tutti-ml/tutti/collectives/internal/fdlimit"
	"github.com/tutti-ml/tutti/collectives/transport"
)

// patience is how long a client waits for a word of the server's while it owes an answer: what the server may be
// silent, and the network's share. Then it connects anew.
const patience = hold + 10*time.Second

// Client is one rank's access to a Server, over one connection. It implements transport.Store and may be used by many
// goroutines at once. If the connection is lost it makes another, and asks again what has not been answered: that does
// no harm, as asking twice for the same is asking once.
type Client struct {
	addr   string
	secret []byte
	local  net.Addr

	ctx    context.Context // of the connections; ended by Close
	cancel context.CancelFunc
	keeper sync.WaitGroup

	mu       sync.Mutex
	w        *wire         // nil while there is none
	wake     chan struct{} // tells keep, while there is none, that something is asked
	requests map[uint32]*asked
	last     uint32 // the number of the last request
	lastErr  error  // why there is no connection
}

// asked is a request that has not been answered.
type asked struct {
	body   []byte
	result chan result // capacity 1
}

type result struct {
	value []byte
	err   error
}

var _ transport.Store = (*Client)(nil)

// Dial connects to the store at addr and proves that it knows the secret. The store need not be there yet: Dial tries
// until ctx ends. A store with another secret is refused at once, with an error that wraps transport.ErrUnauthorized.
func Dial(ctx context.Context, addr string, secret []byte) (*Client, error) {
	if len(secret) < MinSecret {
		return nil, fmt.Errorf("rendezvous: Dial: a secret of %d bytes, fewer than %d", len(secret), MinSecret)
	}
	c := &Client{addr: addr, secret: secret, wake: make(chan struct{}, 1), requests: map[uint32]*asked{}}
	w, err := c.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("rendezvous: Dial: %w", err)
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.w, c.local = w, w.conn.LocalAddr()
	c.keeper.Go(c.keep)
	return c, nil
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
	_, err := c.do(ctx, request{op: opSet, key: key, value: value})
	return err
}

// Get waits until key has been set and returns its value, which the caller owns.
func (c *Client) Get(ctx context.Context, key string) ([]byte, error) {
	return c.do(ctx, request{op: opGet, key: key})
}

// Propose stores value under key unless a value was proposed before, and returns the one that is there: whoever proposes
// for key, all get the first. These keys are apart from Set's; the limits are the same.
func (c *Client) Propose(ctx context.Context, key string, value []byte) ([]byte, error) {
	return c.do(ctx, request{op: opPropose, key: key, value: value})
}

// Close ends the connection. Operations in progress fail with transport.ErrClosed.
func (c *Client) Close() error {
	c.cancel()
	c.mu.Lock()
	if c.w != nil {
		c.w.conn.Close()
	}
	c.mu.Unlock()
	c.keeper.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail(transport.ErrClosed)
	return nil
}

// connect tries until it has met the challenge, ctx ends, or the server turns out not to know the secret. It waits a
// little longer after each failure, and lets each try last longer: a server that has hundreds of clients at once may
// take its time.
func (c *Client) connect(ctx context.Context) (*wire, error) {
	limit := handshakeTimeout
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		w, err := c.connectOnce(ctx, limit)
		if err == nil || errors.Is(err, transport.ErrUnauthorized) {
			return w, err
		}
		limit = min(2*limit, time.Minute)
		c.mu.Lock()
		c.lastErr = err
		c.mu.Unlock()
		select {
		case <-time.After(wait/2 + rand.N(wait)): // so that all who were refused together do not come together again
		case <-ctx.Done():
			return nil, fmt.Errorf("%w (last: %w)", context.Cause(ctx), err)
		}
	}
}

func (c *Client) connectOnce(ctx context.Context, limit time.Duration) (*wire, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return nil, fmt.Errorf("store: %w", fdlimit.Explain(err))
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })
	w, err := clientHandshake(conn, c.secret)
	if err == nil && !stop() {
		err = ctx.Err() // its deadline is spoilt
	}
	if err != nil {
		stop()
		conn.Close()
		return nil, fmt.Errorf("store at %s: %w", c.addr, err)
	}
	return w, nil
}

// keep reads the answers and, when the connection is lost, makes another as soon as there is something to ask.
func (c *Client) keep() {
	for w := c.w; ; {
		if w != nil {
			err := c.listen(w)
			w.conn.Close()
			c.mu.Lock()
			c.w, c.lastErr = nil, err
			c.mu.Unlock()
		}
		for !c.owed() {
			select {
			case <-c.wake:
			case <-c.ctx.Done():
				return
			}
		}
		var err error
		if w, err = c.connect(c.ctx); err == nil {
			c.adopt(w)
			continue
		}
		c.mu.Lock()
		c.fail(err) // another store than before, or Close
		c.mu.Unlock()
		if c.ctx.Err() != nil {
			return
		}
	}
}

// owed reports whether anything is asked.
func (c *Client) owed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.requests) > 0
}

// adopt takes a new connection, and asks again over it.
func (c *Client) adopt(w *wire) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []byte
	for _, a := range c.requests {
		out = w.append(out, a.body)
	}
	w.conn.SetDeadline(time.Now().Add(patience))
	c.w = w
	if _, err := w.conn.Write(out); err != nil || c.ctx.Err() != nil {
		w.conn.Close() // listen finds out
	}
}

// listen hands out the answers that come over w until it ends.
func (c *Client) listen(w *wire) error {
	for {
		body, err := w.read()
		if err != nil {
			return err
		}
		a, err := parseAnswer(body)
		if err != nil {
			return err
		}
		c.mu.Lock()
		switch a.status {
		case statusAlive:
		case statusClosed:
			c.fail(fmt.Errorf("%w: the store has ended", transport.ErrClosed))
		default:
			if r := c.requests[a.number]; r != nil {
				delete(c.requests, a.number)
				res := result{value: a.value}
				if a.status == statusRefused {
					res = result{err: fmt.Errorf("refused: %s", a.value)}
				}
				r.result <- res
			}
		}
		c.setDeadline(w)
		c.mu.Unlock()
	}
}

// setDeadline bounds the silence of a server that owes an answer. c.mu is held.
func (c *Client) setDeadline(w *wire) {
	var end time.Time
	if len(c.requests) > 0 {
		end = time.Now().Add(patience)
	}
	w.conn.SetReadDeadline(end)
}

// fail ends every request. c.mu is held.
func (c *Client) fail(err error) {
	for n, r := range c.requests {
		delete(c.requests, n)
		r.result <- result{err: err}
	}
}

// do asks, and waits for the answer.
func (c *Client) do(ctx context.Context, r request) ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	value, err := c.ask(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("rendezvous: %s %q: store at %s: %w", opNames[r.op], r.key, c.addr, err)
	}
	return value, nil
}

func (c *Client) ask(ctx context.Context, r request) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	c.mu.Lock()
	if c.ctx.Err() != nil {
		c.mu.Unlock()
		return nil, transport.ErrClosed
	}
	c.last++
	if c.last == 0 { // after 2³² requests: 0 is nobody's
		c.last = 1
	}
	r.number = c.last
	a := &asked{r.append(nil), make(chan result, 1)}
	c.requests[r.number] = a
	if c.w != nil {
		c.w.conn.SetDeadline(time.Now().Add(patience))
		if err := c.w.write(a.body); err != nil {
			c.w.conn.Close() // listen finds out, and keep asks again
		}
	} else {
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
	c.mu.Unlock()
	select {
	case res := <-a.result:
		return res.value, res.err
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.requests, r.number)
		err := context.Cause(ctx)
		if c.w == nil && c.lastErr != nil {
			err = fmt.Errorf("%w (the connection: %w)", err, c.lastErr)
		}
		return nil, err
	}
}
