package web

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"time"
)

// serveProfile serves the runtime's profiles, as package net/http/pprof does, which would also add them to every other
// server of the program that uses http.DefaultServeMux. There is no cmdline, for a command line may hold secrets.
//
//	/debug/pprof/                     the names of the profiles
//	/debug/pprof/NAME?debug=1         heap, goroutine, …; debug=1 is for reading
//	/debug/pprof/profile?seconds=30   where processor time goes; up to 60 s
//	/debug/pprof/trace?seconds=1      an execution trace; up to 5 s
func (s *Server) serveProfile(w http.ResponseWriter, r *http.Request) {
	switch name := r.PathValue("name"); name {
	case "":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, "profile?seconds=30")
		fmt.Fprintln(w, "trace?seconds=1")
		for _, p := range pprof.Profiles() {
			fmt.Fprintf(w, "%s?debug=1\n", p.Name())
		}
	case "profile":
		s.record(w, r, 30*time.Second, s.limits.profile, pprof.StartCPUProfile, pprof.StopCPUProfile)
	case "trace":
		s.record(w, r, time.Second, s.limits.trace, trace.Start, trace.Stop)
	default:
		p := pprof.Lookup(name)
		if p == nil {
			http.Error(w, "no such profile", http.StatusNotFound)
			return
		}
		debug, _ := strconv.Atoi(r.URL.Query().Get("debug"))
		var out bytes.Buffer
		if err := p.WriteTo(&out, debug); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		if debug > 0 {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		}
		w.Write(out.Bytes())
	}
}

// record answers with what was recorded from start to stop, for d or as long as the request says.
func (s *Server) record(w http.ResponseWriter, r *http.Request, d, longest time.Duration,
	start func(io.Writer) error, stop func()) {
	if text := r.URL.Query().Get("seconds"); text != "" {
		seconds, err := strconv.ParseFloat(text, 64)
		if err != nil || !(seconds > 0 && seconds <= longest.Seconds()) {
			http.Error(w, fmt.Sprintf("seconds %q, want more than 0 and at most %v", text, longest.Seconds()),
				http.StatusBadRequest)
			return
		}
		d = time.Duration(seconds * float64(time.Second))
	}
	var out bytes.Buffer
	if err := start(&out); err != nil {
		http.Error(w, err.Error(), http.StatusConflict) // another one is running
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.closing:
	case <-r.Context().Done():
	}
	stop()
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.limits.write))
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Write(out.Bytes())
}
