package web

import (
	"encoding/json"
	"net/http"
	"time"
)

// handler is the server's: the endpoints behind the guard.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", servePage)
	mux.HandleFunc("/events", s.serveEvents)
	mux.HandleFunc("/api/history", func(w http.ResponseWriter, r *http.Request) { serveJSON(w, s.state.whole(false)) })
	mux.HandleFunc("/api/run", func(w http.ResponseWriter, r *http.Request) { serveJSON(w, s.state.whole(true)) })
	if s.options.Metrics != nil {
		mux.Handle("/metrics", s.options.Metrics)
	}
	if s.options.Pprof {
		mux.HandleFunc("/debug/pprof/{name...}", s.serveProfile)
	}
	guarded := s.access.guard(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.begin() {
			w.Header().Set("Connection", "close")
			http.Error(w, "the server is closing", http.StatusServiceUnavailable)
			return
		}
		defer s.answers.Done()
		guarded.ServeHTTP(w, r)
	})
}

func serveJSON(w http.ResponseWriter, m *message) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(m) // a client that has gone gets nothing
}

// serveEvents streams the state. Each stream reads the state at its own pace: a slow one gets fewer and larger events,
// and keeps nothing waiting. One that takes nothing for as long as an answer may take is cut off.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		w.Header().Set("Retry-After", "10")
		http.Error(w, "too many streams", http.StatusServiceUnavailable)
		return
	}
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(event string, data []byte) bool {
		control.SetWriteDeadline(time.Now().Add(s.limits.write))
		for _, part := range [][]byte{[]byte("event: " + event + "\ndata: "), data, []byte("\n\n")} {
			if _, err := w.Write(part); err != nil {
				return false
			}
		}
		return control.Flush() == nil
	}
	at := nothing()
	update := func() bool {
		m := s.state.since(&at)
		if m == nil {
			return true
		}
		data, err := json.Marshal(m)
		return err == nil && send("update", data)
	}
	tick := time.NewTicker(s.limits.tick)
	defer tick.Stop()
	ping := time.NewTicker(s.limits.ping)
	defer ping.Stop()
	for update() {
		select {
		case <-tick.C:
		case <-ping.C:
			if !send("ping", []byte("{}")) {
				return
			}
		case <-s.closing:
			if update() {
				send("close", []byte("{}"))
			}
			return
		case <-r.Context().Done():
			return
		}
	}
}
