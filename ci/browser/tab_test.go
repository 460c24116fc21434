package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// tab is a tab of a browser that notes what is written to its console, and what it asks for.
type tab struct {
	*testing.T
	ctx context.Context

	mu       sync.Mutex
	requests []string
	console  []string
}

// chromium gives the path of a Chromium. There is no test without one: ci/browser/run installs it.
func chromium(t *testing.T) string {
	for _, name := range []string{"chromium", "chromium-headless-shell", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no chromium: ci/browser/run installs one")
	return ""
}

func open(t *testing.T) *tab {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium has no sandbox for root
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &tab{T: t, ctx: ctx}
	b.check(chromedp.Listen(ctx, b.note))
	call(b, network.Enable, network.EnableParams{})
	call(b, log.Enable, cdp.Empty{})
	call(b, runtime.Enable, cdp.Empty{})
	return b
}

func (b *tab) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *runtime.EventExceptionThrown:
		b.console = append(b.console, fmt.Sprintf("exception: %s %+v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
	case *runtime.EventConsoleAPICalled:
		b.console = append(b.console, fmt.Sprintf("%s: %+v", e.Type, e.Args))
	case *log.EventEntryAdded:
		b.console = append(b.console, fmt.Sprintf("%s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL))
	}
}

func (b *tab) check(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// call sends a command of the browser's protocol.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) {
	b.Helper()
	_, err := chromedp.Call(b.ctx, command, params)
	b.check(err)
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	b.check(chromedp.Do(b.ctx, actions...))
}

// eval gives the value of a JavaScript expression.
func eval[T any](b *tab, expression string) T {
	b.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	b.check(err)
	return v
}

// expect fails the test if an expression, as text, is not what is wanted.
func (b *tab) expect(expression, want string) {
	b.Helper()
	if got := eval[string](b, "String("+expression+")"); got != want {
		b.Errorf("%s = %q, want %q", expression, got, want)
	}
}

// until waits for a JavaScript expression to be true.
func (b *tab) until(expression string) {
	b.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !eval[bool](b, "(() => { try { return Boolean("+expression+") } catch { return false } })()") {
		if time.Now().After(deadline) {
			b.picture("failed")
			text := eval[string](b, "document.body.innerText")
			b.mu.Lock()
			defer b.mu.Unlock()
			b.Fatalf("not after 10 s: %s\nconsole: %q\npage:\n%s", expression, b.console, text)
		}
		time.Sleep(30 * time.Millisecond)
	}
}

// size makes the tab so many CSS pixels wide, with the colours light or dark.
func (b *tab) size(width int64, scheme string) {
	b.Helper()
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900,
		DeviceScaleFactor: 1, Mobile: width < 600})
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

// picture writes what the tab shows to a file in $TUTTI_PICTURES, if that is set.
func (b *tab) picture(name string) {
	b.Helper()
	folder := os.Getenv("TUTTI_PICTURES")
	if folder == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	b.check(err)
	b.check(os.WriteFile(filepath.Join(folder, name+".png"), png, 0o666))
}

// quiet fails the test if the page asked anybody but its server, or if anything was written to the console.
func (b *tab) quiet(url string) {
	b.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	seen := map[string]bool{}
	for _, r := range b.requests {
		seen[r] = true
		if !strings.HasPrefix(r, url) && !strings.HasPrefix(r, "data:") && r != "about:blank" {
			b.Errorf("the page asked for %s", r)
		}
	}
	if !seen[url+"events"] {
		b.Errorf("requests seen: %q, want %sevents among them", b.requests, url)
	}
	for _, line := range b.console {
		b.Errorf("console: %s", line)
	}
}
