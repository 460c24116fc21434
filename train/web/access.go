package web

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// access decides who may look.
type access struct {
	token  string // empty: none is needed
	cookie string // the cookie's name, which has the port in it, for cookies don't tell ports apart
	host   string // a name for the loopback interface that Listen was given, allowed beside the usual ones
}

func newAccess(at *net.TCPAddr, host string, always bool) access {
	a := access{cookie: "tutti-" + strconv.Itoa(at.Port), host: strings.ToLower(host)}
	if always || !at.IP.IsLoopback() {
		var random [16]byte
		rand.Read(random[:]) // never fails
		a.token = hex.EncodeToString(random[:])
	}
	return a
}

// url is the page's address for a server that was told to listen on host and does so at an address.
func (a *access) url(at *net.TCPAddr, host string) string {
	switch {
	case host == "":
		host = at.IP.String()
	case at.IP.IsUnspecified():
		host = hostname()
	}
	u := url.URL{Scheme: "http", Host: net.JoinHostPort(host, strconv.Itoa(at.Port)), Path: "/"}
	if a.token != "" {
		u.RawQuery = "token=" + a.token
	}
	return u.String()
}

// guard answers what is not to be answered by next, and puts the headers on every answer. It is the server's outermost
// handler.
func (a *access) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer") // the token may stand in the address
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store")
		refuse := func(status int, text string) {
			h.Set("Connection", "close") // a body, if there is one, is not read
			http.Error(w, text, status)
		}
		switch {
		case a.token == "" && !a.local(r.Host):
			refuse(http.StatusForbidden, "this server answers to loopback hosts only")
		case r.Method != http.MethodGet:
			h.Set("Allow", http.MethodGet)
			refuse(http.StatusMethodNotAllowed, "only GET")
		case r.ContentLength != 0:
			refuse(http.StatusRequestEntityTooLarge, "no body is read")
		case foreign(r):
			refuse(http.StatusForbidden, "another site asks")
		case !a.permits(r):
			h.Set("WWW-Authenticate", "Bearer")
			refuse(http.StatusUnauthorized, "this page needs the token that was printed when the server started")
		default:
			if a.token != "" && r.URL.Path == "/" {
				http.SetCookie(w, &http.Cookie{Name: a.cookie, Value: a.token, Path: "/", HttpOnly: true,
					SameSite: http.SameSiteStrictMode})
			}
			next.ServeHTTP(w, r)
		}
	})
}

// local says whether a request's Host names the loopback interface. The port may be a tunnel's.
func (a *access) local(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(hostport, "["), "]") // without a port
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || host != "" && host == a.host {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// foreign says whether a page of another site made the request. A link to the page is none.
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return false
	}
	return r.URL.Path != "/" || r.Header.Get("Sec-Fetch-Mode") != "navigate"
}

// permits says whether a request carries the token, if one is needed.
func (a *access) permits(r *http.Request) bool {
	if a.token == "" || a.is(r.URL.Query().Get("token")) {
		return true
	}
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "bearer") &&
		a.is(strings.TrimSpace(token)) {
		return true
	}
	for _, c := range r.CookiesNamed(a.cookie) {
		if a.is(c.Value) {
			return true
		}
	}
	return false
}

// is compares in a time that does not tell how much of the token is right.
func (a *access) is(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(a.token)) == 1
}

// silent is a logger for what clients do wrong, which is nobody's concern in the middle of a training's output.
func silent() *log.Logger { return log.New(io.Discard, "", 0) }
