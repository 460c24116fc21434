package browser

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/tutti-ml/tutti/train/summary"
	"github.com/tutti-ml/tutti/train/web"
)

func listen(t *testing.T, o web.Options) *web.Server {
	s, err := web.Listen(":0", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// inked gives, for each chart by its title, how many columns of its plot, the axes left out, have a pixel that is not
// the grid's grey.
const inked = `Object.fromEntries([...document.querySelectorAll(".chart")].map(c => {
	const canvas = c.querySelector("canvas"), over = c.querySelector(".u-over"), wrap = c.querySelector(".u-wrap");
	const o = over.getBoundingClientRect(), w = wrap.getBoundingClientRect();
	const {data, width, height} = canvas.getContext("2d").getImageData(o.left - w.left, o.top - w.top, o.width, o.height);
	let n = 0;
	for (let x = 0; x < width; x++) {
		for (let y = 0; y < height; y++) {
			const i = 4 * (y * width + x), r = data[i], g = data[i + 1], b = data[i + 2];
			if (data[i + 3] > 30 && Math.max(r, g, b) - Math.min(r, g, b) > 40) { n++; break; }
		}
	}
	return [c.querySelector("h2").textContent, n / width];
}))`

// legend gives the value that the chart of a title shows under a label.
func legend(title, label string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(".chart")].filter(c => c.querySelector("h2").textContent === %q)`+
		`.flatMap(c => [...c.querySelectorAll(".u-series")]).find(r => r.querySelector(".u-label").textContent === %q)`+
		`.querySelector(".u-value").textContent`, title, label)
}

const state = `document.querySelector("#state").textContent`

// TestPage opens the page of a run that is under way, and watches it to its end.
func TestPage(t *testing.T) {
	s := listen(t, web.Options{})
	j := newJob(s)
	j.play(2*steps + 150)
	b := open(t)
	b.size(1280, "light")
	b.do(chromedp.Navigate(s.URL()))
	b.until(`document.querySelectorAll(".chart canvas").length === 7`)
	b.expect(`[...document.querySelectorAll(".chart h2")].map(h => h.textContent)`,
		"Loss,accuracy,f1/macro,grad_norm,Samples a second,Learning rate,Time of a step in ms")
	for title, part := range eval[map[string]float64](b, inked) {
		want := 0.95
		if title == "accuracy" || title == "f1/macro" {
			want = 0.3 // from the first epoch's end to the second's: 400 of 950 steps
		}
		if part < want {
			t.Errorf("chart %q: a curve in %.2f of its width, want %v", title, part, want)
		}
	}
	// The test accuracy is 0.93 − 0.4·exp(−2) after the second epoch; the legend has four digits.
	b.expect(legend("accuracy", "test"), "0.8759")
	b.expect(legend("Loss", "step"), "950")
	b.expect(state, "running")
	b.expect(`document.querySelectorAll("#ranktable tbody tr").length`, "4")
	b.expect(`document.querySelectorAll("#epochtable tbody tr").length`, "2")
	// What the run says is text, whatever it looks like.
	b.expect(`document.querySelector("#settingtable").textContent.includes("<script>alert(1)</script>")`, "true")
	b.picture("page-1280")

	// An update comes by itself.
	j.play(3 * steps)
	b.until(`document.querySelectorAll("#epochtable tbody tr").length === 3`)
	b.until(legend("Loss", "step") + ` === "1200"`)
	s.Warn(summary.Warning{Text: "the gradient of step 1200 is not finite", Global: 1200})
	b.until(`!document.querySelector("#notes").hidden`)

	// The page can be used from a keyboard: the first chart, its first steps, and back.
	b.do(chromedp.Focus(`.chart`), chromedp.KeyEvent(kb.Home))
	b.until(legend("Loss", "step") + ` === "1"`)
	b.do(chromedp.KeyEvent(kb.ArrowRight))
	b.until(legend("Loss", "step") + ` === "3"`) // a point is two steps by now, 2 and 3
	b.do(chromedp.KeyEvent(kb.Escape))
	b.until(legend("Loss", "step") + ` === "1200"`)
	b.do(chromedp.Click(`.chart button`))
	b.until(`document.querySelector(".chart button").getAttribute("aria-pressed") === "true"`)
	b.picture("page-log")

	// A phone, in the dark: nothing is wider than the screen.
	b.size(390, "dark")
	b.until(`document.querySelector(".chart .uplot").offsetWidth < 390`)
	b.expect(`document.documentElement.scrollWidth`, "390")
	b.until(`getComputedStyle(document.body).backgroundColor === "rgb(14, 19, 25)"`)
	b.picture("page-390")
	b.size(1280, "dark")
	b.until(`document.querySelector(".chart .uplot").offsetWidth > 500`)
	b.expect(`document.documentElement.scrollWidth`, "1280")
	b.picture("page-dark")

	// The end is seen, and stays when the server is gone.
	j.play(epochs * steps)
	s.End(summary.End{Outcome: summary.Finished, Global: epochs * steps})
	b.until(state + ` === "finished"`)
	s.Close()
	b.until(`document.querySelector("#progress").getAttribute("aria-valuenow") === "100"`)
	time.Sleep(300 * time.Millisecond) // for a page that takes the end for a loss
	b.expect(state, "finished")
	b.picture("page-finished")
	b.quiet(s.URL())
}

// TestToken opens a page that needs the token: by its address, then by the cookie, and by neither.
func TestToken(t *testing.T) {
	s := listen(t, web.Options{Token: true})
	newJob(s).play(10)
	b := open(t)
	b.size(1280, "light")
	b.do(chromedp.Navigate(s.URL()))
	b.until(`document.querySelectorAll(".chart canvas").length > 0`)
	bare, _, _ := strings.Cut(s.URL(), "?")
	b.expect(`location.href`, bare) // without the token
	b.expect(`document.cookie`, "") // no script sees it
	b.do(chromedp.Reload())
	b.until(`document.querySelectorAll(".chart canvas").length > 0`)
	b.quiet(bare)
	call(b, network.ClearBrowserCookies, cdp.Empty{})
	b.do(chromedp.Navigate(bare))
	b.until(`document.body.innerText.includes("needs the token")`)
}

// TestLost cuts a page's connection, and lets it connect again: the page says so, and then has what it missed.
func TestLost(t *testing.T) {
	s := listen(t, web.Options{})
	j := newJob(s)
	j.play(10)
	p := &proxy{to: address(t, s.URL())}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go p.serve(l)
	b := open(t)
	b.size(390, "light")
	b.do(chromedp.Navigate("http://" + l.Addr().String()))
	b.until(legend("Loss", "step") + ` === "10"`)
	p.cut(true)
	b.until(state + ` === "connection lost"`)
	b.picture("page-lost")
	j.play(30)
	p.cut(false)
	b.until(state + ` === "running"`)
	b.until(legend("Loss", "step") + ` === "30"`)
	s.Close() // a run that nobody ended
	b.until(state + ` === "interrupted"`)
}

func address(t *testing.T, page string) string {
	u, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// proxy passes connections on, until it is told to cut them.
type proxy struct {
	to    string
	mu    sync.Mutex
	off   bool
	conns []net.Conn
}

func (p *proxy) serve(l net.Listener) {
	for {
		in, err := l.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.to)
		p.mu.Lock()
		if p.off || err != nil {
			in.Close()
		} else {
			p.conns = append(p.conns, in, out)
			go func() { io.Copy(out, in); out.Close() }()
			go func() { io.Copy(in, out); in.Close() }()
		}
		p.mu.Unlock()
	}
}

func (p *proxy) cut(off bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.off = off
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}
