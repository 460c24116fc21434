package web

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// guarded is a server's handler, without the server.
func guarded(ip, host string, always bool) (*Server, http.Handler) {
	s := &Server{state: newState(), limits: defaults, closing: make(chan struct{}), streams: make(chan struct{}, 1)}
	s.access = newAccess(&net.TCPAddr{IP: net.ParseIP(ip), Port: 8080}, host, always)
	return s, s.handler()
}

// get sends a request with "Name: value" headers; Host is one of them.
func get(h http.Handler, method, target string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "localhost:8080"
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Host" {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// TestLoopbackHosts: a server without a token answers to no other. A page elsewhere, whose name was made to point to
// this machine, sends its own name.
func TestLoopbackHosts(t *testing.T) {
	_, h := guarded("127.0.0.1", "", false)
	for host, want := range map[string]int{
		"localhost:8080": 200, "LocalHost": 200, "localhost.:9000": 200, "127.0.0.1:8080": 200, "127.0.0.1": 200,
		"127.8.9.1:1": 200,
		"[::1]:8080":  200, "[::1]": 200,
		"evil.example:8080": 403, "localhost.evil.example": 403, "127.0.0.1.evil.example:8080": 403, "10.0.0.1:8080": 403,
		"0.0.0.0:8080": 403, "": 403, ":8080": 403, "localhost:8080:evil.example": 403, "mynode:8080": 403,
	} {
		require.Equal(t, want, get(h, "GET", "/api/run", "Host: "+host).StatusCode, "Host %q", host)
	}
	_, h = guarded("127.0.1.1", "MyNode", false) // the name that the server was told to listen on
	require.Equal(t, 200, get(h, "GET", "/", "Host: mynode:8080").StatusCode)
	require.Equal(t, 403, get(h, "GET", "/", "Host: evil.example").StatusCode)
}

// FuzzLoopbackHosts holds every Host that is let in to an independent reading: all but a port and brackets is localhost
// or a loopback address.
func FuzzLoopbackHosts(f *testing.F) {
	for _, host := range []string{"localhost:80", "[::1]:8080", "127.0.0.1", "::1", "[::ffff:127.0.0.1]", "127.1",
		"[localhost]:1", "localhost..", ""} {
		f.Add(host)
	}
	var a access
	f.Fuzz(func(t *testing.T, host string) {
		if !a.local(host) {
			return
		}
		name := host
		i := strings.LastIndexByte(host, ':')
		if i >= 0 && (strings.Count(host, ":") == 1 || strings.Contains(host[:i], "]")) {
			name = host[:i]
		}
		name = strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
		ip, err := netip.ParseAddr(name)
		require.True(t, name == "localhost" || err == nil && ip.IsLoopback(), "Host %q is let in", host)
	})
}

// TestMethods says that nothing but GET is answered, and nothing with a body.
func TestMethods(t *testing.T) {
	_, h := guarded("127.0.0.1", "", false)
	for _, method := range []string{"POST", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "GETS"} {
		r := get(h, method, "/api/run")
		require.Equal(t, http.StatusMethodNotAllowed, r.StatusCode, method)
		require.Equal(t, "GET", r.Header.Get("Allow"))
	}
	for _, length := range []int64{1, -1} { // −1: chunks
		r := httptest.NewRequest("GET", "/api/run", strings.NewReader("x"))
		r.Host, r.ContentLength = "localhost", length
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
		require.Equal(t, "close", w.Header().Get("Connection"))
	}
}

// TestOtherSites may link to the page, but neither read it nor take up its streams.
func TestOtherSites(t *testing.T) {
	_, h := guarded("127.0.0.1", "", false)
	for _, c := range []struct {
		path, site, mode string
		want             int
	}{
		{"/", "none", "navigate", 200}, {"/api/run", "same-origin", "cors", 200}, {"/", "cross-site", "navigate", 200},
		{"/", "cross-site", "no-cors", 403}, {"/events", "cross-site", "cors", 403}, {"/events", "same-site", "cors", 403},
		{"/api/history", "cross-site", "no-cors", 403}, {"/api/history", "cross-site", "navigate", 403},
	} {
		r := get(h, "GET", c.path, "Sec-Fetch-Site: "+c.site, "Sec-Fetch-Mode: "+c.mode)
		require.Equal(t, c.want, r.StatusCode, "%+v", c)
	}
}

// TestToken asks for the token by each of the three ways it may come, on all paths.
func TestToken(t *testing.T) {
	s, h := guarded("192.0.2.7", "192.0.2.7", false)
	token := s.access.token
	require.Regexp(t, "^[0-9a-f]{32}$", token)
	other := strings.Repeat("0", 32)
	for _, c := range []struct {
		target, header string
		want           int
	}{
		{"/", "", 401}, {"/api/run", "", 401}, {"/events", "", 401}, {"/nothing", "", 401}, {"/debug/pprof/", "", 401},
		{"/?token=", "", 401}, {"/?token=" + other, "", 401}, {"/?token=" + token[:31], "", 401},
		{"/?token=" + token + "0", "", 401},
		{"/?token=" + token, "", 200}, {"/api/run?token=" + token, "", 200},
		{"/api/run", "Authorization: Bearer " + token, 200}, {"/api/run", "Authorization: bearer " + token, 200},
		{"/api/run", "Authorization: Bearer " + other, 401}, {"/api/run", "Authorization: Basic " + token, 401},
		{"/api/run", "Authorization: Bearer", 401},
		{"/api/run", "Cookie: tutti-8080=" + token, 200}, {"/api/run", "Cookie: tutti-8080=" + other, 401},
		{"/api/run", "Cookie: tutti-8081=" + token, 401},
		{"/api/run", "Cookie: tutti-8080=" + other + "; tutti-8080=" + token, 200},
	} {
		r := get(h, "GET", c.target, "Host: node:8080", c.header)
		require.Equal(t, c.want, r.StatusCode, "%s %s", c.target, c.header)
		if r.StatusCode == 401 {
			require.Empty(t, r.Cookies())
		}
	}
	cookies := get(h, "GET", "/?token="+token, "Host: node:8080").Cookies()
	require.Len(t, cookies, 1)
	require.Equal(t, "tutti-8080="+token+"; Path=/; HttpOnly; SameSite=Strict", cookies[0].Raw)

	again, _ := guarded("192.0.2.7", "192.0.2.7", false)
	require.NotEqual(t, token, again.access.token)
	onLoopback, h := guarded("127.0.0.1", "", true)
	require.NotEmpty(t, onLoopback.access.token)
	require.Equal(t, 401, get(h, "GET", "/").StatusCode)
}

// TestHeaders are on every answer, refusals too.
func TestHeaders(t *testing.T) {
	_, h := guarded("127.0.0.1", "", false)
	for _, r := range []*http.Response{get(h, "GET", "/"), get(h, "GET", "/api/run"), get(h, "POST", "/"),
		get(h, "GET", "/nothing"), get(h, "GET", "/", "Host: evil.example")} {
		require.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
		require.Equal(t, "no-referrer", r.Header.Get("Referrer-Policy"))
		require.Equal(t, "same-origin", r.Header.Get("Cross-Origin-Resource-Policy"))
		require.Contains(t, r.Header.Get("Content-Security-Policy"), "default-src 'none'")
		require.Contains(t, r.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
		require.Empty(t, r.Header.Get("Access-Control-Allow-Origin"))
	}
}
