package web

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPageIsWhole: it is one document that names no other, and its policy lets a browser run what is in it, no more.
func TestPageIsWhole(t *testing.T) {
	_, h := guarded("127.0.0.1", "", false)
	r := get(h, "GET", "/")
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	page := string(body)
	require.NotContains(t, page, "{{")
	require.Contains(t, page, "Copyright (c) 2022 Leon Sorokin", "the library's licence")
	require.Equal(t, 2, strings.Count(page, "</script"))
	require.Equal(t, 1, strings.Count(page, "</style"))
	links := regexp.MustCompile(`(?i)<[^>]*\s(?:src|href|action)\s*=\s*["']([^"']*)`)
	for _, m := range links.FindAllStringSubmatch(page, -1) {
		require.True(t, strings.HasPrefix(m[1], "data:"), m[0])
	}
	require.NotRegexp(t, `(?i)@import|url\(`, page)

	policy := r.Header.Get("Content-Security-Policy")
	require.NotContains(t, policy, "unsafe")
	require.NotContains(t, policy, "http")
	inline := regexp.MustCompile(`(?s)<(style|script)>(.*?)</(?:style|script)>`).FindAllStringSubmatch(page, -1)
	require.Len(t, inline, 3)
	for _, m := range inline {
		require.Contains(t, policy, hash(m[2]), m[1])
	}
	require.NotRegexp(t, `(?i)\son[a-z]+\s*=\s*["']|\sstyle\s*=\s*["']`, pageHTML, "which the policy would not run")
}

// TestLibrary holds the charting library to the checksums of its README, so that it is what was published.
func TestLibrary(t *testing.T) {
	readme, err := os.ReadFile("uplot/README.md")
	require.NoError(t, err)
	for _, text := range []string{uplotJS, uplotCSS} {
		sum := sha256.Sum256([]byte(text))
		require.Contains(t, string(readme), hex.EncodeToString(sum[:]))
	}
	require.Contains(t, uplotJS, "(v1.6.32)")
	require.Contains(t, string(readme), "uPlot 1.6.32")
}

// TestEndpoints are what was asked for, and no more.
func TestEndpoints(t *testing.T) {
	s, h := guarded("127.0.0.1", "", false)
	for path, want := range map[string]int{"/": 200, "/api/run": 200, "/api/history": 200, "/index.html": 404,
		"/api/": 404, "/metrics": 404, "/debug/pprof/": 404, "/debug/pprof/heap": 404} {
		require.Equal(t, want, get(h, "GET", path).StatusCode, path)
	}
	metrics := func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "tutti 1") }
	s.options = Options{Pprof: true, Metrics: http.HandlerFunc(metrics)}
	h = s.handler()
	body := func(path string, want int) string {
		r := get(h, "GET", path)
		text, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.Equal(t, want, r.StatusCode, "%s: %s", path, text)
		return string(text)
	}
	require.Equal(t, "tutti 1", body("/metrics", 200))
	require.Contains(t, body("/debug/pprof/", 200), "goroutine?debug=1\n")
	require.Contains(t, body("/debug/pprof/goroutine?debug=1", 200), "TestEndpoints")
	require.Equal(t, "\x1f\x8b", body("/debug/pprof/heap", 200)[:2]) // gzip
	require.Equal(t, "\x1f\x8b", body("/debug/pprof/profile?seconds=0.01", 200)[:2])
	require.Contains(t, body("/debug/pprof/trace?seconds=0.01", 200), " trace\x00")
	for _, path := range []string{"profile?seconds=61", "profile?seconds=0", "profile?seconds=-1", "profile?seconds=NaN",
		"trace?seconds=6", "profile?seconds=x"} {
		require.Contains(t, body("/debug/pprof/"+path, 400), "want more than 0 and at most")
	}
	body("/debug/pprof/cmdline", 404)
	// Nothing was added to the program's other servers.
	_, pattern := http.DefaultServeMux.Handler(&http.Request{Method: "GET", Host: "localhost",
		URL: &url.URL{Path: "/debug/pprof/"}})
	require.Empty(t, pattern)
}
