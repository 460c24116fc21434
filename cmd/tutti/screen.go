package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/tutti-ml/tutti/train"
)

// screen shows rank 0's progress: a bar on standard error while an epoch runs, a line on out when it is done.
type screen struct {
	out   io.Writer
	bar   *progressbar.ProgressBar
	shown bool
	began time.Time // the epoch's bar
	seen  int       // samples since
}

func newScreen(out io.Writer, mode string, epochs int) *screen {
	return &screen{out: out, shown: mode == "always" || mode == "auto" && isTerminal(os.Stderr)}
}

func (s *screen) step(p train.Step) error {
	if !s.shown {
		return nil
	}
	if s.bar == nil {
		s.began, s.seen = time.Now(), 0
		s.bar = progressbar.NewOptions(p.Steps,
			progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetWidth(30), progressbar.OptionShowCount(),
			progressbar.OptionThrottle(100e6), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))
	}
	text := fmt.Sprintf("epoch %d/%d  loss %.4f", p.Epoch, p.Epochs, p.Loss)
	if elapsed := time.Since(s.began).Seconds(); s.seen > 0 && elapsed > 0 { // from the second step on
		text += fmt.Sprintf("  %.0f samples/s", float64(s.seen)/elapsed)
	}
	s.seen += p.Samples
	s.bar.Describe(text)
	// A bar that cannot be drawn, on a terminal that went away, must not end the training.
	_ = s.bar.Set(p.Step)
	return nil
}

func (s *screen) epoch(e train.Epoch) error {
	s.close()
	fmt.Fprintf(s.out, "epoch %2d/%d  %s", e.Epoch, e.Epochs, scores("", e.Train))
	if e.Test.Samples > 0 {
		fmt.Fprintf(s.out, "  %s", scores("test ", e.Test))
	}
	fmt.Fprintf(s.out, "  %.0f samples/s\n", float64(e.Train.Samples)/e.Elapsed.Seconds())
	return nil
}

func (s *screen) close() {
	if s.bar != nil {
		_ = s.bar.Finish()
		s.bar = nil
	}
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// scores writes a loss, and the accuracy where there is one.
func scores(of string, m train.Metrics) string {
	text := fmt.Sprintf("%sloss %.4f", of, m.Loss)
	if m.Correct >= 0 {
		text += fmt.Sprintf("  %saccuracy %6.2f %%", of, 100*m.Accuracy())
	}
	for _, v := range m.Values {
		if !strings.Contains(v.Name, "/") { // a part of it
			text += fmt.Sprintf("  %s%s %.4f", of, v.Name, v.Value)
		}
	}
	return text
}
