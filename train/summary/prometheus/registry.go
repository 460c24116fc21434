package prometheus

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Registry holds metrics, and serves them. Its methods may be called by many goroutines at the same time. The zero
// value is empty and ready.
type Registry struct {
	mu       sync.RWMutex
	families []*family // sorted by name
}

// family is all that has one name.
type family struct {
	name, help, kind string
	series           []series // sorted by labels
}

// series is one member of a family: its labels as text, and what it is.
type series struct {
	labels string // `phase="data"`, without braces
	metric metric
}

// metric appends its sample lines.
type metric interface {
	append(b []byte, name, labels string) []byte
}

var (
	metricName = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)
	labelName  = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
)

// register returns the metric of that name and those labels, made by create if it is not there. labels are names and
// values in turn.
func register[M metric](r *Registry, name, help, kind string, labels []string, create func() M) M {
	text := labelText(name, labels)
	if !metricName.MatchString(name) {
		panic(fmt.Sprintf("prometheus: the metric's name is %q, want one that matches %v", name, metricName))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	at, found := slices.BinarySearchFunc(r.families, name, func(f *family, name string) int {
		return strings.Compare(f.name, name)
	})
	if !found {
		r.families = slices.Insert(r.families, at, &family{name: name, help: help, kind: kind})
	}
	f := r.families[at]
	if f.kind != kind {
		panic(fmt.Sprintf("prometheus: %s is a %s, asked for is a %s", name, f.kind, kind))
	}
	at, found = slices.BinarySearchFunc(f.series, text, func(s series, text string) int {
		return strings.Compare(s.labels, text)
	})
	if !found {
		f.series = slices.Insert(f.series, at, series{text, create()})
	}
	return f.series[at].metric.(M)
}

// labelText gives labels in the text format, in the order of their names.
func labelText(name string, labels []string) string {
	if len(labels)%2 != 0 {
		panic(fmt.Sprintf("prometheus: %s has the labels %q, want names and values in turn", name, labels))
	}
	var parts []string
	for i := 0; i < len(labels); i += 2 {
		if !labelName.MatchString(labels[i]) || strings.HasPrefix(labels[i], "__") || labels[i] == "le" {
			panic(fmt.Sprintf("prometheus: %s has a label named %q, want one that matches %v, and neither le nor __…",
				name, labels[i], labelName))
		}
		parts = append(parts, labels[i]+`="`+escapeLabel(labels[i+1])+`"`)
	}
	slices.Sort(parts)
	for i := 1; i < len(parts); i++ {
		if a, b := parts[i-1], parts[i]; a[:strings.IndexByte(a, '=')] == b[:strings.IndexByte(b, '=')] {
			panic(fmt.Sprintf("prometheus: %s has one label twice: %q", name, labels))
		}
	}
	return strings.Join(parts, ",")
}

var (
	labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	helpEscapes  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
)

// escapeLabel gives v as it stands between quotes. What is not UTF-8 is replaced.
func escapeLabel(v string) string { return labelEscapes.Replace(strings.ToValidUTF8(v, "\uFFFD")) }

// drop removes a family.
func (r *Registry) drop(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.families = slices.DeleteFunc(r.families, func(f *family) bool { return f.name == name })
}

// ContentType is that of the text format.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// WriteTo writes all metrics in the text format, families and series in the order of their names.
func (r *Registry) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(r.append(nil))
	return int64(n), err
}

func (r *Registry) append(b []byte) []byte {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, f := range r.families {
		b = append(b, "# HELP "+f.name+" "+helpEscapes.Replace(strings.ToValidUTF8(f.help, "\uFFFD"))+"\n"...)
		b = append(b, "# TYPE "+f.name+" "+f.kind+"\n"...)
		for _, s := range f.series {
			b = s.metric.append(b, f.name, s.labels)
		}
	}
	return b
}

// ServeHTTP answers GET and HEAD with all metrics.
func (r *Registry) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.Method != http.MethodGet && q.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "GET is wanted", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", ContentType)
	if q.Method == http.MethodGet {
		_, _ = r.WriteTo(w) // who asked has gone away
	}
}
